"""The person with a browser that the demo and the tests use."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from aiohttp import web

from sandbox.person import LostPerson
from sandbox.simulators.serving import serve
from tests.sandbox.conftest import Identity


async def test_a_person_keeps_cookies_between_application_and_simulator(identity: Identity) -> None:
    """The application's cookie, set before the sign-in at another origin, is there at the callback."""
    start = f"{identity.app_url}/connect/start?to={quote(identity.authorize_url(), safe='')}"
    async with identity.person() as person:
        visit = await person.connect(start, account="admin@contoso.example")
    assert visit.response.json()["cookie"] == "this one"
    assert [hop.page for hop in visit.hops] == [None, "sign_in", "consent", None, None]
    assert visit.hops[0].url == start
    assert visit.hops[-1].url == visit.callback(identity.callback)


async def test_a_callback_can_be_replayed(identity: Identity) -> None:
    """The address of the callback, opened again, calls the application with the same fields."""
    async with identity.person() as person:
        visit = await person.connect(identity.authorize_url(), account="admin@contoso.example")
        await person.replay(visit, identity.callback)
    assert identity.calls[0] == identity.calls[1]


async def test_two_people_share_nothing(identity: Identity) -> None:
    """Somebody else's browser does not bring the cookie, as when a callback URL is stolen."""
    start = f"{identity.app_url}/connect/start?to={quote(identity.authorize_url(), safe='')}"
    async with identity.person() as victim, identity.person() as attacker:
        visit = await victim.connect(start, account="admin@contoso.example")
        stolen = await attacker.open(visit.callback(identity.callback))
    assert stolen.response.json()["cookie"] is None


async def test_a_visit_that_never_reached_the_application_has_no_callback(identity: Identity) -> None:
    """Asking for the callback of a visit that ended early is an error."""
    async with identity.person() as person:
        visit = await person.connect(identity.authorize_url(), account="nobody@contoso.example")
        with pytest.raises(LostPerson, match="never called"):
            visit.callback(identity.callback)


async def test_a_person_does_not_run_in_circles(identity: Identity) -> None:
    """Redirects without end are given up."""

    async def around(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": str(request.url)})

    application = web.Application()
    application.router.add_get("/", around)
    async with serve(lambda _url: application) as url, identity.person() as person:
        with pytest.raises(LostPerson, match="no end"):
            await person.open(url)
