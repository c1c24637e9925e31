"""What every ConnectionStore and SlotStore must do."""

import asyncio
import dataclasses
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.configuration import Configuration, Preset, Schedule, ScheduleKind
from shared.core.connection import Connection, ConnectionState, Grant
from shared.core.errors import ConcurrentUpdate
from shared.core.presets import PRESETS
from shared.core.setup import Setup
from shared.core.standing import glance
from shared.core.trouble import Trouble
from shared.ports import ConnectionStore, OpenSlot, ScheduledConnection, SlotStore
from tests.contract.contracts.values import HOSTILE, LATER, NOW, active, connection, unique

LEASE = timedelta(minutes=2)


class ConnectionStoreContract:
    """Connections; every write is conditional."""

    @pytest.fixture
    def connections(self) -> ConnectionStore:
        raise NotImplementedError("the store under test")

    async def test_a_connection_is_found_as_it_was_added(self, connections: ConnectionStore) -> None:
        """Every field comes back as it was, a delta link of 20,000 characters too."""
        full = connection(
            unique(),
            state=ConnectionState.ACTION_REQUIRED,
            reason="consent_withdrawn",
            state_since=NOW,
            grant=Grant.DELEGATED,
            tenant_id=unique(),
            tenant_name="Zoë's / 名前 😀",
            delta_link="https://graph.invalid/?$deltatoken=" + "x" * 20_000,
            lease_owner="run",
            lease_until=LATER,
            fence=7,
            configuration=PRESETS[Preset.SYNCRO],
            in_scope=12_345,
            held_run="run_held",
            confirm_absence=True,
            reviews=17,
        )
        added = await connections.add(full)
        found = await connections.get(full.account_id, full.id)
        assert added.value == full
        assert found is not None
        assert found.value == full
        assert found.etag == added.etag

    async def test_an_unknown_connection_is_none(self, connections: ConnectionStore) -> None:
        """Also one that belongs to another account."""
        mine = connection(unique())
        await connections.add(mine)
        assert await connections.get(unique(), mine.id) is None
        assert await connections.get(mine.account_id, unique()) is None

    async def test_adding_twice_is_refused(self, connections: ConnectionStore) -> None:
        """The second one to add finds out, and changes nothing."""
        first = connection(unique())
        await connections.add(first)
        with pytest.raises(ConcurrentUpdate):
            await connections.add(msgspec.structs.replace(first, customer_id="other"))
        found = await connections.get(first.account_id, first.id)
        assert found is not None
        assert found.value == first

    async def test_a_write_over_what_was_read_succeeds_once(self, connections: ConnectionStore) -> None:
        """Each write needs the ETag of the one before."""
        first = await connections.add(connection(unique()))
        second = await connections.replace(first, msgspec.structs.replace(first.value, fence=1))
        with pytest.raises(ConcurrentUpdate):
            await connections.replace(first, msgspec.structs.replace(first.value, fence=2))
        third = await connections.replace(second, msgspec.structs.replace(second.value, fence=3))
        found = await connections.get(first.value.account_id, first.value.id)
        assert found is not None
        assert (found.value.fence, found.etag) == (3, third.etag)

    async def test_a_value_that_became_shorter_leaves_no_rest(self, connections: ConnectionStore) -> None:
        """Fields that are None again are None again, whatever was there before."""
        long = connection(unique(), delta_link="x" * 50_000, tenant_name="name", lease_until=LATER)
        stored = await connections.add(long)
        short = connection(long.account_id, long.id)
        await connections.replace(stored, short)
        found = await connections.get(long.account_id, long.id)
        assert found is not None
        assert found.value == short

    async def test_of_many_writers_one_wins(self, connections: ConnectionStore) -> None:
        """Fifty writers that read the same value: one succeeds, and its value is there."""
        stored = await connections.add(connection(unique()))

        async def write(number: int) -> int | None:
            try:
                await connections.replace(stored, msgspec.structs.replace(stored.value, fence=number))
            except ConcurrentUpdate:
                return None
            return number

        winners = [n for n in await asyncio.gather(*map(write, range(1, 51))) if n is not None]
        found = await connections.get(stored.value.account_id, stored.value.id)
        assert found is not None
        assert [found.value.fence] == winners

    async def test_hostile_account_ids_are_kept_apart(self, connections: ConnectionStore) -> None:
        """An id with any character in it names one connection."""
        mark = unique()
        for number, text in enumerate(HOSTILE):
            await connections.add(connection(f"{mark}{text}", "connection", fence=number))
        for number, text in enumerate(HOSTILE):
            found = await connections.get(f"{mark}{text}", "connection")
            assert found is not None
            assert found.value.fence == number

    async def test_every_connection_of_an_account_is_streamed(self, connections: ConnectionStore) -> None:
        """In any state, ordered by id, and no other account's."""
        account_id = unique()
        mine = [connection(account_id, state=state) for state in ConnectionState]
        for each in (*mine, connection(unique())):
            await connections.add(each)
        found = [each async for each in connections.of_account(account_id)]
        assert found == sorted(mine, key=lambda each: each.id)
        assert [each async for each in connections.of_account(unique())] == []

    async def test_every_active_connection_is_streamed_once(self, connections: ConnectionStore) -> None:
        """Connections in other states are not, and those that leave `active` are no longer."""
        account_id = unique()
        wanted = {(await connections.add(active(account_id))).value.id for _ in range(30)}
        for state in ConnectionState:
            if state is not ConnectionState.ACTIVE:
                await connections.add(connection(account_id, state=state))
        left = await connections.add(active(account_id))
        await connections.replace(
            left, msgspec.structs.replace(left.value, state=ConnectionState.DISCONNECTED)
        )
        streamed = _ids_of(account_id, [page.items async for page in connections.active()])
        assert len(streamed) == len(wanted)
        assert set(streamed) == wanted

    async def test_the_stream_goes_on_after_any_page(self, connections: ConnectionStore) -> None:
        """A reader that stops after a page and goes on from its `after` misses nobody and repeats nobody."""
        account_id = unique()
        wanted = {(await connections.add(active(account_id))).value.id for _ in range(25)}
        pages = [page async for page in connections.active()]
        assert all(page.after is not None for page in pages[:-1])
        assert pages[-1].after is None
        for cut, page in enumerate(pages[:-1]):
            head = [before.items for before in pages[: cut + 1]]
            tail = [rest.items async for rest in connections.active(page.after)]
            found = _ids_of(account_id, head + tail)
            assert len(found) == len(wanted)
            assert set(found) == wanted

    async def test_an_active_connection_comes_with_its_schedule(self, connections: ConnectionStore) -> None:
        """The one it is told to keep, and after a change the new one."""
        account_id = unique()
        daily = Schedule(kind=ScheduleKind.DAILY, at="01:00", time_zone="America/Los_Angeles")
        plain = await connections.add(active(account_id))
        stored = await connections.add(_scheduled(active(account_id), Schedule(hours=6)))
        await connections.replace(stored, _scheduled(stored.value, daily))
        streamed = {one.id: one async for page in connections.active() for one in page.items}
        assert streamed[plain.value.id] == ScheduledConnection(account_id, plain.value.id, Schedule())
        assert streamed[stored.value.id] == ScheduledConnection(account_id, stored.value.id, daily)

    async def test_what_is_being_set_up_is_not_streamed(self, connections: ConnectionStore) -> None:
        """It is as soon as its first setup is over; later ones change nothing."""
        account_id = unique()
        stored = await connections.add(active(account_id))
        first = Setup(Configuration(), NOW)
        for setup, streams in ((first, False), (msgspec.structs.replace(first, first=False), True)):
            stored = await connections.replace(stored, msgspec.structs.replace(stored.value, setup=setup))
            pages = [page.items async for page in connections.active()]
            assert bool(_ids_of(account_id, pages)) is streams
            assert await connections.get(account_id, stored.value.id) == stored

    async def test_every_connection_is_seen_at_a_glance(self, connections: ConnectionStore) -> None:
        """In any state, once, with whatever tells how fresh its contacts are, as it was written last."""
        account_id = unique()
        wanted = [connection(account_id, state=state, connected_at=NOW) for state in ConnectionState]
        wanted += [active(account_id) for _ in range(20)]
        for each in wanted:
            await connections.add(each)
        configured = Configuration(schedule=Schedule(hours=6))
        changed = msgspec.structs.replace(
            wanted[0],
            state=ConnectionState.ACTIVE,
            configuration=configured,
            configuration_version=3,
            applied_version=2,
            held_run="run_held",
            trouble=Trouble("scope_object_missing", "Gone.", "Take it out.", "technician", NOW, "run"),
            synced_at=LATER,
            setup=Setup(Configuration(), NOW),
        )
        stored = await connections.get(account_id, wanted[0].id)
        assert stored is not None
        stored = await connections.replace(stored, changed)
        wanted[0] = changed
        seen = {
            one.id: one
            async for page in connections.glances()
            for one in page
            if one.account_id == account_id
        }
        assert seen == {each.id: glance(each) for each in wanted}
        told = seen[changed.id]
        assert (told.held, told.blocked, told.being_set_up, told.settled) == (True, True, True, False)
        plain = msgspec.structs.replace(changed, held_run=None, trouble=None, synced_at=None, setup=None)
        await connections.replace(stored, plain)
        seen = {one.id: one async for page in connections.glances() for one in page}
        assert seen[plain.id] == glance(plain)


