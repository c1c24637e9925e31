"""API keys, one-use portal links, sessions, and what is tidied up."""

from datetime import timedelta

import pytest

from shared.core.errors import Gone, NotFound
from shared.services.access import LINK_LIFETIME, SESSION_LIFETIME, PortalSession
from tests.contract.contracts.values import HOSTILE
from tests.fakes import World

SESSION = PortalSession("account", "c/ü?#")
SECOND = timedelta(seconds=1)


@pytest.fixture
def world() -> World:
    return World()


async def test_a_key_opens_its_account(world: World) -> None:
    """Until it is revoked; a second key works beside it."""
    access = world.app.access
    account = await access.create_account("MSP")
    (first, text), (_, other) = [await access.create_key(account.id, label) for label in ("a", "b")]
    found = await access.key_of(text)
    assert found is not None
    assert found.account_id == account.id
    await access.revoke_key(account.id, first.id)
    assert await access.key_of(text) is None
    assert await access.key_of(other) is not None
    assert [key.revoked_at is None for key in await access.keys(account.id)].count(True) == 1


async def test_a_key_with_somebody_elses_account_in_it_opens_nothing(world: World) -> None:
    """Account, key and secret must belong together."""
    access = world.app.access
    mine, other = [await access.create_account(name) for name in ("Mine", "Other")]
    _, text = await access.create_key(mine.id, "label")
    assert await access.key_of(text.replace(mine.id, other.id)) is None
    assert await access.key_of(text[:-1] + ("0" if text[-1] != "0" else "1")) is None


@pytest.mark.parametrize("text", ["", "tnt_", "Bearer x", *HOSTILE])
async def test_anything_else_opens_nothing(world: World, text: str) -> None:
    """And nothing is looked up for it."""
    assert await world.app.access.key_of(text) is None


async def test_keys_need_an_account(world: World) -> None:
    """Making, listing and revoking where there is none."""
    access = world.app.access
    account = await access.create_account("MSP")
    for attempt in (
        access.create_key("missing", "label"),
        access.keys("missing"),
        access.revoke_key("missing", "00000000"),
        access.revoke_key(account.id, "00000000"),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_a_portal_link_opens_once(world: World) -> None:
    """In the browser that was first; there it gives a session for that customer."""
    link = await world.app.access.portal_link(SESSION)
    token, session = await world.app.access.open_portal(link)
    assert session == SESSION
    assert token != link
    assert await world.app.access.portal_session(token) == SESSION
    for used in (link, token, "", "nonsense"):
        with pytest.raises(Gone):
            await world.app.access.open_portal(used)


async def test_a_link_is_no_session(world: World) -> None:
    """What may be seen in a mail or a log opens nothing by itself."""
    link = await world.app.access.portal_link(SESSION)
    assert await world.app.access.portal_session(link) is None


@pytest.mark.parametrize("late", [-SECOND, timedelta(0)])
async def test_links_and_sessions_end_at_their_time(world: World, late: timedelta) -> None:
    """A second before they work, at the moment they do not."""
    link = await world.app.access.portal_link(SESSION)
    other = await world.app.access.portal_link(SESSION)
    token, _ = await world.app.access.open_portal(other)
    world.clock.advance(LINK_LIFETIME + late)
    if late:
        await world.app.access.open_portal(link)
    else:
        with pytest.raises(Gone):
            await world.app.access.open_portal(link)
    world.clock.advance(SESSION_LIFETIME - LINK_LIFETIME)
    assert (await world.app.access.portal_session(token) is not None) == bool(late)


async def test_a_closed_portal_stays_closed(world: World) -> None:
    """Signing out twice is fine; other sessions stay."""
    access = world.app.access
    tokens = [(await access.open_portal(await access.portal_link(SESSION)))[0] for _ in range(2)]
    await access.close_portal(tokens[0])
    await access.close_portal(tokens[0])
    assert await access.portal_session(tokens[0]) is None
    assert await access.portal_session(tokens[1]) == SESSION


async def test_housekeeping_deletes_what_has_expired(world: World) -> None:
    """And leaves what still counts; doing it again does no harm."""
    await world.app.access.portal_link(SESSION)
    world.clock.advance(LINK_LIFETIME - SECOND)
    fresh = await world.app.access.portal_link(SESSION)
    world.clock.advance(SECOND)
    assert len(world.one_time) == 2
    for _ in range(2):
        await world.app.housekeeping.tidy()
        assert len(world.one_time) == 1
    assert (await world.app.access.open_portal(fresh))[1] == SESSION
