"""What becomes of a connection whose proof failed on every delivery of its message."""

from __future__ import annotations

import pytest

import shared.bootstrap
from shared import entry_points
from shared.core.connection import ConnectionState
from shared.core.errors import ActionRequired
from shared.core.messages import ValidateMessage, encode
from tests.fakes import TENANT
from tests.fakes.world import World

QUEUE = "sync-requests"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(shared.bootstrap, "get_app", lambda: world.app)
    return world


async def test_a_connection_does_not_wait_for_its_proof_for_ever(world: World) -> None:
    """It asks for somebody to act, and a later connect is possible."""
    customer, tenant = await world.customer(), world.tenant(TENANT)
    tenant.fail_next(ActionRequired("consent_revoked", "Not yet.", "Wait.", replicating=True))
    connection = await world.connect(tenant, customer)
    assert connection.state is ConnectionState.VALIDATING

    await entry_points.give_up(encode(ValidateMessage(connection.account_id, connection.id, 7)), "m-1", QUEUE)

    left = await world.connection(customer)
    assert (left.state, left.reason) == (ConnectionState.ACTION_REQUIRED, "consent_unproven")
    assert (await world.connect(tenant, customer)).state is ConnectionState.ACTIVE


async def test_a_connection_that_was_proven_meanwhile_is_left_alone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """An old message on the poison queue takes nothing away; that it was there is told."""
    customer, _ = await world.connected()
    connection = await world.connection(customer)
    await entry_points.give_up(encode(ValidateMessage(connection.account_id, connection.id)), "m-2", QUEUE)
    assert (await world.connection(customer)).state is ConnectionState.ACTIVE
    assert "message.given_up queue=sync-requests kind=validate message=m-2" in caplog.text