def _scheduled(one: Connection, schedule: Schedule) -> Connection:
    configuration = dataclasses.replace(one.configuration, schedule=schedule)
    return msgspec.structs.replace(one, configuration=configuration)


def _ids_of(account_id: str, pages: Iterable[Iterable[ScheduledConnection]]) -> list[str]:
    return [one.id for page in pages for one in page if one.account_id == account_id]


class SlotStoreContract:
    """Which slots of the schedule were fanned out, and how far."""

    @pytest.fixture
    def slots(self) -> SlotStore:
        raise NotImplementedError("the store under test")

    @pytest.fixture
    def slot(self) -> datetime:
        """A slot no other test has."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=int(unique(), 16) % 10**9)

    async def test_a_slot_is_claimed_once(self, slots: SlotStore, slot: datetime) -> None:
        """While somebody is at it, nobody else gets it."""
        claimed = await slots.open(slot, NOW, LEASE)
        assert claimed is not None
        assert (claimed.slot, claimed.after, claimed.sent, claimed.done) == (slot, None, 0, False)
        assert await slots.open(slot, NOW, LEASE) is None
        assert await slots.open(slot, NOW + LEASE - timedelta(seconds=1), LEASE) is None

    async def test_of_many_claims_one_wins(self, slots: SlotStore, slot: datetime) -> None:
        """Fifty timers at once: one fans out."""
        claims = await asyncio.gather(*(slots.open(slot, NOW, LEASE) for _ in range(50)))
        assert sum(claim is not None for claim in claims) == 1

    async def test_a_slot_left_alone_is_taken_up_where_it_was(self, slots: SlotStore, slot: datetime) -> None:
        """After its lease a slot is unfinished, and whoever opens it goes on from its progress."""
        claimed = await slots.open(slot, NOW, LEASE)
        assert claimed is not None
        moved = msgspec.structs.replace(claimed, after='{"key":"ä/#?"}', sent=1000)
        await slots.advance(moved, NOW, LEASE)
        assert slot not in await slots.unfinished(NOW)
        late = NOW + LEASE
        assert slot in await slots.unfinished(late)
        again = await slots.open(slot, late, LEASE)
        assert again is not None
        assert (again.after, again.sent, again.done) == ('{"key":"ä/#?"}', 1000, False)

    async def test_of_many_that_take_over_one_wins(self, slots: SlotStore, slot: datetime) -> None:
        """Fifty that find a slot left alone: one goes on."""
        await slots.open(slot, NOW, LEASE)
        claims = await asyncio.gather(*(slots.open(slot, NOW + LEASE, LEASE) for _ in range(50)))
        assert sum(claim is not None for claim in claims) == 1

    async def test_whoever_was_overtaken_finds_out(self, slots: SlotStore, slot: datetime) -> None:
        """The first one cannot write its progress any more."""
        first = await slots.open(slot, NOW, LEASE)
        second = await slots.open(slot, NOW + LEASE, LEASE)
        assert first is not None
        assert second is not None
        with pytest.raises(ConcurrentUpdate):
            await slots.advance(msgspec.structs.replace(first, sent=5), NOW + LEASE, LEASE)
        assert isinstance(await slots.advance(second, NOW + LEASE, LEASE), OpenSlot)

    async def test_a_slot_that_is_taken_over_was_opened_when_it_was_opened(
        self, slots: SlotStore, slot: datetime
    ) -> None:
        """The ids of its runs depend on that moment, so it must not move."""
        await slots.open(slot, NOW, LEASE)
        taken_over = await slots.open(slot, NOW + LEASE, LEASE)
        assert taken_over is not None
        assert taken_over.opened_at == NOW

    async def test_progress_extends_the_lease(self, slots: SlotStore, slot: datetime) -> None:
        """Somebody who keeps moving is left alone."""
        claimed = await slots.open(slot, NOW, LEASE)
        assert claimed is not None
        await slots.advance(claimed, NOW + LEASE / 2, LEASE)
        assert slot not in await slots.unfinished(NOW + LEASE)
        assert await slots.open(slot, NOW + LEASE, LEASE) is None

    async def test_a_slot_that_is_done_stays_done(self, slots: SlotStore, slot: datetime) -> None:
        """Nobody opens it again, however late, and it is never unfinished."""
        claimed = await slots.open(slot, NOW, LEASE)
        assert claimed is not None
        await slots.advance(msgspec.structs.replace(claimed, done=True), NOW, LEASE)
        much_later = NOW + timedelta(days=365)
        assert await slots.open(slot, much_later, LEASE) is None
        assert slot not in await slots.unfinished(much_later)
