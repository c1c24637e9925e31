"""A POST that is sent again is carried out once."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.core.customer import Customer
from shared.core.errors import RetryLater
from shared.services.idempotency import CLAIMED_FOR, KEPT_FOR
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CUSTOMER, Site, fields_of

RUNS = f"{CUSTOMER}/runs"
KEYS = "/api/v1/account/keys"
SECOND = timedelta(seconds=1)


async def post(caller: Caller, address: str, key: str | None, body: Any = None) -> httpx.Response:
    """A POST with this Idempotency-Key."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return await caller.http.post(address, json=body, headers=headers)


async def test_the_first_answer_is_given_again(site: Site, caller: Caller, customer: Customer) -> None:
    """Status, headers and body, for a day; what it says was done is done once."""
    first = await post(caller, RUNS, "one", {"kind": "preview"})
    site.world.clock.advance(KEPT_FOR - SECOND)
    again = await post(caller, RUNS, '"one"', {"kind": "preview"})
    assert (again.status_code, again.content) == (first.status_code, first.content) == (202, first.content)
    for name in ("location", "retry-after", "content-type", "content-length"):
        assert again.headers[name] == first.headers[name]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(site.world.runs.all()) == 1
    site.world.clock.advance(SECOND)
    assert (await post(caller, RUNS, "one", {"kind": "preview"})).headers["location"] != first.headers[
        "location"
    ]


async def test_without_a_key_and_with_another_it_is_another_request(caller: Caller) -> None:
    """Each is carried out."""
    keys = (None, None, "one", "two")
    made = [(await post(caller, KEYS, key, {"name": "x"})).json()["id"] for key in keys]
    assert len(set(made)) == 4


async def test_a_key_is_shown_again_to_whoever_did_not_get_it(site: Site, caller: Caller) -> None:
    """The only way to see it twice; another key of the account does not get at it."""
    first = await post(caller, KEYS, "one", {"name": "x"})
    assert (await post(caller, KEYS, "one", {"name": "x"})).json() == first.json()
    async with site.browser(Authorization=f"Bearer {first.json()['key']}") as http:
        other = await post(Caller(caller.account_id, http), KEYS, "one", {"name": "x"})
    assert other.json()["id"] != first.json()["id"]


@pytest.mark.parametrize(("address", "body"), [(KEYS, {"name": "y"}), (f"{KEYS}?x=1", {"name": "x"})])
async def test_a_key_goes_with_one_request(caller: Caller, address: str, body: dict[str, str]) -> None:
    """Another body or address is refused; the first answer stays."""
    first = await post(caller, KEYS, "one", {"name": "x"})
    refused = await post(caller, address, "one", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_mismatch")
    assert (await post(caller, KEYS, "one", {"name": "x"})).json() == first.json()


async def test_a_refusal_is_an_answer_too(site: Site, caller: Caller) -> None:
    """What was wrong with the request is said again, also once it would no longer be."""
    first = await post(caller, RUNS, "one")
    await caller.http.put(CUSTOMER, json={"name": "Contoso"})
    again = await post(caller, RUNS, "one")
    assert first.status_code == again.status_code == 404
    assert again.json() == first.json()
    assert again.headers["content-type"] == "application/problem+json"
    assert again.headers["x-request-id"] != first.headers["x-request-id"]


async def test_while_the_first_is_under_way_the_second_waits(
    site: Site, caller: Caller, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told when to come back, and gets the answer then; another request is told of its mistake."""
    begun, go_on, add = asyncio.Event(), asyncio.Event(), site.world.runs.add

    async def slow(run: Any) -> bool:
        begun.set()
        await go_on.wait()
        return await add(run)

    monkeypatch.setattr(site.world.runs, "add", slow)
    first = asyncio.create_task(post(caller, RUNS, "one"))
    await begun.wait()
    early = await post(caller, RUNS, "one")
    assert (early.status_code, early.json()["code"]) == (409, "idempotency_in_progress")
    assert early.headers["retry-after"] == "2"
    assert (await post(caller, KEYS, "one", {"name": "x"})).status_code == 422
    go_on.set()
    answer = await first
    assert answer.status_code == 202
    assert (await post(caller, RUNS, "one")).content == answer.content


@pytest.mark.parametrize("error", [RetryLater.soon("storage_busy", "Storage is busy."), ValueError("x")])
async def test_what_fails_on_our_side_may_be_sent_again(
    site: Site, caller: Caller, customer: Customer, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """At once; nothing of it is kept."""

    async def failing(*_: Any) -> bool:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(site.world.runs, "add", failing)
        assert (await post(caller, RUNS, "one")).status_code >= 500
    assert (await post(caller, RUNS, "one")).status_code == 202


async def test_whoever_was_cut_off_is_not_locked_out(
    site: Site, caller: Caller, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that ends in between leaves a claim of two minutes."""

    async def killed(*_: Any) -> bool:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(site.world.runs, "add", killed)
        with pytest.raises(asyncio.CancelledError):
            await post(caller, RUNS, "one")
    site.world.clock.advance(CLAIMED_FOR - SECOND)
    assert (await post(caller, RUNS, "one")).status_code == 409
    site.world.clock.advance(SECOND)
    assert (await post(caller, RUNS, "one")).status_code in {200, 202}


async def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    site: Site, caller: Caller, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done is done."""

    async def down(*_: Any) -> None:
        raise RetryLater.soon("storage_busy", "Storage is busy.")

    monkeypatch.setattr(site.world.one_time, "put", down)
    claimed: list[str] = []

    async def claim(kind: str, *_: Any) -> bool:
        claimed.append(kind)
        return True

    monkeypatch.setattr(site.world.one_time, "claim", claim)
    assert (await post(caller, RUNS, "one")).status_code == 202
    assert claimed == ["idempotency"]


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, 'a"b', '"', '""'])
async def test_a_key_is_one_word(site: Site, caller: Caller, customer: Customer, key: str) -> None:
    """Anything else is refused before anything happens."""
    assert fields_of(await post(caller, RUNS, key)) == ["Idempotency-Key"]
    assert not site.world.runs.all()


async def test_who_may_not_do_it_gets_no_answer_of_before(site: Site, caller: Caller) -> None:
    """A revoked key finds nothing, and only POST looks at the header."""
    made = (await post(caller, KEYS, None, {"name": "x"})).json()
    async with site.browser(Authorization=f"Bearer {made['key']}") as http:
        program = Caller(caller.account_id, http)
        assert (await post(program, KEYS, "one", {"name": "y"})).status_code == 201
        await caller.http.delete(f"{KEYS}/{made['id']}")
        assert (await post(program, KEYS, "one", {"name": "y"})).status_code == 401
    for name in ("A", "B"):
        sent = await caller.http.put(CUSTOMER, json={"name": name}, headers={"Idempotency-Key": "one"})
        assert sent.json()["name"] == name
