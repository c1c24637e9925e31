"""Proving a consent: a token for exactly that tenant, and what it lets us read."""

import logging
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.connection import Connection, ConnectionState, moved
from shared.core.errors import ActionRequired, InvalidMove, OperatorError, RetryLater, SourceFault
from shared.core.messages import ValidateMessage
from shared.core.permissions import ORGANIZATION, PROFILES, Outcome, Permission
from shared.core.reasons import reason
from shared.core.text import label
from shared.logs import log
from shared.ports import Clock, ConnectionStore, Directories, Queue, Stored
from shared.services.scheduling import Scheduling
from shared.services.updates import update

_AGAIN = timedelta(seconds=10)
_IN_TROUBLE = timedelta(minutes=5)
_COPYING_ATTEMPTS = 30  # while Microsoft copies a consent
_MOST_ATTEMPTS = 300  # while something is down: a day, at one every five minutes


@dataclass(frozen=True, slots=True)
class Proving:
    """At once when somebody comes back from Microsoft, and by messages for as long as it takes."""

    connections: ConnectionStore
    directories: Directories
    scheduling: Scheduling
    queue: Queue
    clock: Clock

    async def validate(self, message: ValidateMessage) -> None:
        """Prove a consent, or come back later while Microsoft still copies it."""
        stored = await self.connections.get(message.account_id, message.connection_id)
        if stored is None:
            return
        if stored.value.state is ConnectionState.CONSENTING and message.attempt < _COPYING_ATTEMPTS:
            # The message is sent before the consent is written down, and that may take its time.
            await self.later(message)
            return
        if stored.value.state is not ConnectionState.VALIDATING:
            return
        if message.attempt >= _MOST_ATTEMPTS:
            await self.give_up(message)
            return
        try:
            await self.prove(stored)
        except InvalidMove:
            log("consent.overtaken", connection=message.connection_id)  # disconnected while it was proven
        except RetryLater as error:
            await self.later(message, min(max(error.after, _AGAIN), _IN_TROUBLE))
        except (OperatorError, SourceFault) as error:
            # Not the customer's doing, so the connection waits for whoever has to act.
            log("consent.unproven", level=logging.ERROR, connection=message.connection_id, code=error.code)
            await self.later(message, _IN_TROUBLE)
        except ActionRequired as error:
            if message.attempt < _COPYING_ATTEMPTS and error.replicating:
                await self.later(message)
                return
            code = error.code
            await update(
                self.connections,
                stored,
                lambda c: moved(c, ConnectionState.ACTION_REQUIRED, self.clock.now(), code),
            )

    async def give_up(self, message: ValidateMessage) -> None:
        """Stop proving a consent whose message failed on every delivery, if somebody waits for it."""
        stored = await self.connections.get(message.account_id, message.connection_id)
        if stored is None or stored.value.state is not ConnectionState.VALIDATING:
            return

        def unproven(connection: Connection) -> Connection:
            if connection.state is not ConnectionState.VALIDATING:
                return connection
            return moved(connection, ConnectionState.ACTION_REQUIRED, self.clock.now(), "consent_unproven")

        await update(self.connections, stored, unproven)
        log("consent.given_up", level=logging.ERROR, connection=message.connection_id)

    async def prove(self, stored: Stored[Connection]) -> Stored[Connection]:
        """Let the connection become active, or raise what is in the way."""
        reader = self.directories.open(stored.value)
        organization = await reader.organization()
        if organization.id != stored.value.tenant_id:
            raise reason("tenant_mismatch")
        known = Permission(ORGANIZATION, Outcome.GRANTED)
        try:
            permissions = (*await reader.prove_permissions(), known)
        except ActionRequired:
            await self._note(stored, (Permission(PROFILES, Outcome.MISSING), known))
            raise
        await self.scheduling.plan_ahead(stored.value)
        active = await update(
            self.connections,
            stored,
            lambda c: msgspec.structs.replace(
                moved(c, ConnectionState.ACTIVE, self.clock.now()),
                tenant_name=label(organization.display_name),
                tenant_domain=label(organization.domain),
                permissions=permissions,
            ),
        )
        log("connection.active", connection=active.value.id)
        return active

    async def later(self, message: ValidateMessage, delay: timedelta = _AGAIN) -> None:
        """Prove it once more after `delay`."""
        await self.queue.send(msgspec.structs.replace(message, attempt=message.attempt + 1), delay)

    async def _note(self, stored: Stored[Connection], permissions: tuple[Permission, ...]) -> None:
        """Keep how far the proof got, for whoever watches it."""
        if stored.value.permissions != permissions:
            await update(
                self.connections, stored, lambda c: msgspec.structs.replace(c, permissions=permissions)
            )
