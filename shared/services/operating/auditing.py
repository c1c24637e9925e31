"""The audit log: a verb is written down before it acts, and how it ended afterwards."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from shared.core.audit import Act, acts, begun, finished
from shared.core.errors import code_of
from shared.logs import log
from shared.ports import Clock
from shared.ports.operation import AuditLog, WhoActs

DONE = "done"


@dataclass(frozen=True, slots=True)
class Auditing:
    """Whatever cannot be written down is not done."""

    audit: AuditLog
    who: WhoActs
    clock: Clock

    @asynccontextmanager
    async def act(
        self, verb: str, ids: Mapping[str, str], *, looked: bool = False
    ) -> AsyncIterator[dict[str, str]]:
        """Do something as the operator; what is put into the ids that this gives is written down at the end.

        `looked`: it changes nothing and names nobody.

        Raises what the body raises, and what keeps the log from being written.
        """
        by = await self.who.operator()
        entry = begun(verb, by, dict(ids), self.clock.now(), looked=looked)
        await self.audit.append(entry)
        log(
            "operator.acted",
            verb=verb,
            by=by.id,
            account=ids.get("account"),
            customer=ids.get("customer"),
            connection=ids.get("connection"),
            run=ids.get("run"),
        )
        more: dict[str, str] = {}
        outcome = "interrupted"
        try:
            yield more
            outcome = DONE
        except Exception as error:
            outcome = code_of(error)
            raise
        finally:
            entry.ids.update(more)
            await self.audit.append(finished(entry, outcome, self.clock.now()))

    async def list(self, limit: int, since: datetime | None = None, *, looks: bool = False) -> list[Act]:
        """What operators did, newest first. `looks`: what they only looked at too."""
        entries = []
        async for entry in self.audit.entries(since):
            if looks or not entry.looked:
                entries.append(entry)
            if len(entries) > 2 * limit:  # each act has two rows at most
                break
        return list(acts(entries))[:limit]
