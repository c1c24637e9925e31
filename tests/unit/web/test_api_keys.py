"""API keys: what each may do, and how an account manages them itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from shared.core.api_key import ApiKey, KeyScope, Resource, scope_for
from shared.core.errors import RetryLater
from shared.web.api import router
from shared.web.api.keys import KeyedRoute
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CUSTOMER, Site, fields_of

KEYS = "/api/v1/account/keys"
HOUR = timedelta(hours=1)


@asynccontextmanager
async def limited(site: Site, account_id: str, *scopes: KeyScope) -> AsyncIterator[httpx.AsyncClient]:
    """A program with a key of the account that may do this and nothing else."""
    _, text = await site.world.app.access.create_key(account_id, "limited", scopes)
    async with holder(site, text) as http:
        yield http


def holder(site: Site, text: str) -> httpx.AsyncClient:
    """A program with this key."""
    return site.browser(Authorization=f"Bearer {text}")


async def listed(caller: Caller) -> dict[str, dict[str, Any]]:
    """The account's keys by id."""
    return {key["id"]: key for key in (await caller.http.get(KEYS)).json()["data"]}


async def own(caller: Caller) -> str:
    """The id of the caller's own key."""
    (found,) = [key["id"] for key in (await listed(caller)).values() if key["current"]]
    return str(found)


def test_every_address_of_the_api_names_the_scope_it_needs() -> None:
    """Reading or writing of some part; none is left open by forgetting it."""
    found = list(_routes(router.routes))
    assert len(found) > 30
    lacking = [
        route.path
        for route in found
        if not isinstance(route, KeyedRoute)
        or route.scope is None
        or route.scope.endswith(":read") != ("GET" in (route.methods or ()))
    ]
    assert {path.removeprefix("/api/v1") for path in lacking} == {"/health", "/openapi.json", "/docs"}


def _routes(routes: Iterable[Any]) -> Iterator[APIRoute]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from _routes(inner.routes)


@pytest.mark.parametrize("scope", KeyScope)
def test_a_scope_is_a_part_of_the_api_and_a_verb(scope: KeyScope) -> None:
    """So that it can be guessed."""
    part, _, verb = scope.partition(":")
    assert scope_for(Resource(part), writes=verb == "write") is scope


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        (KeyScope.CUSTOMERS_READ, "PUT", CUSTOMER),
        (KeyScope.CUSTOMERS_WRITE, "GET", CUSTOMER),
        (KeyScope.CUSTOMERS_WRITE, "POST", f"{CUSTOMER}/portal-sessions"),
        (KeyScope.PORTAL_READ, "POST", f"{CUSTOMER}/setup-links"),
        (KeyScope.ACCOUNT_WRITE, "POST", "/api/v1/account/portal-sessions"),
        (KeyScope.ACCOUNT_READ, "GET", KEYS),
        (KeyScope.RUNS_READ, "POST", f"{CUSTOMER}/runs"),
        (KeyScope.CONNECTIONS_READ, "GET", f"{CUSTOMER}/report"),
    ],
)
async def test_a_key_may_do_what_its_scopes_say_and_nothing_else(
    site: Site, caller: Caller, scope: KeyScope, method: str, path: str
) -> None:
    """The refusal names what is missing, before anything else is told."""
    async with limited(site, caller.account_id, scope) as http:
        answer = await http.request(method, path, content="{", headers={"Content-Type": "text/plain"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "insufficient_scope")
    needed = answer.headers["www-authenticate"].rpartition('scope="')[2].removesuffix('"')
    assert needed in KeyScope
    assert needed != scope
    assert f"lacks the scope {needed}." in problem["title"]
    async with limited(site, caller.account_id, KeyScope(needed)) as http:
        assert (await http.request(method, path)).json().get("code") != "insufficient_scope"


async def test_a_key_without_scopes_may_do_everything(caller: Caller) -> None:
    """As those do that were made before there were any."""
    assert (await listed(caller))[await own(caller)]["scopes"] is None
    assert (await caller.http.get("/api/v1/account")).status_code == 200


async def test_a_key_is_shown_once_and_works(site: Site, caller: Caller) -> None:
    """With its name and its scopes; the list never has its text."""
    made = await caller.http.post(KEYS, json={"name": "Front end", "scopes": ["customers:read"]})
    assert made.status_code == 201
    key = made.json()
    text = key.pop("key")
    assert (await listed(caller))[key["id"]] == key
    assert text.rpartition("_")[2] not in (await caller.http.get(KEYS)).text
    async with holder(site, text) as http:
        assert (await http.get("/api/v1/customers")).status_code == 200
        assert (await http.get(KEYS)).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["everything"]}, "scopes.0"),
        ({"name": " "}, "name"),
        ({}, "name"),
    ],
)
async def test_a_key_needs_a_name_and_scopes_that_there_are(
    caller: Caller, body: dict[str, Any], field: str
) -> None:
    """No scopes at all is a mistake, for such a key could do nothing."""
    assert fields_of(await caller.http.post(KEYS, json=body)) == [field]


