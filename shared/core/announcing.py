"""Which notices a change of a stored value is worth: compared with what was there before, so that no way of
changing it can be forgotten."""

from dataclasses import fields
from datetime import datetime

import msgspec

from shared.core.account_destination import AccountDestination
from shared.core.configuration import Configuration
from shared.core.connection import Connection, ConnectionState
from shared.core.events import EventType, Facts, Notice
from shared.core.reasons import reason

_NEVER_CONNECTED = frozenset({ConnectionState.PENDING, ConnectionState.CONSENTING})
"""From there a connection only gets back to where it was."""


def announced_connection(before: Connection, after: Connection, now: datetime) -> Connection:
    """The connection as it is to be written, with a notice for each change that lasts."""
    kinds = [*_moves(before, after), *_configured(before, after)]
    if not kinds:
        return after
    notices = tuple(
        Notice(after.noticed + number, kind, now, data) for number, (kind, data) in enumerate(kinds, start=1)
    )
    return msgspec.structs.replace(
        after, outbox=(*after.outbox, *notices), noticed=after.noticed + len(notices)
    )


def announced_destination(
    before: AccountDestination | None, after: AccountDestination, now: datetime
) -> AccountDestination:
    """The destination as it is to be written; notices about the former one stay in its outbox."""
    outbox, noticed = ((), 0) if before is None else (before.outbox, before.noticed)
    was, problem = None if before is None else before.problem, after.problem
    kind: EventType | None = None
    data: Facts = {"kind": after.kind.value}
    if problem is not None and (was is None or was.code != problem.code):
        kind = EventType.DESTINATION_ACTION_REQUIRED
        data |= {"code": problem.code, "actor": problem.actor}
    elif problem is None and was is not None:
        kind = EventType.DESTINATION_RECOVERED
    if kind is not None:
        noticed += 1
        outbox = (*outbox, Notice(noticed, kind, now, data))
    return msgspec.structs.replace(after, outbox=outbox, noticed=noticed)


def _moves(before: Connection, after: Connection) -> list[tuple[EventType, Facts]]:
    old, new = before.state, after.state
    needs_action = new is ConnectionState.ACTION_REQUIRED
    if old is new and not (needs_action and before.reason != after.reason):
        return []
    if needs_action:
        code = after.reason or ""
        return [(EventType.CONNECTION_ACTION_REQUIRED, {"code": code, "actor": reason(code).actor.value})]
    if new is ConnectionState.ACTIVE:
        resumed = old is ConnectionState.PAUSED
        kind = EventType.CONNECTION_RESUMED if resumed else EventType.CONNECTION_ACTIVATED
        return [(kind, {} if resumed else {"tenant_id": after.tenant_id})]
    if new is ConnectionState.PAUSED:
        return [(EventType.CONNECTION_PAUSED, {})]
    if new is ConnectionState.DISCONNECTED and old not in _NEVER_CONNECTED:
        return [(EventType.CONNECTION_DISCONNECTED, {})]
    return []


def _configured(before: Connection, after: Connection) -> list[tuple[EventType, Facts]]:
    if before.configuration_version == after.configuration_version:
        return []
    changed = [
        field.name
        for field in fields(Configuration)
        if getattr(before.configuration, field.name) != getattr(after.configuration, field.name)
    ]
    data: Facts = {"version": after.configuration_version, "changed": changed}
    return [(EventType.CONNECTION_CONFIGURED, data)]
