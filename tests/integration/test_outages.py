"""What the app's own clients make of a service that is not there: an error to come back from, and soon."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest
from azure.core.pipeline.transport import AsyncHttpTransport

from sandbox.simulators.faults import Fault, FaultKind
from shared.app import App
from shared.bootstrap import build
from shared.core.changes import Change, ChangeKind
from shared.core.errors import OperatorError, RetryLater
from shared.core.messages import SyncMessage
from shared.core.models import ContactFields
from tests.contract.contracts.values import active, unique
from tests.integration.microsoft import HOSTING_CLIENT_ID, Microsoft

PATIENCE = 20.0
"""Seconds that a call may wait between its attempts; the queue waits better than a worker."""


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the clients wanted to wait; they do not."""
    seconds: list[float] = []

    async def note(_transport: object, duration: float) -> None:
        seconds.append(duration)

    monkeypatch.setattr(AsyncHttpTransport, "sleep", note)
    return seconds


@pytest.fixture
async def app(microsoft: Microsoft, waits: list[float]) -> AsyncIterator[App]:
    """The app as it is put together for Azure, with storage at an address where nobody listens."""
    port = _closed_port()
    storage = (
        "DefaultEndpointsProtocol=http;AccountName=nobody;AccountKey=bm9ib2R5;"
        f"TableEndpoint=http://127.0.0.1:{port}/nobody;QueueEndpoint=http://127.0.0.1:{port}/nobody;"
    )
    app = build(microsoft.settings(AzureWebJobsStorage=storage))
    yield app
    await app.close()


async def test_table_storage_that_is_gone_is_retried_later(app: App, waits: list[float]) -> None:
    """Reading, listing and writing alike, after a few attempts."""
    with pytest.raises(RetryLater) as missed:
        await app.customers.get(unique(), "c-1")
    assert missed.value.code == "table_storage_unavailable"
    assert 0 < sum(waits) <= PATIENCE
    with pytest.raises(RetryLater):
        await app.contacts.of(unique())
    with pytest.raises(RetryLater):
        await app.access.create_account("Example MSP")


async def test_contacts_that_cannot_be_written_are_retried_later(app: App) -> None:
    """Although they are written side by side, the run hears of the outage as of any other."""
    destination = app.worker.runner.destinations.open(active(unique()))
    fields = ContactFields(name="Somebody")
    batch = [Change(ChangeKind.CREATE, f"object-{number}", fields=fields) for number in range(250)]
    with pytest.raises(RetryLater):
        await destination.apply(batch, "run_1")


async def test_a_queue_that_is_gone_is_retried_later(app: App, waits: list[float]) -> None:
    """A web request must not hang for minutes because a message cannot be put."""
    with pytest.raises(RetryLater) as missed:
        await app.worker.queue.send(SyncMessage("account", "connection", "run"))
    assert missed.value.code == "queue_storage_unavailable"
    assert 0 < sum(waits) <= PATIENCE


@pytest.mark.parametrize("kind", ["reset", "status", "throttle"])
async def test_a_vault_that_fails_is_retried_later(
    app: App, microsoft: Microsoft, waits: list[float], kind: FaultKind
) -> None:
    """Cut connections, 503 and 429, each until the client gives up."""
    microsoft.vault_faults.add(Fault(kind=kind, status=503 if kind == "status" else 0, count=None))
    with pytest.raises(RetryLater) as missed:
        await app.onboarding.secrets.get("anything")
    assert missed.value.code == "key_vault_unavailable"
    assert 0 < sum(waits) <= PATIENCE


async def test_an_identity_that_is_refused_is_for_the_operator(app: App, microsoft: Microsoft) -> None:
    """The wrong secret of our own identity will not become right by waiting."""
    microsoft.world.applications[HOSTING_CLIENT_ID].secrets = {"another one"}
    with pytest.raises(OperatorError) as missed:
        await app.onboarding.secrets.get("anything")
    assert missed.value.code == "key_vault_refused"


@pytest.mark.parametrize("kind", ["reset", "status"])
async def test_an_entra_that_fails_is_not_taken_for_a_refusal(
    app: App, microsoft: Microsoft, waits: list[float], kind: FaultKind
) -> None:
    """While nobody can get a token, ours is not wrong: no run fails for that, and no operator is called."""
    microsoft.entra_faults.add(Fault(kind=kind, status=503 if kind == "status" else 0, count=None))
    with pytest.raises(RetryLater):
        await app.onboarding.secrets.get("anything")
    assert sum(waits) <= PATIENCE


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
