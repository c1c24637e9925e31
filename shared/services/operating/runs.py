"""Runs of all accounts: why one failed, and trying again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from shared.core.changes import Change
from shared.core.connection import Connection, ConnectionState
from shared.core.errors import Actor, Conflict, NotFound
from shared.core.run import Run, RunKind, Trigger, connection_of
from shared.ports import ChangeLog, Page, RunStore
from shared.ports.operation import Fleet
from shared.services.operating.connections import ConnectionDesk
from shared.services.run_control import RunControl


@dataclass(frozen=True, slots=True)
class RunDesk:
    """A run's id names its connection, and the run its account: nothing else has to be known."""

    fleet: Fleet
    connections: ConnectionDesk
    runs: RunStore
    changes: ChangeLog
    control: RunControl

    async def list(self, connection_id: str, limit: int, after: str | None) -> Page[Run]:
        """A page of a connection's runs, newest first. Raises NotFound."""
        await self.connections.find(connection_id)
        return await self.runs.list(connection_id, limit, after)

    async def show(self, run_id: str) -> Run:
        """Raises NotFound."""
        run = await self.runs.get(run_id) if connection_of(run_id) else None
        if run is None:
            raise NotFound("run")
        return run

    async def lines(self, run_id: str) -> AsyncIterator[Change]:
        """What the run did, or would do, in order. It names people."""
        async for _, changes in self.changes.chunks(run_id):
            for change in changes:
                yield change

    async def start(self, connection_id: str, *, full: bool) -> tuple[Run, bool]:
        """A run of the connection, or the one under way, and whether it is new. Raises NotFound, Conflict."""
        kind = RunKind.FULL if full else RunKind.SYNC
        return await self._start(await self.connections.find(connection_id), kind)

    async def sync(self, connection: Connection) -> tuple[Run, bool]:
        """The same of a connection that was found already."""
        return await self._start(connection, RunKind.SYNC)

    async def retry(self, name: str) -> tuple[Run, bool]:
        """The same again: as the run with the id was, or as the last run of the connection with the id.

        Raises NotFound, and Conflict for a run that is not over and for a preview.
        """
        run_id = name
        if connection_of(name) is None:
            run_id = (await self.connections.find(name)).last_run or ""
        run = await self.show(run_id)
        if not run.state.ended:
            raise Conflict(
                "run_not_over",
                f"The run is {run.state.value}; there is nothing to try again.",
                "Wait for its end, or cancel it first. A held run is approved or rejected by its technician.",
                Actor.OPERATOR,
            )
        if run.kind is RunKind.PREVIEW:
            raise Conflict(
                "preview_not_retried",
                "The run is a preview, which changes nothing.",
                "Its technician asks for a new one on the customer's page.",
                Actor.TECHNICIAN,
            )
        return await self._start(await self.connections.find(run.connection_id), run.kind, run.user)

    async def given_up(self, account_id: str | None = None) -> AsyncIterator[Connection]:
        """Active connections whose last run failed, where no customer and no technician must act first."""
        async for connection in self.fleet.connections(account_id, ConnectionState.ACTIVE):
            trouble = connection.trouble
            if trouble is not None and trouble.actor in {Actor.OPERATOR.value, Actor.NOBODY.value}:
                yield connection

    async def cancel(self, run_id: str) -> Run:
        """Stop a run that has not ended; one that has stays as it is. Raises NotFound."""
        return await self.control.cancel(await self.show(run_id))

    async def _start(
        self, connection: Connection, kind: RunKind, user: str | None = None
    ) -> tuple[Run, bool]:
        customer = await self.connections.customer(connection)
        return await self.control.start(customer, kind, Trigger.API, user)
