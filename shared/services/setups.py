"""Setting a connection up: a draft that waits on the server, and the moment in which it comes into force."""

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.configuration import Configuration
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer
from shared.core.errors import SetupChanged
from shared.core.messages import StartMessage
from shared.core.permissions import ORGANIZATION, Outcome, Permission
from shared.core.run import Run, RunKind, Trigger, new_run_id
from shared.core.setting_up import drafted, dropped, in_force, opened, shown
from shared.core.setup import Setup, SetupStep
from shared.logs import log
from shared.ports import Clock, ConnectionStore, Directories, Queue, RunStore
from shared.services.run_control import RunControl, not_active
from shared.services.scheduling import Scheduling
from shared.services.updates import stored_connection, update

_TAKEN_UP_AFTER = timedelta(seconds=30)
"""So long the start of an import may take before somebody else finishes it."""


@dataclass(frozen=True, slots=True)
class Setups:
    """Every change names the version it was made to, so that of two windows neither undoes the other's."""

    connections: ConnectionStore
    runs: RunStore
    run_control: RunControl
    directories: Directories
    scheduling: Scheduling
    queue: Queue
    clock: Clock

    def of(self, connection: Connection) -> Setup:
        """The connection's setup; one of the configuration in force, of version 0, where there is none."""
        return opened(connection, self.clock.now())

    async def save(
        self,
        customer: Customer,
        version: int,
        draft: Configuration,
        *,
        step: SetupStep | None = None,
        names: dict[str, str] | None = None,
    ) -> Setup:
        """Keep another draft; nothing else changes. Raises NotFound and SetupChanged."""
        stored = await stored_connection(self.connections, customer)
        now = self.clock.now()
        stored = await update(
            self.connections, stored, lambda c: drafted(c, now, version, draft, step=step, names=names)
        )
        return self.of(stored.value)

    async def drop(self, customer: Customer, version: int) -> None:
        """Forget the draft; a first setup begins again. Raises NotFound and SetupChanged."""
        stored = await stored_connection(self.connections, customer)

        def without(connection: Connection) -> Connection:
            if self.of(connection).version != version:
                raise SetupChanged
            return dropped(connection)

        await update(self.connections, stored, without)

    async def preview(self, customer: Customer, version: int) -> Run:
        """A preview of the draft. Raises NotFound, SetupChanged and Conflict."""
        stored = await stored_connection(self.connections, customer)
        setup = self.of(stored.value)
        if setup.version != version:
            raise SetupChanged
        run = await self.run_control.preview(customer, Trigger.PORTAL, setup.draft)
        now = self.clock.now()
        await update(self.connections, stored, lambda c: shown(c, now, version, run.id))
        return run

    async def finish(self, customer: Customer, version: int, based_on: int) -> str | None:
        """Put the draft into force and begin the run that goes by it; returns its id, None while paused.

        Whoever does it twice begins one run, for only one of them finds the draft. The run's message is
        sent before the draft is gone and counts only after: killed in between, either nothing has happened
        or the run begins a little later. Raises NotFound, SetupChanged and Conflict.
        """
        stored = await stored_connection(self.connections, customer)
        connection = stored.value
        if connection.state is not ConnectionState.ACTIVE and not _saves_only(connection):
            raise not_active(connection, self.clock)
        now = self.clock.now()
        run_id = None if _saves_only(connection) else new_run_id(connection.id, now)
        ready = in_force(connection, version, based_on, run_id)
        if connection.being_set_up or ready.configuration.schedule != connection.configuration.schedule:
            await self.scheduling.plan_ahead(ready)
        if run_id is not None:
            message = StartMessage(connection.account_id, connection.id, run_id)
            await self.queue.send(message, _TAKEN_UP_AFTER)

        def put(found: Connection) -> Connection:
            if run_id is not None and found.current_run == run_id:
                return found  # written, but the answer was lost
            if run_id is not None and found.state is not ConnectionState.ACTIVE:
                raise not_active(found, self.clock)
            return in_force(found, version, based_on, run_id)

        await update(self.connections, stored, put)
        log("setup.finished", connection=connection.id, run=run_id)
        if run_id is not None:
            await self.runs.add(_run(connection, run_id, self.clock))
            await self.queue.send(message)
        return run_id

    async def try_permissions(self, customer: Customer) -> Connection:
        """Find out once more what the tenant granted. Raises NotFound, Conflict and what reading raises."""
        stored = await stored_connection(self.connections, customer)
        if stored.value.state is not ConnectionState.ACTIVE:
            raise not_active(stored.value, self.clock)
        reader = self.directories.open(stored.value)
        await reader.organization()
        found = (*await reader.prove_permissions(), Permission(ORGANIZATION, Outcome.GRANTED))
        stored = await update(
            self.connections, stored, lambda c: msgspec.structs.replace(c, permissions=found)
        )
        return stored.value


def _saves_only(connection: Connection) -> bool:
    return connection.state is ConnectionState.PAUSED and not connection.being_set_up


def _run(connection: Connection, run_id: str, clock: Clock) -> Run:
    now = clock.now()
    return Run(
        id=run_id,
        account_id=connection.account_id,
        customer_id=connection.customer_id,
        connection_id=connection.id,
        kind=RunKind.SYNC,
        trigger=Trigger.PORTAL,
        created_at=now,
        updated_at=now,
    )
