"""Looks at a PSA's contacts that several runs share, or that one goes on with."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import pytest

from shared.adapters.psa.listing import Listing, Listings
from shared.adapters.psa.problems import NotSent, Unanswered
from shared.core.errors import RetryLater
from shared.core.links import RemoteContact
from tests.fakes import FakeClock
from tests.fakes.psa import FakeListingStore
from tests.unit.adapters.psa.scripted import ScriptedContacts, contact, seconds

BUSY = NotSent("destination_busy", "Busy.", seconds(9))
LEASE = timedelta(seconds=60)


class Scene:
    """A PSA with twenty contacts, two on a page, and workers who look at it."""

    def __init__(self, count: int = 20, page_size: int = 2) -> None:
        self.clock, self.store = FakeClock(), FakeListingStore()
        self.api = ScriptedContacts(self.clock, [contact(n) for n in range(count)], page_size=page_size)
        self.began = self.clock.now()

    async def read(self, since: datetime | None = None) -> Listing:
        """What one worker, who has nothing in common with another, comes to."""
        return await Listings(self.store, self.clock).read(self.api, self.began if since is None else since)

    async def refused(self, since: datetime | None = None) -> RetryLater:
        with pytest.raises(RetryLater) as failed:
            await self.read(since)
        return failed.value

    @property
    def everybody(self) -> list[RemoteContact]:
        return list(self.api.everybody)

    def fail(self, error: Exception, *, first: int) -> None:
        """From now on every page from `first` on fails."""

        def fail(number: int) -> None:
            if number >= first:
                raise error

        self.api.before_page = fail

    def go_on(self) -> None:
        self.api.before_page = lambda _number: None

    def once_at(self, page: int, happens: object) -> None:
        """Let something happen before a page is told for the first time."""
        left = [happens]

        def look(number: int) -> None:
            if number == page and left:
                left.pop()()  # type: ignore[operator]

        self.api.before_page = look


@pytest.fixture
def scene() -> Scene:
    return Scene()


# Sharing.


async def test_a_look_sees_everybody(scene: Scene) -> None:
    """Every page once, in order, and says when it was begun."""
    listing = await scene.read()
    assert listing == Listing(scene.began, scene.everybody)
    assert scene.api.asked == list(range(1, 11))


async def test_a_look_is_shared(scene: Scene) -> None:
    """Whoever is content with its age asks the PSA for nothing."""
    first = await scene.read()
    scene.clock.advance(timedelta(hours=3))
    scene.api.everybody.append(contact(99))
    assert await scene.read() == first
    assert len(scene.api.asked) == 10


async def test_whoever_wants_a_newer_look_looks_again(scene: Scene) -> None:
    """And from then on that one is shared."""
    await scene.read()
    scene.clock.advance(seconds(1))
    scene.api.everybody.append(contact(99))
    now = scene.clock.now()
    again = await scene.read(now)
    assert again == Listing(now, scene.everybody)
    assert await scene.read(scene.began) == again
    assert len(scene.api.asked) == 21


async def test_parts_of_an_older_look_are_pruned(scene: Scene) -> None:
    """Only those of the last one are kept."""
    for _ in range(3):
        await scene.read(scene.clock.now())
        scene.clock.advance(seconds(1))
        head = await scene.store.head(scene.api.listing)
        assert head is not None
        assert scene.store.versions(scene.api.listing) == {head.value.version}


async def test_nobody_is_a_look_too(scene: Scene) -> None:
    """Of an account without contacts, which is shared like any other."""
    scene.api.everybody.clear()
    assert (await scene.read()).contacts == []
    assert (await scene.read()).contacts == []
    assert scene.api.asked == [1]


async def test_looks_at_different_things_are_apart(scene: Scene) -> None:
    """What goes by another name is looked at."""
    await scene.read()
    scene.api.listing = "another"
    await scene.read()
    assert len(scene.api.asked) == 20


async def test_a_large_account_is_kept_in_parts() -> None:
    """3,000 contacts, twenty pages at a time; whoever shares the look gets each of them once."""
    scene = Scene(3_000, page_size=50)
    assert (await scene.read()).contacts == scene.everybody
    head = await scene.store.head(scene.api.listing)
    assert head is not None
    assert (head.value.parts, head.value.total, head.value.complete) == (3, 3_000, True)
    assert (await scene.read()).contacts == scene.everybody
    assert scene.api.asked == list(range(1, 61))


async def test_where_a_part_was_lost_it_is_looked_again(scene: Scene) -> None:
    """Nobody takes the rest for everybody."""
    await scene.read()
    await scene.store.prune(scene.api.listing, "none")
    assert (await scene.read()).contacts == scene.everybody
    assert len(scene.api.asked) == 20


# One at a time.


async def test_while_one_looks_the_others_are_told_to_wait(scene: Scene) -> None:
    """They ask for no page, and have the look once it is there."""
    gate = asyncio.Event()
    scene.api.before_page = lambda _number: gate.wait()
    looking = asyncio.create_task(scene.read())
    await asyncio.sleep(0)
    for _ in range(2):
        told = await scene.refused()
        assert (told.code, told.after) == ("destination_read_under_way", seconds(5))
    gate.set()
    listing = await looking
    assert await scene.read() == listing
    assert len(scene.api.asked) == 10


async def test_of_two_who_begin_at_once_one_looks(scene: Scene) -> None:
    """The other one is told to wait."""
    results = await asyncio.gather(scene.read(), scene.read(), return_exceptions=True)
    assert [type(result) for result in results] == [Listing, RetryLater]
    assert len(scene.api.asked) == 10


async def stalled(scene: Scene, page: int) -> tuple[asyncio.Task[Listing], asyncio.Event]:
    """Somebody who got as far as a page, and has stalled there for longer than anybody waits."""
    gate = asyncio.Event()
    scene.api.before_page = lambda number: gate.wait() if number >= page else None
    task = asyncio.create_task(scene.read())
    for _ in range(20):
        await asyncio.sleep(0)
    scene.clock.advance(LEASE)
    scene.go_on()
    return task, gate


async def test_somebody_who_stalls_is_taken_over_from(scene: Scene) -> None:
    """After a minute; and finds out when it goes on."""
    task, gate = await stalled(scene, page=1)
    listing = await scene.read()
    assert listing.contacts == scene.everybody
    gate.set()
    with pytest.raises(NotSent) as failed:
        await task
    assert failed.value.code == "destination_read_under_way"
    assert await scene.read() == listing


async def test_what_somebody_who_was_taken_over_from_leaves_behind_is_never_taken_for_everybody(
    scene: Scene,
) -> None:
    """Though it is written over a part of the look that was completed meanwhile."""
    task, gate = await stalled(scene, page=6)
    assert (await scene.read()).contacts == scene.everybody
    scene.fail(BUSY, first=7)
    gate.set()
    with pytest.raises(RetryLater):
        await task
    scene.go_on()
    assert (await scene.read()).contacts == scene.everybody


# Interruptions.


@pytest.mark.parametrize("error", [BUSY, Unanswered("destination_unavailable", "Gone.", seconds(60))])
@pytest.mark.parametrize("first", [2, 5, 6, 7, 10])
async def test_a_look_that_was_interrupted_is_gone_on_with(
    scene: Scene, error: RetryLater, first: int
) -> None:
    """By whoever comes next, at once, and no page that was told is asked for again."""
    scene.fail(error, first=first)
    assert await scene.refused() is error
    scene.go_on()
    scene.clock.advance(seconds(9))
    listing = await scene.read()
    assert listing == Listing(scene.began, scene.everybody)
    assert set(Counter(scene.api.told).values()) == {1}
    assert await scene.read() == listing


async def test_a_look_may_be_interrupted_again_and_again(scene: Scene) -> None:
    """Page by page it comes to an end."""
    for page in range(1, 11):
        scene.fail(BUSY, first=page)
        assert await scene.refused() is BUSY
    scene.go_on()
    assert (await scene.read()).contacts == scene.everybody
    assert scene.api.told == list(range(1, 11))


async def test_a_page_that_fails_beside_others_does_not_leave_a_hole(scene: Scene) -> None:
    """What was told after it is asked for again."""

    def fail(number: int) -> None:
        if number == 7:
            raise BUSY

    scene.api.before_page = fail
    assert await scene.refused() is BUSY
    scene.go_on()
    assert (await scene.read()).contacts == scene.everybody


async def test_an_error_that_nobody_expects_leaves_the_look_to_others(scene: Scene) -> None:
    """They need not wait for a lease to end."""
    scene.fail(ValueError("unexpected"), first=5)
    with pytest.raises(ValueError, match="unexpected"):
        await scene.read()
    scene.go_on()
    assert (await scene.read()).contacts == scene.everybody
    assert scene.api.told == list(range(1, 11))


@pytest.mark.parametrize(("pause", "again"), [(timedelta(minutes=10), False), (timedelta(minutes=11), True)])
async def test_a_look_that_was_left_alone_for_long_is_begun_anew(
    scene: Scene, pause: timedelta, again: bool
) -> None:
    """After ten minutes it would be of two times."""
    scene.fail(BUSY, first=6)
    await scene.refused()
    scene.go_on()
    scene.clock.advance(pause)
    listing = await scene.read()
    assert listing.began_at == (scene.clock.now() if again else scene.began)
    assert scene.api.told.count(1) == (2 if again else 1)


async def test_an_interrupted_look_that_is_too_old_for_somebody_is_begun_anew(scene: Scene) -> None:
    """However little time has passed."""
    scene.fail(BUSY, first=6)
    await scene.refused()
    scene.go_on()
    scene.clock.advance(seconds(1))
    now = scene.clock.now()
    assert (await scene.read(now)).began_at == now
    assert scene.api.told.count(1) == 2


async def test_an_interrupted_look_whose_parts_were_lost_is_begun_anew(scene: Scene) -> None:
    """Nobody is missing in the end."""
    scene.fail(BUSY, first=6)
    await scene.refused()
    await scene.store.prune(scene.api.listing, "none")
    scene.go_on()
    assert (await scene.read()).contacts == scene.everybody


# Contacts that move while they are looked at.


@pytest.mark.parametrize("page", [2, 5, 6, 10])
async def test_where_somebody_is_deleted_meanwhile_the_look_begins_again(scene: Scene, page: int) -> None:
    """Whoever was behind them moved up, past the look."""
    scene.once_at(page, lambda: scene.api.everybody.pop(0))
    listing = await scene.read()
    assert listing.contacts == scene.everybody
    assert await scene.read() == listing


async def test_where_somebody_is_deleted_between_two_visits_the_look_begins_again(scene: Scene) -> None:
    """What was kept of it is forgotten."""
    scene.fail(BUSY, first=6)
    await scene.refused()
    del scene.api.everybody[:4]
    scene.go_on()
    scene.clock.advance(seconds(9))
    listing = await scene.read()
    assert listing == Listing(scene.clock.now(), scene.everybody)
    head = await scene.store.head(scene.api.listing)
    assert head is not None
    assert scene.store.versions(scene.api.listing) == {head.value.version}


@pytest.mark.parametrize("page", [2, 5, 6, 10])
async def test_where_somebody_is_added_meanwhile_everybody_is_there_once(scene: Scene, page: int) -> None:
    """Those whom it moved onto the next page are seen twice, and count as they were seen last."""
    before = {each.id for each in scene.everybody}
    scene.once_at(page, lambda: scene.api.everybody.insert(0, contact(99)))
    scene.api.total = 20
    found = [each.id for each in (await scene.read()).contacts]
    assert len(found) == len(set(found))
    assert set(found) >= before


async def test_whoever_is_seen_twice_counts_as_seen_last(scene: Scene) -> None:
    """The later page tells what somebody changed meanwhile."""
    scene.api.everybody[:] = [contact(1), contact(2), contact(2, name="Renamed"), contact(3)]
    scene.api.total = 3
    assert {each.fields.name for each in (await scene.read()).contacts} == {"Person 1", "Renamed", "Person 3"}


# A PSA that counts otherwise.


async def test_fewer_contacts_than_the_psa_says_are_believed_the_second_time(scene: Scene) -> None:
    """Contacts that moved may be missing the first time; then it is the PSA's way of counting."""
    scene.api.total = 22
    told = await scene.refused()
    assert (told.code, told.after) == ("destination_read_incomplete", seconds(5))
    scene.clock.advance(told.after)
    listing = await scene.read()
    assert listing == Listing(scene.began, scene.everybody)
    assert await scene.read() == listing
    assert len(scene.api.asked) == 20


async def test_how_a_psa_counts_is_remembered(scene: Scene) -> None:
    """Later looks are believed at once, as long as no more are missing than before."""
    scene.api.total = 22
    await scene.refused()
    for missing in (2, 1, 0, 2):
        scene.clock.advance(seconds(60))
        scene.api.total = 20 + missing
        assert (await scene.read(scene.clock.now())).contacts == scene.everybody
    scene.clock.advance(seconds(60))
    scene.api.total = 23
    assert (await scene.refused(scene.clock.now())).code == "destination_read_incomplete"
    assert (await scene.read(scene.clock.now())).contacts == scene.everybody


async def test_contacts_beyond_what_the_psa_says_are_there_too(scene: Scene) -> None:
    """It is not the number that makes them."""
    scene.api.total = 3
    assert (await scene.read()).contacts == scene.everybody
