"""Runs to be killed, and what must be the same in the end however often that happens."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.app import App
from shared.core.configuration import Configuration, Guard, Limit, Schedule
from shared.core.customer import Customer
from shared.core.messages import PreviewMessage, QueueMessage, SyncMessage
from shared.core.models import ContactFields, RemovalReason
from shared.core.run import Run, RunKind, RunState, Trigger, slot_run_id
from shared.core.schedule import next_due
from tests.fakes import ACCOUNT, START, TENANT, FakeDirectory, Process, ProcessKilled, World, settings

CONNECTION = "c0c0c0c0c0c0c0c0"
CUSTOMER = Customer("c-1", ACCOUNT, "Customer", CONNECTION, START)
SLOT = next_due(Schedule(), CONNECTION, settings().sync_spread, START + timedelta(hours=12))
MESSAGE = SyncMessage(ACCOUNT, CONNECTION, slot_run_id(CONNECTION, SLOT, SLOT), SLOT)
ON_DEMAND = f"run_{CONNECTION}{'7' * 13}0badcafe"
"""The id of a run that somebody asks for; a fixed one, so that two worlds can be compared."""
_ANYTHING = Limit(1_000_000, 100)
STANDARD = Configuration()
UNGUARDED = Guard(_ANYTHING, _ANYTHING, _ANYTHING, _ANYTHING)


def on_demand(kind: RunKind, user: str | None = None, configuration: Configuration | None = None) -> Run:
    """A run that waits for its message."""
    return Run(
        id=ON_DEMAND,
        account_id=ACCOUNT,
        customer_id=CUSTOMER.id,
        connection_id=CONNECTION,
        kind=kind,
        trigger=Trigger.API,
        created_at=SLOT,
        updated_at=SLOT,
        user=user,
        configuration=configuration,
    )


@dataclass(frozen=True)
class Scenario:
    """A world just before a run; `tick` is how long each call to the outside takes in it.

    `run`: the one that was asked for; without one it is that of the schedule. `act`: what somebody does
    before the messages are delivered; whoever is cut short does it again. `patience`: how long messages are
    delivered for, without end where it is None.
    """

    name: str
    prepare: Callable[[World], Awaitable[None]]
    tick: timedelta = timedelta(0)
    batch_size: int = 3
    time_budget: timedelta = timedelta(minutes=4)
    configuration: Configuration = STANDARD
    run: Run | None = None
    act: Callable[[App], Awaitable[object]] | None = None
    ends: RunState = RunState.SUCCEEDED
    patience: timedelta | None = timedelta(days=1)

    @property
    def run_id(self) -> str:
        """The run that it is all about."""
        return MESSAGE.run_id if self.run is None else self.run.id

    @property
    def message(self) -> QueueMessage:
        """What starts the run."""
        if self.run is None:
            return MESSAGE
        kind = PreviewMessage if self.run.kind is RunKind.PREVIEW else SyncMessage
        return kind(ACCOUNT, CONNECTION, self.run.id)

    async def world(self) -> World:
        """A fresh world with the scenario's message on the queue."""
        given = settings(sync_time_budget=self.time_budget)
        world = World(given, batch_size=self.batch_size)
        await world.customers.put(CUSTOMER)
        await world.connect(world.tenant(), CUSTOMER)
        await world.configure(CUSTOMER, self.configuration)
        world.queue.waiting.clear()
        await self.prepare(world)
        world.contacts.applied.clear()
        world.clock.move_to(SLOT)
        if self.run is not None:
            new = await world.runs.add(self.run)
            if new and self.run.kind.commits:
                await under_way(world, self.run.id)
        if self.act is None:
            await world.queue.send(self.message)
        return world

    async def play(self, world: World, *processes: Process) -> None:
        """Let each process do everything as long as it lives, and fresh ones what is left."""
        apps = [(process, world.start_app(process)) for process in processes]

        def living() -> App:
            alive = [app for process, app in apps if process.alive]
            return alive[0] if alive else world.start_app(self.process(world))

        while self.act is not None:
            try:
                await self.act(living())
                break
            except ProcessKilled:
                continue
        until = None if self.patience is None else world.clock.now() + self.patience
        await world.drain(living, until=until)

    def process(self, world: World, at: int | None = None, *, after: bool = False) -> Process:
        """A process of that world, killed at call `at`."""
        return Process(at, after=after, tick=self.ticker(world))

    def ticker(self, world: World) -> Callable[[], None]:
        return lambda: world.clock.advance(self.tick)


State = dict[str, object]
"""What the world looks like, part by part, so that a difference can be read."""
_TIMES = ("created_at", "updated_at", "started_at", "finished_at", "held_until", "approved_at")