async def test_no_key_makes_one_that_may_do_more(site: Site, caller: Caller) -> None:
    """Neither by asking, nor by leaving the scopes out, nor by rotating another's key."""
    everything = await own(caller)
    scopes = (KeyScope.KEYS_READ, KeyScope.KEYS_WRITE, KeyScope.RUNS_READ)
    async with limited(site, caller.account_id, *scopes) as http:
        refused = [
            await http.post(KEYS, json={"name": "x", "scopes": ["runs:read", "runs:write"]}),
            await http.post(f"{KEYS}/{everything}/rotate"),
        ]
        for answer in refused:
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_not_own")
        for body in ({"name": "x"}, {"name": "x", "scopes": ["runs:read"]}):
            made = (await http.post(KEYS, json=body)).json()
            assert set(made["scopes"]) <= set(scopes)
    assert len(await listed(caller)) == 4


async def test_a_rotated_key_counts_beside_the_new_one_and_then_ends(site: Site, caller: Caller) -> None:
    """A day unless told otherwise; the new one has the name and the scopes of the old one."""
    old = (await caller.http.post(KEYS, json={"name": "Front end", "scopes": ["customers:read"]})).json()
    new = (await caller.http.post(f"{KEYS}/{old['id']}/rotate")).json()
    assert (new["name"], new["scopes"], new["expires_at"]) == (old["name"], old["scopes"], None)
    async with holder(site, old["key"]) as before, holder(site, new["key"]) as after:
        for http in (before, after):
            assert (await http.get("/api/v1/customers")).status_code == 200
        site.world.clock.advance(24 * HOUR - timedelta(seconds=1))
        assert (await before.get("/api/v1/customers")).status_code == 200
        site.world.clock.advance(timedelta(seconds=1))
        assert (await before.get("/api/v1/customers")).status_code == 401
        assert (await after.get("/api/v1/customers")).status_code == 200
    assert old["id"] not in await listed(caller)
    assert (await caller.http.post(f"{KEYS}/{old['id']}/rotate")).status_code == 404
    again = await caller.http.post(f"{KEYS}/{new['id']}/rotate", json={"keep_old_for_hours": 0})
    assert again.status_code == 201
    assert new["id"] not in await listed(caller)


async def test_at_most_two_keys_of_one_lineage_count(site: Site, caller: Caller) -> None:
    """A third one is refused, whichever of the two is rotated, until one has ended."""
    old = (await caller.http.post(KEYS, json={"name": "x"})).json()
    new = (await caller.http.post(f"{KEYS}/{old['id']}/rotate", json={"keep_old_for_hours": 168})).json()
    for key in (old, new):
        refused = await caller.http.post(f"{KEYS}/{key['id']}/rotate")
        assert (refused.status_code, refused.json()["code"]) == (409, "key_rotated_already")
    assert (await caller.http.delete(f"{KEYS}/{old['id']}")).status_code == 204
    assert (await caller.http.post(f"{KEYS}/{new['id']}/rotate")).status_code == 201
    for hours in (-1, 169, True):
        wrong = await caller.http.post(f"{KEYS}/{new['id']}/rotate", json={"keep_old_for_hours": hours})
        assert fields_of(wrong) == ["keep_old_for_hours"]


