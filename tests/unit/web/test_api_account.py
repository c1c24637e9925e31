"""The account and its destination through the API."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from shared.core.account_destination import DestinationKind
from shared.services.account_setup import LONGEST_KEY
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.psas import ACCOUNT, DESTINATION, IMPORT, PSAS, Psas, name_of
from tests.unit.web.site import ACCOUNT_PAGE, Site, fields_of

NOW = "2026-03-02T00:00:00.000Z"
BUILTIN = {
    "kind": "builtin",
    "subdomain": None,
    "name": None,
    "set_at": None,
    "tested_at": None,
    "problem": None,
    "imported_at": None,
    "customers": 0,
    "importing": False,
}
ADDRESSES = [
    ("GET", ACCOUNT),
    ("PUT", DESTINATION),
    ("POST", f"{DESTINATION}/test"),
    ("POST", IMPORT),
    ("POST", f"{ACCOUNT}/portal-sessions"),
]


async def shown(caller: Caller) -> dict[str, Any]:
    """The destination as the account shows it."""
    destination: dict[str, Any] = (await caller.http.get(ACCOUNT)).json()["destination"]
    return destination


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
async def test_nothing_is_told_without_a_key_of_ours(site: Site, method: str, path: str) -> None:
    """Every address of the account asks for an API key before it looks at anything."""
    async with site.browser() as nobody:
        answer = await nobody.request(method, path, content="{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_the_account_is_that_of_the_key(caller: Caller) -> None:
    """A key shows its own account, whose contacts live in this service until somebody chooses."""
    account = (await caller.http.get(ACCOUNT)).json()
    assert account == {
        "id": caller.account_id,
        "name": "Fabrikam",
        "created_at": NOW,
        "destination": BUILTIN,
        "return_origins": [],
    }


async def test_a_good_key_is_kept_and_the_customers_are_imported(
    psas: Psas, owner: Caller, kind: DestinationKind
) -> None:
    """The answer is the new destination; when the import is done the account says so."""
    answer = await owner.http.put(DESTINATION, json=psas.sent(kind, psas.key(kind)))
    assert answer.status_code == 200
    chosen = BUILTIN | {
        "kind": kind.value,
        "subdomain": "acme" if kind is DestinationKind.SYNCRO else None,
        "name": name_of(kind),
        "set_at": NOW,
        "tested_at": NOW,
        "importing": True,
    }
    assert answer.json() == await shown(owner) == chosen
    await psas.site.world.drain()
    assert await shown(owner) == chosen | {"importing": False, "imported_at": NOW, "customers": 2}
    customers = (await owner.http.get("/api/v1/customers")).json()["data"]
    assert [customer["name"] for customer in customers] == ["Contoso", "Fabrikam"]
    assert customers[0]["domains"] == ["contoso.example"]
    assert customers[0]["proposed_tenant"] == {"id": TENANT, "domain": "contoso.example"}
    assert customers[1]["domains"] == []
    assert customers[1]["proposed_tenant"] is None
    one = await owner.http.get(f"/api/v1/customers/{quote(customers[0]['id'])}")
    assert one.json() == customers[0]


async def test_what_a_key_pasted_has_around_it_is_no_part_of_it(psas: Psas, owner: Caller) -> None:
    """White space goes, and a subdomain is one in any case of its letters."""
    sent = {"kind": "syncro", "api_key": f" {psas.syncro.add_token()}\n", "subdomain": " ACME "}
    answer = await owner.http.put(DESTINATION, json=sent)
    assert (answer.status_code, answer.json()["subdomain"]) == (200, "acme")


async def test_a_bad_key_changes_nothing(psas: Psas, owner: Caller, kind: DestinationKind) -> None:
    """The problem says what the PSA has against it; neither the account nor the vault remembers the try."""
    answer = await owner.http.put(DESTINATION, json=psas.sent(kind, "not-a-key"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "destination_key_refused"
    assert answer.json()["actor"] == "technician"
    assert await shown(owner) == BUILTIN
    assert psas.site.world.secrets.values == {}
    assert not psas.site.world.queue.waiting


async def test_a_bad_key_leaves_the_good_one_in_force(
    psas: Psas, owner: Caller, kind: DestinationKind
) -> None:
    """Also where there was a PSA before."""
    await psas.choose(owner.account_id, kind)
    before, secrets = await shown(owner), dict(psas.site.world.secrets.values)
    for other in PSAS:
        answer = await owner.http.put(DESTINATION, json=psas.sent(other, "not-a-key"))
        assert answer.status_code == 422
    assert await shown(owner) == before
    assert psas.site.world.secrets.values == secrets


async def test_a_key_that_may_too_little_is_refused(psas: Psas, owner: Caller, kind: DestinationKind) -> None:
    """The problem names the permission; nothing is changed."""
    answer = await owner.http.put(DESTINATION, json=psas.sent(kind, psas.weak_key(kind)))
    assert (answer.status_code, answer.json()["code"]) == (422, "destination_permission_missing")
    assert await shown(owner) == BUILTIN


async def test_a_subdomain_that_is_nobodys_is_refused(psas: Psas, owner: Caller) -> None:
    """Whether it could be one or not."""
    for subdomain in ("nobody", "a/b", "acme.example", "-", "x" * 64):
        sent = {"kind": "syncro", "api_key": psas.syncro.add_token(), "subdomain": subdomain}
        answer = await owner.http.put(DESTINATION, json=sent)
        assert (answer.status_code, answer.json()["code"]) == (422, "destination_account_unknown")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["kind"]),
        ({"kind": None}, ["kind"]),
        ({"kind": "hudu", "api_key": "k"}, ["kind"]),
        ({"kind": "atera"}, ["api_key"]),
        ({"kind": "atera", "api_key": None}, ["api_key"]),
        ({"kind": "atera", "api_key": " \n"}, ["api_key"]),
        ({"kind": "atera", "api_key": 7}, ["api_key"]),
        ({"kind": "atera", "api_key": "k", "subdomain": "acme"}, ["subdomain"]),
        ({"kind": "syncro", "api_key": "k"}, ["subdomain"]),
        ({"kind": "syncro", "subdomain": "acme"}, ["api_key"]),
        ({"kind": "syncro"}, ["api_key", "subdomain"]),
        ({"kind": "syncro", "api_key": "k", "subdomain": "x" * 300}, ["subdomain"]),
        ({"kind": "builtin", "api_key": "k"}, ["api_key"]),
        ({"kind": "builtin", "subdomain": "acme"}, ["subdomain"]),
        ({"kind": "builtin", "key": "k"}, ["key"]),
    ],
)
async def test_what_is_missing_or_out_of_place_is_named(
    caller: Caller, body: dict[str, Any], fields: list[str]
) -> None:
    """A key and a subdomain are needed where the kind has them, and refused where it does not."""
    answer = await caller.http.put(DESTINATION, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert fields_of(answer) == fields
    assert await shown(caller) == BUILTIN


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines", "x" * (LONGEST_KEY + 1), "nul\x00"])
async def test_what_can_be_no_key_is_not_sent_to_anybody(psas: Psas, owner: Caller, key: str) -> None:
    """It could break out of the header that carries it."""
    answer = await owner.http.put(DESTINATION, json={"kind": "atera", "api_key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "destination_key_needed")


async def test_the_key_is_never_shown_or_logged(
    psas: Psas, owner: Caller, kind: DestinationKind, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is done with it, and however wrongly it is sent, no answer and no log line has it."""
    caplog.set_level("DEBUG")
    key, bad = psas.key(kind), "5ecret-that-opens-nothing"
    good, wrong = psas.sent(kind, key), psas.sent(kind, bad)
    answers = [
        await owner.http.put(DESTINATION, json=sent)
        for sent in (
            good,
            wrong,
            good | {"api_key": [key]},
            good | {"api_key": {key: key}},
            good | {"kind": key},
            good | {"subdomain": 7},
            good | {key: key},
            good | {"kind": "builtin"},
            good | {"api_key": f"{key}\u00fc"},
            good | {"api_key": f"{key}\n{key}"},
        )
    ]
    answers.append(
        await owner.http.put(
            DESTINATION, content=f'{{"api_key": "{key}"', headers={"Content-Type": "application/json"}
        )
    )
    answers += [await owner.http.request(method, path) for method, path in ADDRESSES if path != DESTINATION]
    await psas.site.world.drain()
    psas.revoke(kind, key)
    answers.append(await owner.http.post(f"{DESTINATION}/test"))
    answers.append(await owner.http.get(ACCOUNT))
    assert {answer.status_code for answer in answers} == {200, 201, 202, 400, 422}
    for answer in answers:
        for secret in (key, bad, "psa-key"):
            assert secret not in answer.text
            assert secret not in str(answer.headers)
    assert "destination.chosen" in caplog.text
    for secret in (key, bad):
        assert secret not in caplog.text