async def end_state(world: World) -> State:
    """Look at the world from outside, without the times and without what only counts attempts."""
    await world.publish()
    connection = await world.connection(CUSTOMER)
    mirror = await world.mirrors.load(CONNECTION, connection.mirror or "")
    report = await world.reports.get(CUSTOMER.account_id, CONNECTION)
    state: State = {
        "mirrors": len(world.mirrors.mirrors),
        "report": None if report is None else msgspec.structs.replace(report, made_at=START),
        "waiting": {getattr(waiting.message, "run_id", "") for waiting in world.queue.waiting},
        "poison": list(world.poison),
    }
    state |= _parts("connection", connection, "secret_name", *_TIMES, "full_read_at", "read_at", "synced_at")
    state |= {"connection.mirror": connection.mirror is not None, "connection.fence": None}
    if mirror is not None:
        state |= {f"mirror.{name}": getattr(mirror, name) for name in ("users", "missing", "full_reads")}
        state["mirror.supplement"] = mirror.supplement
    for number, event in enumerate(world.events.feed(ACCOUNT), start=1):
        assert event.sequence == number
        state[f"events.{event.key}"] = (event.type, event.data)
    for contact in world.contacts.contacts(CONNECTION):
        state |= _parts(f"contacts.{contact.id}", contact)
    for review in (await world.reviews.all(CONNECTION)).values():
        state |= _parts(f"reviews.{review.object_id}", review, "opened_at")
    for run in world.runs.all():
        state |= _parts(
            run.id, run, *_TIMES, "graph_requests", "seconds", "resumes", "stage", "counts", "notices"
        )
        state |= {f"{run.id}.held": run.held_until is not None, f"{run.id}.stage": run.stage is not None}
        state |= _parts(f"{run.id}.counts", run.counts)
        lines = world.changes.all(run.id)
        state[f"{run.id}.lines"] = sorted(lines, key=lambda line: (line.object_id, line.kind))
    return state


def _parts(name: str, value: msgspec.Struct, *without: str) -> State:
    return {
        f"{name}.{field}": getattr(value, field) for field in value.__struct_fields__ if field not in without
    }


async def the_run(world: World, run_id: str = MESSAGE.run_id) -> Run:
    """A run as it is stored."""
    run = await world.runs.get(run_id)
    assert run is not None
    return run


async def under_way(world: World, run_id: str) -> None:
    """Write down that the run is the one that is under way."""
    stored = await world.connections.get(ACCOUNT, CONNECTION)
    assert stored is not None
    await world.connections.replace(stored, msgspec.structs.replace(stored.value, current_run=run_id))


def the_tenant(world: World) -> FakeDirectory:
    return world.directories.tenants[TENANT]


def fields(email: str, name: str = "By hand") -> ContactFields:
    return ContactFields(name=name, email=email)


async def first_import(world: World) -> None:
    tenant = the_tenant(world)
    for person in ("ada", "bob", "cyd", "dan", "eve"):
        tenant.hire(person)
    tenant.hire("gus", user_type="Guest")
    tenant.hire("off", enabled=False)
    tenant.hire("tw1", mail="twin@contoso.example")
    tenant.hire("tw2", mail="TWIN@contoso.example")
    world.contacts.add_by_hand(CONNECTION, fields("BOB@contoso.example"))
    world.contacts.add_by_hand(CONNECTION, fields("somebody@else.example"))


async def synced(world: World) -> Run:
    """A run before the one that counts, with an id that is the same in every world."""
    number = len(world.runs.all())
    run = msgspec.structs.replace(on_demand(RunKind.SYNC), id=f"run_{CONNECTION}{'8' * 13}{number:08x}")
    await world.runs.add(run)
    await under_way(world, run.id)
    await world.queue.send(SyncMessage(ACCOUNT, CONNECTION, run.id))
    await world.drain(until=world.clock.now() + timedelta(hours=1))
    return await the_run(world, run.id)


async def after_a_first_run(world: World) -> None:
    await first_import(world)
    await synced(world)


async def _create_update_leave(world: World) -> None:
    await after_a_first_run(world)
    tenant = the_tenant(world)
    tenant.hire("fay")
    tenant.hire("hal", mail="somebody@else.example")
    tenant.change("ada", job_title="Engineer", mail="ada.new@contoso.example")
    tenant.change("dan", department="Sales")
    tenant.change("gus", job_title="Visitor")
    tenant.remove("eve")
    tenant.remove("cyd", RemovalReason.HARD_DELETED)


async def _edited_by_hand(world: World) -> None:
    await after_a_first_run(world)
    for contact in world.contacts.contacts(CONNECTION):
        if contact.object_id is not None:
            world.contacts.edit_by_hand(CONNECTION, contact.id, job_title="Edited", first_name="Edited")


async def _weekly_full_read(world: World) -> None:
    await _create_update_leave(world)
    the_tenant(world).forget_links()


FIRST_IMPORT = Scenario("first import", first_import)
CHANGES = Scenario("create, update, leave", _create_update_leave)
EDITED = Scenario("contacts edited by hand", _edited_by_hand)
QUIET = Scenario("nothing new", after_a_first_run)
RESYNC = Scenario("delta link forgotten", _weekly_full_read)
FULL = Scenario("full read on demand", _create_update_leave, run=on_demand(RunKind.FULL))
LONG = Scenario(
    "several time budgets",
    first_import,
    tick=timedelta(seconds=1),
    batch_size=1,
    time_budget=timedelta(seconds=14),
)
SCENARIOS = [FIRST_IMPORT, CHANGES, EDITED, QUIET, RESYNC, FULL, LONG]
