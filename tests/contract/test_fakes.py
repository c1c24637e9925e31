"""The fakes keep the contracts that the real adapters are held to."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from shared.core.connection import Connection
from shared.core.messages import QueueMessage
from shared.ports import Destination
from tests.contract.contracts.accounts import AccountStoreContract, CustomerStoreContract
from tests.contract.contracts.brakes import BrakeStoreContract
from tests.contract.contracts.budgets import BudgetsContract
from tests.contract.contracts.connections import ConnectionStoreContract, SlotStoreContract
from tests.contract.contracts.contacts import ContactStoreContract
from tests.contract.contracts.destination import DestinationContract
from tests.contract.contracts.events import EventStoreContract
from tests.contract.contracts.reviews import PriceStoreContract, ReportStoreContract, ReviewStoreContract
from tests.contract.contracts.runs import ChangeLogContract, MirrorStoreContract, RunStoreContract
from tests.contract.contracts.secrets import OneTimeStoreContract, QueueContract, SecretsContract
from tests.contract.contracts.values import active, in_tenant, unique
from tests.contract.contracts.webhooks import DeliveryStoreContract, WebhookStoreContract
from tests.fakes import (
    FakeAccountStore,
    FakeChangeLog,
    FakeClock,
    FakeConnectionStore,
    FakeContactStore,
    FakeCustomerStore,
    FakeMirrorStore,
    FakeOneTimeStore,
    FakeQueue,
    FakeRunStore,
    FakeSecrets,
    FakeSlotStore,
)
from tests.fakes.brakes import FakeBrakes
from tests.fakes.budgets import FakeBudgets
from tests.fakes.events import FakeEventStore
from tests.fakes.stores import FakePrices, FakeReports, FakeReviews
from tests.fakes.webhooks import FakeDeliveryStore, FakeWebhookStore


class TestFakeAccountStore(AccountStoreContract):
    """Accounts in memory."""

    @pytest.fixture
    def accounts(self) -> FakeAccountStore:
        return FakeAccountStore()


class TestFakeCustomerStore(CustomerStoreContract):
    """Customers in memory."""

    @pytest.fixture
    def customers(self) -> FakeCustomerStore:
        return FakeCustomerStore()


class TestFakeConnectionStore(ConnectionStoreContract):
    """Connections in memory."""

    @pytest.fixture
    def connections(self) -> FakeConnectionStore:
        return FakeConnectionStore(page_size=10)


class TestFakeSlotStore(SlotStoreContract):
    """Slots in memory."""

    @pytest.fixture
    def slots(self) -> FakeSlotStore:
        return FakeSlotStore()


class TestFakeRunStore(RunStoreContract):
    """Runs in memory."""

    @pytest.fixture
    def runs(self) -> FakeRunStore:
        return FakeRunStore()


class TestFakeChangeLog(ChangeLogContract):
    """The change log in memory."""

    @pytest.fixture
    def changes(self) -> FakeChangeLog:
        return FakeChangeLog()


class TestFakeMirrorStore(MirrorStoreContract):
    """Mirrors in memory."""

    @pytest.fixture
    def mirrors(self) -> FakeMirrorStore:
        return FakeMirrorStore()


class TestFakeOneTimeStore(OneTimeStoreContract):
    """One-time values in memory."""

    @pytest.fixture
    def one_time(self) -> FakeOneTimeStore:
        return FakeOneTimeStore()


class TestFakeEventStore(EventStoreContract):
    """The feed in memory."""

    @pytest.fixture
    def events(self, clock: FakeClock) -> FakeEventStore:
        return FakeEventStore(clock)


class TestFakeWebhookStore(WebhookStoreContract):
    """Endpoints in memory."""

    @pytest.fixture
    def webhooks(self) -> FakeWebhookStore:
        return FakeWebhookStore()


class TestFakeDeliveryStore(DeliveryStoreContract):
    """Deliveries in memory."""

    @pytest.fixture
    def deliveries(self) -> FakeDeliveryStore:
        return FakeDeliveryStore()


class TestFakeSecrets(SecretsContract):
    """Secrets in memory."""

    @pytest.fixture
    def secrets(self) -> FakeSecrets:
        return FakeSecrets()


class TestFakeQueue(QueueContract):
    """The queue in memory."""

    @pytest.fixture
    def queue(self) -> FakeQueue:
        return FakeQueue(FakeClock())

    @pytest.fixture
    def receive(self, queue: FakeQueue) -> Callable[[], Awaitable[list[QueueMessage]]]:
        async def visible() -> list[QueueMessage]:
            now: datetime = queue.clock.now()
            received: list[QueueMessage] = []
            while (message := queue.take(until=now)) is not None:
                received.append(message)
            return received

        return visible


class TestFakeDestination(DestinationContract):
    """The built-in destination in memory."""

    @pytest.fixture
    def store(self) -> FakeContactStore:
        return FakeContactStore(FakeClock(), page_size=100)

    @pytest.fixture
    def customer(self) -> Connection:
        return active(unique())

    @pytest.fixture
    def destination(self, store: FakeContactStore, customer: Connection) -> Destination:
        return store.open(in_tenant(customer, "tenant"))

    @pytest.fixture
    def elsewhere(self, store: FakeContactStore, customer: Connection) -> Destination:
        return store.open(in_tenant(customer, "other tenant"))


class TestFakeContactStore(ContactStoreContract):
    """Its contacts from the other side."""

    @pytest.fixture
    def store(self) -> FakeContactStore:
        return FakeContactStore(FakeClock())


class TestFakeReviews(ReviewStoreContract):
    """The review queue in memory."""

    @pytest.fixture
    def reviews(self) -> FakeReviews:
        return FakeReviews()


class TestFakeReports(ReportStoreContract):
    """Reports in memory."""

    @pytest.fixture
    def reports(self) -> FakeReports:
        return FakeReports()


class TestFakePrices(PriceStoreContract):
    """Prices in memory."""

    @pytest.fixture
    def prices(self) -> FakePrices:
        return FakePrices()


class TestFakeBrakes(BrakeStoreContract):
    """Brakes in memory."""

    @pytest.fixture
    def brakes(self) -> FakeBrakes:
        return FakeBrakes()


class TestFakeBudgets(BudgetsContract):
    """Budgets in memory."""

    @pytest.fixture
    def budgets(self, clock: FakeClock) -> FakeBudgets:
        return FakeBudgets(clock)
