"""The fakes of what only an operator reaches keep the contracts that the real adapters are held to."""

from collections.abc import Awaitable, Callable

import pytest

from shared.core.messages import QueueMessage
from tests.contract.contracts.operation import (
    AuditLogContract,
    FleetContract,
    SecretVersionsContract,
    TablesContract,
    WorkQueuesContract,
)
from tests.contract.contracts.traces import CustomerTracesContract, Stores
from tests.fakes import FakeAccountStore, FakeClock, FakeConnectionStore, FakeQueue, FakeSecrets, World
from tests.fakes.operation import FakeAudit, FakeFleet, FakeTables, FakeTraces, FakeVersions, FakeWorkQueues


class TestFakeFleet(FleetContract):
    """The fleet in memory."""

    @pytest.fixture
    def accounts(self) -> FakeAccountStore:
        return FakeAccountStore()

    @pytest.fixture
    def connections(self) -> FakeConnectionStore:
        return FakeConnectionStore()

    @pytest.fixture
    def fleet(self, accounts: FakeAccountStore, connections: FakeConnectionStore) -> FakeFleet:
        return FakeFleet(accounts, connections)


class TestFakeAudit(AuditLogContract):
    """The audit log in memory."""

    @pytest.fixture
    def audit(self) -> FakeAudit:
        return FakeAudit()


class TestFakeWorkQueues(WorkQueuesContract):
    """The queues in memory."""

    @pytest.fixture
    def queue(self) -> FakeQueue:
        return FakeQueue(FakeClock())

    @pytest.fixture
    def queues(self, queue: FakeQueue) -> FakeWorkQueues:
        return FakeWorkQueues(sync_requests=queue)

    @pytest.fixture
    def name(self) -> str:
        return "sync-requests"

    @pytest.fixture
    def poisoned(self, queues: FakeWorkQueues) -> Callable[[QueueMessage], Awaitable[None]]:
        async def put(message: QueueMessage) -> None:
            queues.poison["sync-requests"].append(message)

        return put

    @pytest.fixture
    def receive(self, queue: FakeQueue) -> Callable[[], Awaitable[list[QueueMessage]]]:
        async def visible() -> list[QueueMessage]:
            received = []
            while (message := queue.take()) is not None:
                received.append(message)
            return received

        return visible


class TestFakeVersions(SecretVersionsContract):
    """Versions in memory."""

    @pytest.fixture
    def secrets(self) -> FakeSecrets:
        return FakeSecrets()

    @pytest.fixture
    def versions(self, secrets: FakeSecrets) -> FakeVersions:
        return FakeVersions(secrets, FakeClock())


class TestFakeTables(TablesContract):
    """Tables in memory."""

    @pytest.fixture
    def tables(self) -> FakeTables:
        return FakeTables()


class TestFakeTraces(CustomerTracesContract):
    """Traces in memory."""

    @pytest.fixture
    def stores(self) -> Stores:
        world = World()
        return Stores(
            world.customers,
            world.connections,
            world.runs,
            world.changes,
            world.mirrors,
            world.reviews,
            world.reports,
            world.links,
            world.events,
            world.deliveries,
            world.contacts,
            FakeTraces(world),
        )
