"""Runs to be killed, and what must be the same in the end however often that happens."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.changes import Change
from shared.core.configuration import Schedule
from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.messages import SyncMessage
from shared.core.models import Contact, ContactFields, DirectoryUser, RemovalReason
from shared.core.run import Run, slot_run_id
from shared.core.schedule import next_due
from tests.fakes import ACCOUNT, START, TENANT, FakeDirectory, Process, World, settings

CONNECTION = "c0c0c0c0c0c0c0c0"
CUSTOMER = Customer("c-1", ACCOUNT, "Customer", CONNECTION, START)
SLOT = next_due(Schedule(), CONNECTION, settings().sync_spread, START + timedelta(hours=12))
MESSAGE = SyncMessage(ACCOUNT, CONNECTION, slot_run_id(CONNECTION, SLOT, SLOT), SLOT)


@dataclass(frozen=True)
class Scenario:
    """A world just before a run; `tick` is how long each call to the outside takes in it."""

    name: str
    prepare: Callable[[World], Awaitable[None]]
    tick: timedelta = timedelta(0)
    batch_size: int = 3
    time_budget: timedelta = timedelta(minutes=4)

    async def world(self) -> World:
        """A fresh world with the scenario's message on the queue."""
        given = settings(sync_time_budget=self.time_budget)
        world = World(given, batch_size=self.batch_size)
        await world.customers.put(CUSTOMER)
        await world.connect(world.tenant(), CUSTOMER)
        world.queue.waiting.clear()
        await self.prepare(world)
        world.clock.move_to(SLOT)
        await world.queue.send(MESSAGE)
        return world

    def process(self, world: World, at: int | None = None, *, after: bool = False) -> Process:
        """A process of that world, killed at call `at`."""
        return Process(at, after=after, tick=self.ticker(world))

    def ticker(self, world: World) -> Callable[[], None]:
        return lambda: world.clock.advance(self.tick)


class EndState(msgspec.Struct):
    """What the world looks like after a run, without the times and without what only counts attempts."""

    contacts: list[Contact]
    connection: Connection
    mirror: dict[str, DirectoryUser]
    mirrors: int
    run: Run
    changes: list[Change]


async def end_state(world: World) -> EndState:
    """Look at the world from outside."""
    connection = await world.connection(CUSTOMER)
    run = await world.runs.get(MESSAGE.run_id)
    mirror = await world.mirrors.load(CONNECTION, connection.mirror or "")
    assert run is not None
    assert mirror is not None
    return EndState(
        contacts=world.contacts.contacts(CONNECTION),
        connection=msgspec.structs.replace(
            connection,
            mirror=None,
            secret_name=None,
            full_read_at=None,
            read_at=None,
            synced_at=None,
            fence=0,
        ),
        mirror=mirror.users,
        mirrors=len(world.mirrors.mirrors),
        run=msgspec.structs.replace(
            run,
            started_at=None,
            created_at=START,
            updated_at=START,
            finished_at=None,
            graph_requests=0,
            seconds=0.0,
            resumes=0,
        ),
        changes=sorted(world.changes.all(MESSAGE.run_id), key=lambda change: (change.object_id, change.kind)),
    )


def the_tenant(world: World) -> FakeDirectory:
    return world.directories.tenants[TENANT]


def fields(email: str, name: str = "By hand") -> ContactFields:
    return ContactFields(name=name, email=email)


async def _first_import(world: World) -> None:
    tenant = the_tenant(world)
    for person in ("ada", "bob", "cyd", "dan", "eve"):
        tenant.hire(person)
    tenant.hire("gus", user_type="Guest")
    tenant.hire("off", enabled=False)
    tenant.hire("tw1", mail="twin@contoso.example")
    tenant.hire("tw2", mail="TWIN@contoso.example")
    world.contacts.add_by_hand(CONNECTION, fields("BOB@contoso.example"))
    world.contacts.add_by_hand(CONNECTION, fields("somebody@else.example"))


async def _after_a_first_run(world: World) -> None:
    await _first_import(world)
    await world.sync(CUSTOMER)
    world.contacts.applied.clear()


async def _create_update_leave(world: World) -> None:
    await _after_a_first_run(world)
    tenant = the_tenant(world)
    tenant.hire("fay")
    tenant.hire("hal", mail="somebody@else.example")
    tenant.change("ada", job_title="Engineer", mail="ada.new@contoso.example")
    tenant.change("dan", department="Sales")
    tenant.change("gus", job_title="Visitor")
    tenant.remove("eve")
    tenant.remove("cyd", RemovalReason.HARD_DELETED)


async def _edited_by_hand(world: World) -> None:
    await _after_a_first_run(world)
    for contact in world.contacts.contacts(CONNECTION):
        if contact.object_id is not None:
            world.contacts.edit_by_hand(CONNECTION, contact.id, job_title="Edited", first_name="Edited")


async def _nothing_new(world: World) -> None:
    await _after_a_first_run(world)


async def _weekly_full_read(world: World) -> None:
    await _create_update_leave(world)
    the_tenant(world).forget_links()


FIRST_IMPORT = Scenario("first import", _first_import)
CHANGES = Scenario("create, update, leave", _create_update_leave)
EDITED = Scenario("contacts edited by hand", _edited_by_hand)
QUIET = Scenario("nothing new", _nothing_new)
RESYNC = Scenario("delta link forgotten", _weekly_full_read)
LONG = Scenario(
    "several time budgets",
    _first_import,
    tick=timedelta(seconds=1),
    batch_size=1,
    time_budget=timedelta(seconds=14),
)
SCENARIOS = [FIRST_IMPORT, CHANGES, EDITED, QUIET, RESYNC, LONG]
