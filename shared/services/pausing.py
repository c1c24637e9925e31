"""Pausing the syncs of a connection, and resuming them."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.core.connection import Connection, ConnectionState, moved
from shared.core.customer import Customer
from shared.core.errors import InvalidMove
from shared.logs import log
from shared.ports import Clock, ConnectionStore
from shared.services.scheduling import Scheduling
from shared.services.updates import stored_connection, update


@dataclass(frozen=True, slots=True)
class Pausing:
    """Asking for what is so already changes nothing. `state_since` tells since when a pause lasts."""

    connections: ConnectionStore
    scheduling: Scheduling
    clock: Clock

    async def pause(self, customer: Customer) -> Connection:
        """Nothing is synced until it is resumed; a run under way is canceled.

        Raises NotFound, and InvalidMove unless the connection is active.
        """
        stored = await stored_connection(self.connections, customer)
        stored = await update(self.connections, stored, lambda c: _paused(c, self.clock.now()))
        log("connection.paused", connection=stored.value.id)
        return stored.value

    async def resume(self, customer: Customer) -> Connection:
        """Sync as scheduled again, from the next due time on.

        Raises NotFound, and InvalidMove unless the connection is paused.
        """
        stored = await stored_connection(self.connections, customer)
        await self.scheduling.plan_ahead(_resumed(stored.value, self.clock.now()))
        stored = await update(self.connections, stored, lambda c: _resumed(c, self.clock.now()))
        log("connection.resumed", connection=stored.value.id)
        return stored.value


def _paused(connection: Connection, now: datetime) -> Connection:
    if connection.state is ConnectionState.PAUSED:
        return connection
    # The lease stays: its holder stops when it looks, and until then nobody else may write.
    return msgspec.structs.replace(moved(connection, ConnectionState.PAUSED, now), current_run=None)


def _resumed(connection: Connection, now: datetime) -> Connection:
    if connection.state is ConnectionState.ACTIVE:
        return connection
    # A consent that is being proven becomes active too, but by its proof alone.
    if connection.state is not ConnectionState.PAUSED:
        raise InvalidMove(connection.state, ConnectionState.ACTIVE)
    return moved(connection, ConnectionState.ACTIVE, now)
