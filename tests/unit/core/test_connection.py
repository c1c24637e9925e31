"""The states of a connection: every move there is, and every other one refused."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.connection import (
    HANDSHAKE_LIFETIME,
    Connection,
    ConnectionState,
    consent_abandoned,
    consent_opened,
    disconnected,
    moved,
    tenant_allowed,
    without_secret,
)
from shared.core.errors import InvalidMove

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(days=1)
P, C, V, A, Z, R, D = (
    ConnectionState.PENDING,
    ConnectionState.CONSENTING,
    ConnectionState.VALIDATING,
    ConnectionState.ACTIVE,
    ConnectionState.PAUSED,
    ConnectionState.ACTION_REQUIRED,
    ConnectionState.DISCONNECTED,
)
ALLOWED = {
    *((P, state) for state in (C, D)),
    *((C, state) for state in (P, C, V, D)),
    *((V, state) for state in (A, R, V, D)),
    *((A, state) for state in (Z, R, V, D)),
    *((Z, state) for state in (A, V, D)),
    *((R, state) for state in (V, R, D)),
    (D, C),
}


def connection(state: ConnectionState, **values: object) -> Connection:
    made = Connection("id", "account", "customer", BEFORE, state=state, state_since=BEFORE)
    return msgspec.structs.replace(made, **values)


@pytest.mark.parametrize("old", list(ConnectionState))
@pytest.mark.parametrize("new", list(ConnectionState))
def test_every_move_is_allowed_or_refused(old: ConnectionState, new: ConnectionState) -> None:
    """Nothing reaches `active` but through validation or from a pause; nothing leaves by a side door."""
    if (old, new) in ALLOWED:
        assert moved(connection(old), new, NOW, "reason").state is new
        return
    with pytest.raises(InvalidMove) as refused:
        moved(connection(old), new, NOW)
    assert refused.value.status == 409
    assert old.value in refused.value.title
    assert new.value in refused.value.title


def test_a_move_takes_the_reason_and_the_time() -> None:
    """And drops the reason of the state before."""
    stuck = moved(connection(A), R, NOW, "consent_withdrawn")
    assert (stuck.reason, stuck.state_since) == ("consent_withdrawn", NOW)
    assert moved(stuck, V, NOW).reason is None


def test_staying_in_a_state_keeps_its_beginning() -> None:
    """Only the reason is new."""
    again = moved(connection(R), R, NOW, "tenant_gone")
    assert (again.reason, again.state_since) == ("tenant_gone", BEFORE)


@pytest.mark.parametrize("state", [A, Z, R, V])
def test_opening_a_consent_does_not_stop_what_works(state: ConnectionState) -> None:
    """Only when the admin comes back does anything change."""
    assert consent_opened(connection(state), NOW) == connection(state)


@pytest.mark.parametrize("state", [P, C, D])
def test_opening_a_consent_waits_for_the_admin(state: ConnectionState) -> None:
    """For as long as the handshake lasts."""
    opened = consent_opened(connection(state), NOW)
    assert (opened.state, opened.consent_expires_at) == (C, NOW + HANDSHAKE_LIFETIME)


def test_a_consent_nobody_finished_looks_pending() -> None:
    """A moment before its end it is under way, at its end it is not."""
    opened = consent_opened(connection(P), NOW)
    assert opened.state_at(NOW + HANDSHAKE_LIFETIME - timedelta(seconds=1)) is C
    assert opened.state_at(NOW + HANDSHAKE_LIFETIME) is P
    assert connection(A).state_at(NOW) is A


def test_a_refused_consent_leads_back() -> None:
    """To pending where there was no tenant yet, else to disconnected; working connections stay."""
    fresh = consent_abandoned(consent_opened(connection(P), NOW), NOW)
    former = consent_abandoned(consent_opened(connection(D, tenant_id="t"), NOW), NOW)
    assert (fresh.state, fresh.consent_expires_at) == (P, None)
    assert (former.state, former.tenant_id, former.consent_expires_at) == (D, "t", None)
    for state in (A, Z, R, V, P, D):
        assert consent_abandoned(connection(state), NOW) == connection(state)


@pytest.mark.parametrize("state", list(ConnectionState))
def test_another_tenant_may_connect_only_where_none_is_connected(state: ConnectionState) -> None:
    """A reconnect comes from the same tenant; after a disconnect any tenant may."""
    assert tenant_allowed(connection(state, tenant_id="mine"), "mine")
    assert tenant_allowed(connection(state), "any")
    assert tenant_allowed(connection(state, tenant_id="mine"), "other") == (state in (P, C, D))


def test_a_disconnected_connection_knows_no_place_and_no_worker() -> None:
    """Configuration, tenant and history stay; the secret's name stays until the secret is gone."""
    working = connection(
        A,
        tenant_id="t",
        secret_name="s",
        delta_link="link",
        mirror="m",
        full_read_at=NOW,
        read_at=NOW,
        synced_at=NOW,
        current_run="run",
        last_run="run",
        lease_owner="run",
        lease_until=NOW + timedelta(minutes=1),
        fence=7,
        configuration_version=3,
        in_scope=50,
        held_run="run",
        confirm_absence=True,
        reviews=4,
    )
    ended = disconnected(working, NOW)
    assert ended.state is D
    assert (ended.delta_link, ended.mirror, ended.full_read_at, ended.read_at) == (None,) * 4
    assert (ended.current_run, ended.lease_owner, ended.lease_until) == (None,) * 3
    assert (ended.tenant_id, ended.last_run, ended.synced_at, ended.fence) == ("t", "run", NOW, 7)
    assert ended.configuration_version == 3
    assert (ended.in_scope, ended.held_run, ended.confirm_absence, ended.reviews) == (None, None, False, 4)
    assert ended.secret_name == "s"
    assert without_secret(ended).secret_name is None
    assert without_secret(working).secret_name == "s"


def test_a_lease_ends_at_its_time() -> None:
    """A moment before it is held, at its end it is not."""
    held = connection(A, lease_owner="run", lease_until=NOW)
    assert held.leased(NOW - timedelta(microseconds=1))
    assert not held.leased(NOW)
    assert not connection(A).leased(NOW)
    assert not connection(A, lease_until=NOW + timedelta(hours=1)).leased(NOW)
