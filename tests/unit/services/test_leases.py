"""At most one writer per connection."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from shared.core.connection import Connection, ConnectionState, disconnected
from shared.core.errors import ConcurrentUpdate, LeaseLost, RetryLater
from shared.ports import Stored
from shared.services.leases import Busy, Lease, acquire
from shared.services.updates import update
from tests.contract.contracts.values import active, unique
from tests.fakes import FakeClock, FakeConnectionStore

LIFETIME = timedelta(seconds=60)


class Held:
    """A store with one active connection, and what tests do with it."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), FakeConnectionStore()

    async def added(self) -> Stored[Connection]:
        return await self.store.add(active(unique()))

    async def acquire(self, held: Stored[Connection], run_id: str = "run") -> Lease:
        return await acquire(self.store, self.clock, LIFETIME, held, run_id)

    async def stored(self, held: Stored[Connection]) -> Stored[Connection]:
        found = await self.store.get(held.value.account_id, held.value.id)
        assert found is not None
        return found

    async def change(self, held: Stored[Connection], **values: object) -> None:
        found = await self.stored(held)
        await self.store.replace(found, msgspec.structs.replace(found.value, **values))


@pytest.fixture
def held() -> Held:
    return Held()


async def test_a_lease_names_its_run_and_raises_the_fence(held: Held) -> None:
    """Until when, by whom, and a number that no other lease has."""
    first = await held.added()
    lease = await held.acquire(first)
    found = (await held.stored(first)).value
    assert found == lease.connection
    assert (found.lease_owner, found.current_run, found.fence) == ("run", "run", 1)
    assert found.lease_until == held.clock.now() + LIFETIME


async def test_somebody_else_has_to_wait(held: Held) -> None:
    """For as long as the lease lasts, and at least a second."""
    await held.acquire(await held.added())
    connection = held.store.all()[0]
    stored = await held.store.get(connection.account_id, connection.id)
    assert stored is not None
    with pytest.raises(Busy) as busy:
        await held.acquire(stored, "other")
    assert busy.value.remaining == LIFETIME
    held.clock.advance(LIFETIME - timedelta(milliseconds=1))
    with pytest.raises(Busy) as busy:
        await held.acquire(stored, "other")
    assert busy.value.remaining == timedelta(seconds=1)
    held.clock.advance(timedelta(milliseconds=1))
    assert (await held.acquire(stored, "other")).connection.fence == 2


async def test_of_many_that_want_it_one_gets_it(held: Held) -> None:
    """Fifty workers that read the same connection: one lease."""
    stored = await held.added()
    results = await asyncio.gather(
        *(held.acquire(stored, f"run-{number}") for number in range(50)), return_exceptions=True
    )
    assert sum(isinstance(result, Lease) for result in results) == 1
    assert sum(isinstance(result, Busy) for result in results) == 49


@pytest.mark.parametrize(("lifetime", "interval"), [(timedelta(seconds=3), 1.0), (LIFETIME, 2.0)])
async def test_keeping_renews_after_a_third_and_at_least_every_other_second(
    held: Held, lifetime: timedelta, interval: float
) -> None:
    """Before that it costs nothing; then it also tells whether the connection is still to be synced."""
    stored = await held.added()
    lease = await acquire(held.store, held.clock, lifetime, stored, "run")
    before = (await held.stored(stored)).etag
    held.clock.advance(timedelta(seconds=interval - 0.001))
    await lease.keep()
    assert (await held.stored(stored)).etag == before
    held.clock.advance(timedelta(seconds=0.001))
    await lease.keep()
    assert (await held.stored(stored)).value.lease_until == held.clock.now() + lifetime
    renewed = (await held.stored(stored)).etag
    await lease.keep()
    assert (await held.stored(stored)).etag == renewed
    await held.change(stored, state=ConnectionState.DISCONNECTED)
    held.clock.advance(timedelta(seconds=interval))
    with pytest.raises(LeaseLost):
        await lease.keep()


async def test_what_others_write_meanwhile_is_kept(held: Held) -> None:
    """A new configuration is not lost, and the worker sees it."""
    stored = await held.added()
    lease = await held.acquire(stored)
    await held.change(stored, configuration_version=7)
    await lease.update(lambda connection: msgspec.structs.replace(connection, tenant_name="Contoso"))
    found = (await held.stored(stored)).value
    assert (found.configuration_version, found.tenant_name) == (7, "Contoso")
    assert lease.connection.configuration_version == 7


