"""What only an operator reaches, on Azurite and on the simulated Key Vault."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from azure.core.pipeline.transport import AioHttpTransport
from azure.identity.aio import DefaultAzureCredential
from azure.keyvault.secrets.aio import SecretClient
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient

from shared.adapters.builtin import BuiltinDestinations
from shared.adapters.key_vault import KeyVaultSecrets, KeyVaultVersions
from shared.adapters.system_clock import SystemClock
from shared.adapters.tables.accounts import TableAccounts, TableCustomers
from shared.adapters.tables.audit import TableAudit
from shared.adapters.tables.connections import TableConnections
from shared.adapters.tables.events import TableEvents
from shared.adapters.tables.fleet import TableFleet
from shared.adapters.tables.links import TableLinks
from shared.adapters.tables.listings import TableListings
from shared.adapters.tables.mirrors import TableMirrors
from shared.adapters.tables.reports import TableReports
from shared.adapters.tables.reviews import TableReviews
from shared.adapters.tables.runs import TableChanges, TableRuns
from shared.adapters.tables.traces import TableTraces
from shared.adapters.tables.webhooks import TableDeliveries
from shared.adapters.tables.whole import WholeTables
from shared.adapters.work_queues import StorageWorkQueues
from shared.core import messages
from shared.core.messages import QueueMessage
from tests.contract.contracts.operation import (
    AuditLogContract,
    FleetContract,
    SecretVersionsContract,
    TablesContract,
    WorkQueuesContract,
)
from tests.contract.contracts.psa_values import remote
from tests.contract.contracts.traces import CustomerTracesContract, Stores
from tests.contract.contracts.values import unique
from tests.integration.microsoft import Microsoft
from tests.integration.storage import OwnTables


class TestTableFleet(FleetContract):
    """The fleet."""

    @pytest.fixture
    def accounts(self, tables: OwnTables) -> TableAccounts:
        return TableAccounts(tables)

    @pytest.fixture
    def connections(self, tables: OwnTables) -> TableConnections:
        return TableConnections(tables)

    @pytest.fixture
    def fleet(self, tables: OwnTables) -> TableFleet:
        return TableFleet(tables)


class TestTableAudit(AuditLogContract):
    """The audit log."""

    @pytest.fixture
    def audit(self, tables: OwnTables) -> TableAudit:
        return TableAudit(tables)


class TestStorageWorkQueues(WorkQueuesContract):
    """The queues, with what the Functions host puts aside."""

    @pytest.fixture
    def name(self) -> str:
        return f"q-{unique()}"

    @pytest.fixture
    async def clients(
        self, azurite_connection_string: str, transport: AioHttpTransport, name: str
    ) -> AsyncIterator[list[QueueClient]]:
        clients = [
            QueueClient.from_connection_string(azurite_connection_string, each, transport=transport)
            for each in (name, f"{name}-poison")
        ]
        yield clients
        for client in clients:
            await client.close()

    @pytest.fixture
    def queues(self, clients: list[QueueClient], name: str) -> StorageWorkQueues:
        return StorageWorkQueues({name: (clients[0], clients[1])})

    @pytest.fixture
    def poisoned(
        self,
        azurite_connection_string: str,
        transport: AioHttpTransport,
        clients: list[QueueClient],
        name: str,
    ) -> Callable[[QueueMessage], Awaitable[None]]:
        encoding = QueueClient.from_connection_string(
            azurite_connection_string,
            f"{name}-poison",
            message_encode_policy=TextBase64EncodePolicy(),
            transport=transport,
        )
        made: list[str] = []

        async def put(message: QueueMessage) -> None:
            if not made:
                made.append(name)
                for client in clients:
                    await client.create_queue()
            await encoding.send_message(messages.encode(message).decode())

        return put

    @pytest.fixture
    def receive(
        self, azurite_connection_string: str, transport: AioHttpTransport, name: str
    ) -> Callable[[], Awaitable[list[QueueMessage]]]:
        import base64

        client = QueueClient.from_connection_string(azurite_connection_string, name, transport=transport)

        async def visible() -> list[QueueMessage]:
            return [
                messages.decode(base64.b64decode(message.content))
                async for message in client.receive_messages(messages_per_page=32)
            ]

        return visible


class TestKeyVaultVersions(SecretVersionsContract):
    """Versions in the vault."""

    @pytest.fixture
    async def client(
        self, microsoft: Microsoft, identity: DefaultAzureCredential, transport: AioHttpTransport
    ) -> AsyncIterator[SecretClient]:
        async with SecretClient(microsoft.vault_url, identity, transport=transport) as client:
            yield client

    @pytest.fixture
    def secrets(self, client: SecretClient) -> KeyVaultSecrets:
        return KeyVaultSecrets(client)

    @pytest.fixture
    def versions(self, client: SecretClient) -> KeyVaultVersions:
        return KeyVaultVersions(client)


class TestWholeTables(TablesContract):
    """All tables."""

    @pytest.fixture
    def tables(self, tables: OwnTables) -> WholeTables:
        return WholeTables(tables)


class TestTableTraces(CustomerTracesContract):
    """Traces in the tables."""

    @pytest.fixture
    def stores(self, tables: OwnTables) -> Stores:
        clock = SystemClock()
        return Stores(
            TableCustomers(tables),
            TableConnections(tables),
            TableRuns(tables),
            TableChanges(tables),
            TableMirrors(tables),
            TableReviews(tables),
            TableReports(tables),
            TableLinks(tables),
            TableEvents(tables, clock),
            TableDeliveries(tables),
            BuiltinDestinations(tables, clock),
            TableTraces(tables),
        )

    async def test_the_last_look_at_a_psa_is_forgotten(self, stores: Stores, tables: OwnTables) -> None:
        """Of the customer's own contacts, and of all of the account's, among which they were."""
        subject = await stores.furnish(unique(), "17")
        listings = TableListings(tables)
        for name in (subject.psa_account, f"{subject.psa_account} 17", f"{subject.psa_account} 18"):
            await listings.add_part(name, "v1", 0, [remote(1)])
        assert (await stores.traces.count(subject))["listings"] == 1
        async for _ in stores.traces.erase(subject):
            pass
        left = await tables.entities("listings")
        assert [entity["PartitionKey"] for entity in left] == ["atera=2017=2018"]
