"""Whatever belongs to one account is for every other one as if it did not exist.

The operations come from the description, so that none can be forgotten: a new one is asked too, and a
new kind of thing that `furnish` does not know makes this fail.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from shared.services.access import PortalSession
from shared.web.api import router
from shared.web.api.description.document import document
from shared.web.portal import router as portal
from tests.unit.web.furnished import NO_IDS, PARAMETER, Furnished, furnish
from tests.unit.web.site import URL, Site, hidden

DOCUMENT = document(router.routes, URL)
FIXED = {"X-Request-Id": "the-same-id"}
PAGE_OF = "/portal/customers/{}"
# An id of the right kind that is nobody's.
MISSING = "00000000-0000-4000-8000-000000000000"


def asked_by_id() -> Iterator[Any]:
    """Method, path and body of every operation that takes an id, but for the one that makes customers."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if set(PARAMETER.findall(path)) - NO_IDS.keys() and operation["operationId"] != "putCustomer":
                content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
                headers = {
                    it["name"]: it["example"]
                    for it in operation.get("parameters", [])
                    if it["in"] == "header" and it["required"]
                }
                yield pytest.param(
                    method.upper(), path, content.get("example"), headers, id=operation["operationId"]
                )


BY_ID = list(asked_by_id())
PAGES = [
    (method, route.path_format)
    for route in iter_route_contexts(portal.routes)
    for method in sorted((route.methods or set()) - {"HEAD"})
    if route.path_format and "{customer}" in route.path_format
]


@pytest.fixture
async def two(site: Site) -> tuple[Furnished, Furnished]:
    """Two accounts with the same things in them."""
    return await furnish(site, 1), await furnish(site, 2)


@pytest.mark.parametrize(("method", "path", "body", "headers"), BY_ID)
async def test_ids_of_another_account_are_ids_of_nothing(
    two: tuple[Furnished, Furnished], method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    """The answer is the very one that a made-up id gives, and the owner finds everything as it was."""
    ours, theirs = two
    foreign_ids = theirs.ids_of(path)
    before = await _everything(theirs)
    own = ours.ids_of(path)
    attempts = [foreign_ids]  # all of theirs; and their thing in what is ours
    if len(own) > 1:
        first = next(iter(own))
        attempts.append({**foreign_ids, first: own[first]})
    for ids in attempts:
        nothing = {name: own[name] if value == own[name] else MISSING for name, value in ids.items()}
        foreign = await _ask(ours, method, path, ids, body, headers)
        missing = await _ask(ours, method, path, nothing, body, headers)
        assert (foreign.status_code, missing.status_code) == (404, 404), foreign.text
        assert foreign.content == missing.content
        assert dict(foreign.headers) == dict(missing.headers)
    assert await _everything(theirs) == before


@pytest.mark.parametrize(("method", "path", "body", "headers"), BY_ID)
async def test_the_owner_of_the_same_ids_gets_an_answer(
    two: tuple[Furnished, Furnished], method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    """Or else the rule above would say nothing."""
    _, theirs = two
    answer = await _ask(theirs, method, path, theirs.ids_of(path), body, headers)
    assert answer.status_code != 404


@pytest.mark.parametrize("kind", ["account", "customer", "setup"])
async def test_a_portal_session_opens_nothing_of_anybody_else(
    site: Site, two: tuple[Furnished, Furnished], kind: str
) -> None:
    """Pages and forms of another account, another customer, or another customer's runs are no pages."""
    ours, theirs = two
    fresh = ours.others["link"]["customer"]
    session, home, other = {
        "account": (PortalSession(ours.account_id, None), "/portal/account", None),
        "customer": (
            PortalSession(ours.account_id, ours.customer.id),
            PAGE_OF.format(ours.customer.id),
            fresh,
        ),
        "setup": (
            PortalSession(ours.account_id, fresh, setup=True, link=ours.others["link"]["link"]),
            f"{PAGE_OF.format(fresh)}/setup",
            ours.customer.id,
        ),
    }[kind]
    assert len(PAGES) > 20
    own = session.customer_id or ours.customer.id
    async with site.session(session) as browser:
        token = hidden(await browser.get(home), "form_token")
        for method, path in PAGES:
            others = [theirs.ids_of(path)]
            if "run" in PARAMETER.findall(path):
                others.append({"customer": own, "run": theirs.ids["run"]})
                others.append({"customer": fresh, "run": ours.ids["run"]})
            if other is not None:
                others.append({**ours.ids_of(path), "customer": other})
            for ids in others:
                seen = session.opens_setup(ids["customer"]) and ids["customer"] in {own, fresh}
                nothing = dict.fromkeys(ids, MISSING) | ({"customer": ids["customer"]} if seen else {})
                foreign = await _visit(browser, method, path.format(**NO_IDS, **ids), token)
                missing = await _visit(browser, method, path.format(**NO_IDS, **nothing), token)
                assert (foreign.status_code, missing.status_code) == (404, 404), f"{method} {path} {ids}"
                assert foreign.content == missing.content, f"{method} {path} {ids}"


async def _visit(browser: httpx.AsyncClient, method: str, address: str, token: str) -> httpx.Response:
    headers = FIXED | {"Sec-Fetch-Site": "same-origin"}
    form = {"form_token": token, "digest": "0" * 64} if method == "POST" else None
    return await browser.request(method, address, headers=headers, data=form)


async def _ask(
    caller: Furnished, method: str, path: str, ids: dict[str, str], body: Any, headers: dict[str, str]
) -> httpx.Response:
    address = path.format(**NO_IDS, **ids)
    return await caller.http.request(method, address, json=body, headers=FIXED | headers)


async def _everything(account: Furnished) -> dict[str, Any]:
    """All that the account's own key can read by id or list."""
    found = {}
    for path, item in DOCUMENT["paths"].items():
        if "get" in item and path not in {"/api/v1/openapi.json", "/api/v1/health"}:
            address = path.format(**NO_IDS, **account.ids_of(path))
            found[path] = (await account.http.get(address, headers=FIXED)).json()
    return found
