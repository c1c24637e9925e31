"""A look at what an operator wants to know between two runs: all connections, and our own credential."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from shared.core.credential import Credential, days_left
from shared.core.errors import is_somebody_elses
from shared.core.fleet import Fleet, Late, freshness, late_ones, with_more
from shared.logs import log
from shared.ports import AccountDestinationStore, Clock, ConnectionStore, Secrets
from shared.telemetry import metrics

_MOST_ASKED = 1_000  # accounts of one look


@dataclass(frozen=True, slots=True)
class Observing:
    """Writes nothing but telemetry; doing it twice does no harm.

    `spread`: over how long syncs of the same hour are spread.
    """

    connections: ConnectionStore
    account_destinations: AccountDestinationStore
    secrets: Secrets
    clock: Clock
    credential: Credential
    spread: timedelta

    async def look(self) -> None:
        """Tell how all connections are, and how long the credential is good for."""
        await self._fleet()
        await self._credential()

    async def _fleet(self) -> None:
        """One call to the outside for a thousand connections, and one for each account with late ones; memory
        does not grow with their number."""
        fleet, now, shut = Fleet(), self.clock.now(), dict[str, bool]()
        async for page in self.connections.glances():
            late = [
                each
                for each in late_ones(page, self.spread, now)
                if not await self._shut_out(each.account_id, shut)
            ]
            fleet = with_more(fleet, page, late, now)
            for seen in page:
                age = freshness(seen, now)
                if age is not None:
                    metrics.connection_seen(age.total_seconds())
        for each in fleet.named:
            _log_late(each)
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

    async def _shut_out(self, account_id: str, known: dict[str, bool]) -> bool:
        """Whether the account's PSA lets nobody in, which somebody else has to put right.

        `known`: of those accounts that this look has asked about; where very many have late customers, the
        reason is none of theirs.
        """
        if account_id not in known:
            if len(known) >= _MOST_ASKED:
                return False
            stored = await self.account_destinations.get(account_id)
            problem = None if stored is None else stored.value.problem
            known[account_id] = problem is not None and is_somebody_elses(problem.actor)
        return known[account_id]

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