async def test_of_two_who_rotate_at_once_one_gets_a_key(
    site: Site, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other's is revoked again before anybody has it."""
    old = (await caller.http.post(KEYS, json={"name": "x"})).json()
    both_there, keys = asyncio.Barrier(2), site.world.accounts.keys

    async def met(account_id: str) -> list[ApiKey]:
        found = await keys(account_id)
        await both_there.wait()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(site.world.accounts, "keys", met)
        answers = await asyncio.gather(*(caller.http.post(f"{KEYS}/{old['id']}/rotate") for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(await listed(caller)) == 3


async def test_a_deleted_key_stops_working_at_once(site: Site, caller: Caller) -> None:
    """Deleting it again, like deleting what never was, finds nothing."""
    key = (await caller.http.post(KEYS, json={"name": "x"})).json()
    assert (await caller.http.delete(f"{KEYS}/{key['id']}")).status_code == 204
    async with holder(site, key["key"]) as http:
        assert (await http.get(KEYS)).status_code == 401
    for gone in (key["id"], "00000000", "x%2F"):
        assert (await caller.http.delete(f"{KEYS}/{gone}")).status_code == 404


async def test_the_last_lasting_key_that_manages_keys_stays(site: Site, caller: Caller) -> None:
    """One that cannot make keys, or ends by itself, does not count as another."""
    mine = await own(caller)
    await caller.http.post(KEYS, json={"name": "x", "scopes": ["runs:read"]})
    refused = await caller.http.delete(f"{KEYS}/{mine}")
    assert (refused.status_code, refused.json()["code"]) == (409, "last_key")
    follower = (await caller.http.post(f"{KEYS}/{mine}/rotate")).json()
    assert (await caller.http.delete(f"{KEYS}/{follower['id']}")).json()["code"] == "last_key"
    async with holder(site, follower["key"]) as http:
        assert (await http.delete(f"{KEYS}/{mine}")).status_code == 204
        assert (await http.get(KEYS)).status_code == 200


async def test_keys_of_another_account_do_not_exist(site: Site, caller: Caller) -> None:
    """They are neither listed nor rotated nor deleted."""
    mine = await own(caller)
    _, other = await site.caller("Other")
    async with other:
        assert mine not in (await other.get(KEYS)).text
        assert (await other.post(f"{KEYS}/{mine}/rotate")).status_code == 404
        assert (await other.delete(f"{KEYS}/{mine}")).status_code == 404
    assert (await caller.http.get(KEYS)).status_code == 200


async def test_the_last_use_is_noted_once_an_hour(
    site: Site, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most requests write nothing."""
    notes, swap = [], site.world.accounts.swap_key

    async def counted(*keys: Any) -> bool:
        notes.append(site.world.clock.now())
        return await swap(*keys)

    monkeypatch.setattr(site.world.accounts, "swap_key", counted)
    for _ in range(3):
        await caller.http.get("/api/v1/account")
    first = site.world.clock.now()
    assert notes == [first]
    site.world.clock.advance(HOUR)
    key = (await listed(caller))[await own(caller)]
    assert notes == [first, first + HOUR]
    assert key["last_used_at"].startswith((first + HOUR).isoformat()[:19])


async def _down(*_: Any) -> bool:
    raise RetryLater.soon("storage_down", "Table Storage is down.")


async def _stuck(*_: Any) -> bool:
    await asyncio.Event().wait()
    return True


@pytest.mark.parametrize("swap", [_down, _stuck])
async def test_no_request_fails_because_its_use_cannot_be_noted(
    site: Site, caller: Caller, monkeypatch: pytest.MonkeyPatch, swap: Callable[..., Awaitable[bool]]
) -> None:
    """Storage may refuse the note or not answer at all."""
    monkeypatch.setattr("shared.services.access._NOTING", 0.01)
    monkeypatch.setattr(site.world.accounts, "swap_key", swap)
    assert (await caller.http.get("/api/v1/account")).status_code == 200
