"""Which changes of a connection or a destination are told."""

from datetime import UTC, datetime

import msgspec
import pytest

from shared.core.account_destination import AccountDestination, DestinationKind, DestinationProblem
from shared.core.announcing import announced_connection, announced_destination
from shared.core.configuration import Configuration, Enrichment, LeaverPolicy
from shared.core.connection import Connection, ConnectionState
from shared.core.events import EventType, Facts

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINE = Connection("c0", "acc", "c-1", NOW)
SYNCRO = AccountDestination(DestinationKind.SYNCRO)
PROBLEM = DestinationProblem("destination_key_refused", "title", "detail", "technician", NOW)


def told(
    old: ConnectionState, new: ConnectionState, reason: str | None = None
) -> list[tuple[EventType, Facts]]:
    before = msgspec.structs.replace(LINE, state=old)
    after = msgspec.structs.replace(before, state=new, reason=reason, tenant_id="tid")
    outbox = announced_connection(before, after, NOW).outbox
    assert [notice.number for notice in outbox] == list(range(1, len(outbox) + 1))
    return [(notice.type, notice.data) for notice in outbox]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("validating", "active", "connection.activated"),
        ("paused", "active", "connection.resumed"),
        ("active", "paused", "connection.paused"),
        ("active", "action_required", "connection.action_required"),
        ("validating", "action_required", "connection.action_required"),
        ("active", "disconnected", "connection.disconnected"),
        ("action_required", "disconnected", "connection.disconnected"),
        ("validating", "disconnected", "connection.disconnected"),
        ("pending", "consenting", None),
        ("consenting", "validating", None),
        ("active", "validating", None),
        ("paused", "validating", None),
        ("consenting", "pending", None),
        ("consenting", "disconnected", None),
        ("pending", "disconnected", None),
        ("active", "active", None),
        ("paused", "paused", None),
    ],
)
def test_moves_that_last_are_told(old: str, new: str, kind: str | None) -> None:
    """A consent that is under way is nobody's news; what it comes to is."""
    found = told(ConnectionState(old), ConnectionState(new), "consent_revoked")
    assert [told_kind for told_kind, _ in found] == ([] if kind is None else [kind])


def test_who_must_act_is_told() -> None:
    """By code and actor, in no words that could name anybody."""
    assert told(ConnectionState.ACTIVE, ConnectionState.ACTION_REQUIRED, "tenant_not_found") == [
        (EventType.CONNECTION_ACTION_REQUIRED, {"code": "tenant_not_found", "actor": "technician"})
    ]


def test_another_reason_is_news() -> None:
    """Somebody else may have to act now."""
    before = msgspec.structs.replace(LINE, state=ConnectionState.ACTION_REQUIRED, reason="consent_revoked")
    after = msgspec.structs.replace(before, reason="tenant_not_found")
    assert [n.data["code"] for n in announced_connection(before, after, NOW).outbox] == ["tenant_not_found"]
    assert announced_connection(before, before, NOW) is before


def test_a_new_configuration_names_what_it_changes() -> None:
    """Names of policies, never their values."""
    changed = Configuration(leavers=LeaverPolicy.DEACTIVATE, enrichments=(Enrichment.LICENCES,))
    after = msgspec.structs.replace(LINE, configuration=changed, configuration_version=2)
    (notice,) = announced_connection(LINE, after, NOW).outbox
    assert notice.type is EventType.CONNECTION_CONFIGURED
    assert notice.data == {"version": 2, "changed": ["leavers", "enrichments"]}


def test_notices_queue_up_behind_each_other() -> None:
    """Numbers go on, also after those before were taken out."""
    paused = announced_connection(
        msgspec.structs.replace(LINE, state=ConnectionState.ACTIVE, noticed=7),
        msgspec.structs.replace(LINE, state=ConnectionState.PAUSED, noticed=7),
        NOW,
    )
    resumed = announced_connection(paused, msgspec.structs.replace(paused, state=ConnectionState.ACTIVE), NOW)
    assert [(n.number, n.type.value) for n in resumed.outbox] == [
        (8, "connection.paused"),
        (9, "connection.resumed"),
    ]
    assert resumed.noticed == 9


def test_a_destination_tells_its_troubles_and_their_end() -> None:
    """Once each; the same problem found again is no news."""
    broken = announced_destination(SYNCRO, msgspec.structs.replace(SYNCRO, problem=PROBLEM), NOW)
    again = announced_destination(broken, broken, NOW)
    healed = announced_destination(again, msgspec.structs.replace(again, problem=None), NOW)
    assert [(n.number, n.type.value, n.data) for n in healed.outbox] == [
        (
            1,
            "destination.action_required",
            {"kind": "syncro", "code": "destination_key_refused", "actor": "technician"},
        ),
        (2, "destination.recovered", {"kind": "syncro"}),
    ]


def test_what_the_former_destination_had_to_tell_is_kept() -> None:
    """Somebody who chooses another one writes a row without an outbox of its own."""
    broken = announced_destination(SYNCRO, msgspec.structs.replace(SYNCRO, problem=PROBLEM), NOW)
    chosen = announced_destination(broken, AccountDestination(DestinationKind.ATERA), NOW)
    assert [n.type.value for n in chosen.outbox] == ["destination.action_required", "destination.recovered"]
    assert announced_destination(None, SYNCRO, NOW) == SYNCRO
