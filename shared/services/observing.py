"""A look at what an operator wants to know between two runs: all connections, and our own credential."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from shared.core.credential import Credential, days_left
from shared.core.fleet import Fleet, Late, freshness, with_more
from shared.logs import log
from shared.ports import Clock, ConnectionStore, Secrets
from shared.telemetry import metrics


@dataclass(frozen=True, slots=True)
class Observing:
    """Writes nothing but telemetry; doing it twice does no harm.

    `spread`: over how long syncs of the same hour are spread.
    """

    connections: ConnectionStore
    secrets: Secrets
    clock: Clock
    credential: Credential
    spread: timedelta

    async def look(self) -> None:
        """Tell how all connections are, and how long the credential is good for."""
        await self._fleet()
        await self._credential()

    async def _fleet(self) -> None:
        """One call to the outside for a thousand connections; memory does not grow with their number."""
        fleet, now = Fleet(), self.clock.now()
        async for page in self.connections.glances():
            fleet = with_more(fleet, page, self.spread, now)
            for seen in page:
                age = freshness(seen, now)
                if age is not None:
                    metrics.connection_seen(age.total_seconds())
        for late in fleet.named:
            _log_late(late)
        metrics.fleet_seen(fleet)
        log(
            "fleet.observed",
            active=fleet.groups["active"],
            paused=fleet.groups["paused"],
            action_required=fleet.groups["action_required"],
            pending=fleet.groups["pending"],
            disconnected=fleet.groups["disconnected"],
            held=fleet.held,
            late=fleet.late,
            oldest_seconds=int(fleet.oldest.total_seconds()),
        )

    async def _credential(self) -> None:
        kind, name = self.credential.kind, self.credential.secret_name
        expires_at = None
        if name is not None:
            found = await self.secrets.properties(name)
            if found is None:
                log("credential.refused", level=logging.ERROR, code="credential_missing")
                return
            expires_at = found.expires_at
        log("credential.observed", kind=kind.value, days_left=days_left(expires_at, self.clock.now()))


def _log_late(late: Late) -> None:
    log(
        "connection.late",
        level=logging.WARNING,
        account=late.account_id,
        customer=late.customer_id,
        connection=late.connection_id,
        overdue_seconds=int(late.overdue.total_seconds()),
        freshness_seconds=int(late.freshness.total_seconds()),
    )