async def test_testing_says_whether_the_key_is_still_good(
    psas: Psas, owner: Caller, kind: DestinationKind
) -> None:
    """A refusal is the answer and stays in the account, until a key is good again."""
    key = await psas.choose(owner.account_id, kind)
    psas.site.world.clock.advance(timedelta(hours=1))
    good = await owner.http.post(f"{DESTINATION}/test")
    assert good.status_code == 200
    assert (good.json()["tested_at"], good.json()["problem"]) == ("2026-03-02T01:00:00.000Z", None)
    psas.revoke(kind, key)
    psas.site.world.clock.advance(timedelta(hours=1))
    refused = await owner.http.post(f"{DESTINATION}/test")
    assert (refused.status_code, refused.json()["code"]) == (422, "destination_key_refused")
    problem = (await shown(owner))["problem"]
    assert problem.keys() == {"code", "title", "detail", "actor", "since"}
    assert problem["since"] == (await shown(owner))["tested_at"] == "2026-03-02T02:00:00.000Z"
    assert {name: problem[name] for name in ("code", "title", "detail", "actor")} == {
        name: refused.json()[name] for name in ("code", "title", "detail", "actor")
    }
    again = await owner.http.put(DESTINATION, json=psas.sent(kind, psas.key(kind)))
    assert again.json()["problem"] is None


