"""What operators do, written down before and after: who, when, what, and how it ended."""

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec


class Operator(msgspec.Struct, frozen=True):
    """Who uses the command line. `id`: an object id, or a mark of a local user; `name`: as their credential
    says it. The name is personal: it is for the audit log alone."""

    id: str
    name: str


class AuditEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row of the audit log, which is never changed.

    `act` names what belongs together: the row that was written before anything was done, with `outcome` None,
    and the one that says how it ended: `done`, or the code of what went wrong. `ids`: what it was done to.
    `looked`: it changed nothing and named nobody. Times are UTC.
    """

    act: str
    begun_at: datetime
    at: datetime
    verb: str
    by: Operator
    ids: dict[str, str] = {}
    outcome: str | None = None
    looked: bool = False


class Act(msgspec.Struct, frozen=True):
    """One thing that an operator did; `outcome` and `ended_at` are None where nobody wrote down its end."""

    id: str
    at: datetime
    verb: str
    by: Operator
    ids: dict[str, str]
    outcome: str | None
    ended_at: datetime | None
    looked: bool


def begun(verb: str, by: Operator, ids: dict[str, str], now: datetime, *, looked: bool = False) -> AuditEntry:
    """The row to write before anything is done."""
    return AuditEntry(f"act_{secrets.token_hex(8)}", now, now, verb, by, ids, looked=looked)


def finished(entry: AuditEntry, outcome: str, now: datetime) -> AuditEntry:
    """The row to write afterwards."""
    return msgspec.structs.replace(entry, outcome=outcome, at=now)


def acts(entries: Iterable[AuditEntry]) -> Iterator[Act]:
    """What was done, from rows of which those of one act lie side by side."""
    waiting: AuditEntry | None = None
    for entry in entries:
        if waiting is None:
            waiting = entry
        elif waiting.act == entry.act:
            yield _act(entry if waiting.outcome is None else waiting)
            waiting = None
        else:
            yield _act(waiting)
            waiting = entry
    if waiting is not None:
        yield _act(waiting)


def _act(entry: AuditEntry) -> Act:
    ended_at = None if entry.outcome is None else entry.at
    return Act(
        entry.act, entry.begun_at, entry.verb, entry.by, entry.ids, entry.outcome, ended_at, entry.looked
    )