async def test_releasing_writes_once_and_lets_go(held: Held) -> None:
    """Somebody else can have it at once."""
    stored = await held.added()
    lease = await held.acquire(stored)
    await lease.release(lambda connection: msgspec.structs.replace(connection, last_run="run"))
    found = await held.stored(stored)
    assert (found.value.lease_owner, found.value.lease_until, found.value.last_run) == (None, None, "run")
    assert (await held.acquire(found, "other")).connection.fence == 2


async def test_a_lease_that_somebody_took_over_is_lost(held: Held) -> None:
    """The worker finds out at its next write, which has no effect; its own run id does not help."""
    stored = await held.added()
    late = await held.acquire(stored, "run")
    held.clock.advance(LIFETIME)
    await held.acquire(await held.stored(stored), "run")
    before = await held.stored(stored)
    with pytest.raises(LeaseLost):
        await late.keep()
    with pytest.raises(LeaseLost):
        await late.release(lambda connection: msgspec.structs.replace(connection, delta_link="old"))
    assert await held.stored(stored) == before


@pytest.mark.parametrize("state", [s for s in ConnectionState if s is not ConnectionState.ACTIVE])
async def test_a_connection_that_is_no_longer_active_is_lost(held: Held, state: ConnectionState) -> None:
    """Whoever disconnects or reconnects stops the worker."""
    stored = await held.added()
    lease = await held.acquire(stored)
    await held.change(stored, state=state)
    with pytest.raises(LeaseLost):
        await lease.update(lambda connection: connection)


async def test_disconnecting_and_connecting_again_does_not_give_it_back(held: Held) -> None:
    """The lease went with the disconnect."""
    stored = await held.added()
    lease = await held.acquire(stored)
    ended = disconnected((await held.stored(stored)).value, held.clock.now())
    await held.store.replace(
        await held.stored(stored), msgspec.structs.replace(ended, state=ConnectionState.ACTIVE)
    )
    with pytest.raises(LeaseLost):
        await lease.update(lambda connection: connection)


async def test_an_update_is_applied_to_what_others_wrote(held: Held) -> None:
    """Both changes are there in the end."""
    stored = await held.added()
    await held.change(stored, tenant_name="Theirs")
    await update(held.store, stored, lambda c: msgspec.structs.replace(c, tenant_domain="ours.example"))
    found = (await held.stored(stored)).value
    assert (found.tenant_name, found.tenant_domain) == ("Theirs", "ours.example")


async def test_an_update_that_never_gets_through_comes_back_later(held: Held) -> None:
    """After some attempts it stops trying."""

    class Restless(FakeConnectionStore):
        async def replace(self, stored: Stored[Connection], value: Connection) -> Stored[Connection]:
            raise ConcurrentUpdate

    store = Restless()
    stored = await store.add(active(unique()))
    with pytest.raises(RetryLater, match="busy"):
        await update(store, stored, lambda connection: connection)


async def test_whoever_stops_gives_back_what_is_still_theirs(held: Held) -> None:
    """After a pause the next run need not wait for the lease to run out."""
    first = await held.added()
    lease = await held.acquire(first)
    await held.change(first, state=ConnectionState.PAUSED)
    with pytest.raises(LeaseLost):
        await lease.release()
    await lease.abandon()
    found = (await held.stored(first)).value
    assert (found.state, found.lease_owner, found.lease_until) == (ConnectionState.PAUSED, None, None)
    assert found.fence == lease.connection.fence


async def test_whoever_stops_leaves_anothers_lease_alone(held: Held) -> None:
    """Also one of the same run, which another worker took up."""
    first = await held.added()
    lease = await held.acquire(first)
    held.clock.advance(LIFETIME)
    await held.acquire(await held.stored(first))
    before = await held.stored(first)
    await lease.abandon()
    assert await held.stored(first) == before


async def test_what_was_given_back_already_stays_as_it_is(held: Held) -> None:
    """Nothing is written."""
    first = await held.added()
    lease = await held.acquire(first)
    await lease.release()
    before = await held.stored(first)
    await lease.abandon()
    assert await held.stored(first) == before