async def test_importing_again_is_asked_for_and_followed(
    psas: Psas, owner: Caller, kind: DestinationKind
) -> None:
    """202, and where to look; a customer that is new in the PSA is there afterwards."""
    await psas.choose(owner.account_id, kind)
    customer = psas.add_customer(kind, "Woodgrove")
    assert (await owner.http.get(f"/api/v1/customers/{customer}")).status_code == 404
    asked = await owner.http.post(IMPORT)
    assert (asked.status_code, asked.json()["importing"]) == (202, True)
    assert (asked.headers["location"], asked.headers["retry-after"]) == (ACCOUNT, "2")
    await psas.site.world.drain()
    assert (await shown(owner))["customers"] == 3
    assert (await owner.http.get(f"/api/v1/customers/{customer}")).json()["name"] == "Woodgrove"


async def test_an_import_that_the_psa_refuses_is_in_the_account(
    psas: Psas, owner: Caller, kind: DestinationKind
) -> None:
    """The key may go bad between asking and reading."""
    key = await psas.choose(owner.account_id, kind)
    await owner.http.post(IMPORT)
    psas.revoke(kind, key)
    await psas.site.world.drain()
    destination = await shown(owner)
    assert destination["problem"]["code"] == "destination_key_refused"
    assert (destination["importing"], destination["imported_at"]) == (False, NOW)


@pytest.mark.parametrize("path", [f"{DESTINATION}/test", IMPORT])
async def test_without_a_psa_there_is_nothing_to_test_or_import(caller: Caller, path: str) -> None:
    """The problem says what to do first."""
    answer = await caller.http.post(path)
    assert (answer.status_code, answer.json()["code"]) == (409, "destination_is_builtin")


async def test_the_contacts_may_come_back_to_this_service(
    psas: Psas, owner: Caller, kind: DestinationKind
) -> None:
    """The key is forgotten, the customers stay."""
    await psas.choose(owner.account_id, kind)
    answer = await owner.http.put(DESTINATION, json={"kind": "builtin"})
    assert answer.json() == BUILTIN | {"set_at": NOW}
    assert psas.site.world.secrets.values == {}
    assert len((await owner.http.get("/api/v1/customers")).json()["data"]) == 2


async def test_a_psa_that_is_down_is_no_bad_key(caller: Caller) -> None:
    """The answer says when to try again, and nothing is changed."""
    answer = await caller.http.put(DESTINATION, json={"kind": "atera", "api_key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (503, "destination_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert await shown(caller) == BUILTIN


async def test_accounts_do_not_see_each_other(psas: Psas, owner: Caller, kind: DestinationKind) -> None:
    """Neither the destination nor the imported customers, though both have keys of the same PSA account."""
    await psas.choose(owner.account_id, kind)
    account_id, http = await psas.site.caller("Other")
    async with http:
        stranger = Caller(account_id, http)
        assert await shown(stranger) == BUILTIN
        (customer, _) = (await owner.http.get("/api/v1/customers")).json()["data"]
        foreign = await http.get(
            f"/api/v1/customers/{customer['id']}", headers={"X-Request-Id": "same-request"}
        )
        missing = await http.get("/api/v1/customers/none", headers={"X-Request-Id": "same-request"})
        assert foreign.status_code == 404
        assert foreign.content == missing.content
        await psas.choose(account_id, kind)
        await http.put(DESTINATION, json={"kind": "builtin"})
    assert (await shown(owner))["kind"] == kind.value
    (kept,) = psas.site.world.secrets.values
    assert kept.startswith(f"psa-key-{owner.account_id}-")


async def test_a_portal_link_opens_the_accounts_page_once(site: Site, caller: Caller) -> None:
    """The address lets one browser in and nobody after it."""
    answer = await caller.http.post(f"{ACCOUNT}/portal-sessions")
    assert answer.status_code == 201
    assert answer.json()["expires_at"] == "2026-03-02T00:05:00.000Z"
    url = answer.json()["url"]
    assert url.startswith("https://tenantry.example/portal/open?token=")
    async with site.browser() as first, site.browser() as second:
        assert (await first.get(url)).headers["location"] == ACCOUNT_PAGE
        assert (await first.get(ACCOUNT_PAGE)).status_code == 200
        again: httpx.Response = await second.get(url)
        assert again.status_code == 410
