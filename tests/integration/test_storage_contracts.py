"""The adapters on Table Storage and Queue Storage keep their ports' contracts, held on Azurite."""

import base64
from collections.abc import Awaitable, Callable

import pytest
from azure.storage.queue.aio import QueueClient

from shared.adapters.builtin import BuiltinDestination, BuiltinDestinations
from shared.adapters.queue import StorageQueue
from shared.adapters.system_clock import SystemClock
from shared.adapters.tables.accounts import TableAccounts, TableCustomers
from shared.adapters.tables.brakes import TableBrakes
from shared.adapters.tables.budgets import TableBudgets
from shared.adapters.tables.connections import TableConnections
from shared.adapters.tables.events import TableEvents
from shared.adapters.tables.mirrors import TableMirrors
from shared.adapters.tables.one_time import TableOneTime
from shared.adapters.tables.prices import TablePrices
from shared.adapters.tables.reports import TableReports
from shared.adapters.tables.reviews import TableReviews
from shared.adapters.tables.runs import TableChanges, TableRuns
from shared.adapters.tables.slots import TableSlots
from shared.adapters.tables.webhooks import TableDeliveries, TableWebhooks
from shared.core import messages
from shared.core.connection import Connection
from shared.core.messages import QueueMessage
from tests.contract.contracts.accounts import AccountStoreContract, CustomerStoreContract
from tests.contract.contracts.brakes import BrakeStoreContract
from tests.contract.contracts.budgets import BudgetsContract
from tests.contract.contracts.connections import ConnectionStoreContract, SlotStoreContract
from tests.contract.contracts.contacts import ContactStoreContract
from tests.contract.contracts.destination import DestinationContract
from tests.contract.contracts.events import EventStoreContract
from tests.contract.contracts.reviews import PriceStoreContract, ReportStoreContract, ReviewStoreContract
from tests.contract.contracts.runs import ChangeLogContract, MirrorStoreContract, RunStoreContract
from tests.contract.contracts.secrets import OneTimeStoreContract, QueueContract
from tests.contract.contracts.values import active, in_tenant, unique
from tests.contract.contracts.webhooks import DeliveryStoreContract, WebhookStoreContract
from tests.fakes import FakeClock
from tests.integration.storage import OwnTables


class TestTableAccounts(AccountStoreContract):
    """Accounts."""

    @pytest.fixture
    def accounts(self, tables: OwnTables) -> TableAccounts:
        return TableAccounts(tables)


class TestTableCustomers(CustomerStoreContract):
    """Customers."""

    @pytest.fixture
    def customers(self, tables: OwnTables) -> TableCustomers:
        return TableCustomers(tables)


class TestTableConnections(ConnectionStoreContract):
    """Connections."""

    @pytest.fixture
    def connections(self, tables: OwnTables) -> TableConnections:
        return TableConnections(tables)


class TestTableSlots(SlotStoreContract):
    """Slots of the schedule."""

    @pytest.fixture
    def slots(self, tables: OwnTables) -> TableSlots:
        return TableSlots(tables)


class TestTableRuns(RunStoreContract):
    """Runs."""

    @pytest.fixture
    def runs(self, tables: OwnTables) -> TableRuns:
        return TableRuns(tables)


class TestTableChanges(ChangeLogContract):
    """The change log."""

    @pytest.fixture
    def changes(self, tables: OwnTables) -> TableChanges:
        return TableChanges(tables)


class TestTableMirrors(MirrorStoreContract):
    """Mirrors."""

    @pytest.fixture
    def mirrors(self, tables: OwnTables) -> TableMirrors:
        return TableMirrors(tables)


class TestTableOneTime(OneTimeStoreContract):
    """One-time values."""

    @pytest.fixture
    def one_time(self, tables: OwnTables) -> TableOneTime:
        return TableOneTime(tables)


class TestBuiltinDestination(DestinationContract):
    """The built-in destination."""

    @pytest.fixture
    def customer(self) -> Connection:
        return active(unique())

    @pytest.fixture
    def destination(self, tables: OwnTables, customer: Connection) -> BuiltinDestination:
        return BuiltinDestinations(tables, SystemClock()).open(in_tenant(customer, "tenant"))

    @pytest.fixture
    def elsewhere(self, tables: OwnTables, customer: Connection) -> BuiltinDestination:
        return BuiltinDestinations(tables, SystemClock()).open(in_tenant(customer, "other tenant"))


class TestBuiltinContacts(ContactStoreContract):
    """The built-in destination from the other side."""

    @pytest.fixture
    def store(self, tables: OwnTables) -> BuiltinDestinations:
        return BuiltinDestinations(tables, SystemClock())


class TestTableReviews(ReviewStoreContract):
    """The review queue."""

    @pytest.fixture
    def reviews(self, tables: OwnTables) -> TableReviews:
        return TableReviews(tables)


class TestTableReports(ReportStoreContract):
    """Reports."""

    @pytest.fixture
    def reports(self, tables: OwnTables) -> TableReports:
        return TableReports(tables)


class TestTablePrices(PriceStoreContract):
    """Prices."""

    @pytest.fixture
    def prices(self, tables: OwnTables) -> TablePrices:
        return TablePrices(tables)


class TestTableEvents(EventStoreContract):
    """The feed."""

    @pytest.fixture
    def events(self, tables: OwnTables, clock: FakeClock) -> TableEvents:
        return TableEvents(tables, clock)


class TestTableWebhooks(WebhookStoreContract):
    """Webhook endpoints."""

    @pytest.fixture
    def webhooks(self, tables: OwnTables) -> TableWebhooks:
        return TableWebhooks(tables)


class TestTableDeliveries(DeliveryStoreContract):
    """Deliveries to webhook endpoints."""

    @pytest.fixture
    def deliveries(self, tables: OwnTables) -> TableDeliveries:
        return TableDeliveries(tables)


class TestTableBrakes(BrakeStoreContract):
    """Brakes."""

    @pytest.fixture
    def brakes(self, tables: OwnTables) -> TableBrakes:
        return TableBrakes(tables)


class TestTableBudgets(BudgetsContract):
    """Budgets."""

    @pytest.fixture
    def budgets(self, tables: OwnTables, clock: FakeClock) -> TableBudgets:
        return TableBudgets(tables, clock)


class TestStorageQueue(QueueContract):
    """The queue of work."""

    @pytest.fixture
    def queue(self, queue_client: QueueClient) -> StorageQueue:
        return StorageQueue(queue_client)

    @pytest.fixture
    def receive(self, queue_client: QueueClient) -> Callable[[], Awaitable[list[QueueMessage]]]:
        async def visible() -> list[QueueMessage]:
            received: list[QueueMessage] = []
            async for message in queue_client.receive_messages(messages_per_page=32):
                received.append(messages.decode(base64.b64decode(message.content)))
                await queue_client.delete_message(message)
            return received

        return visible
