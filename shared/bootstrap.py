"""The only place that names concrete adapters."""

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.settings import settings as azure_settings
from azure.data.tables.aio import TableServiceClient
from azure.identity import ManagedIdentityCredential
from azure.identity.aio import DefaultAzureCredential
from azure.keyvault.secrets.aio import SecretClient
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient

from shared.adapters.bounded_http import BoundedClient
from shared.adapters.builtin import BuiltinDestinations
from shared.adapters.entra.applications import Applications
from shared.adapters.entra.credential import ServiceCredential
from shared.adapters.entra.id_tokens import IdTokens
from shared.adapters.entra.sign_in import EntraSignIn
from shared.adapters.entra.tenants import EntraTenants
from shared.adapters.graph.directory import GraphDirectories
from shared.adapters.graph.limits import SharedLimits
from shared.adapters.key_vault import KeyVaultSecrets
from shared.adapters.psa.accounts import Psas
from shared.adapters.psa.routing import AccountRoutes
from shared.adapters.queue import DELIVERY_QUEUE_NAME, PUBLISH_QUEUE_NAME, QUEUE_NAME, StorageQueue
from shared.adapters.system_clock import SystemClock
from shared.adapters.tables.account_destinations import TableAccountDestinations, TableCustomFields
from shared.adapters.tables.accounts import TableAccounts, TableCustomers
from shared.adapters.tables.brakes import TableBrakes
from shared.adapters.tables.budgets import TableBudgets
from shared.adapters.tables.connections import TableConnections
from shared.adapters.tables.events import TableEvents
from shared.adapters.tables.links import TableLinks
from shared.adapters.tables.listings import TableListings
from shared.adapters.tables.mirrors import TableMirrors
from shared.adapters.tables.one_time import TableOneTime
from shared.adapters.tables.prices import TablePrices
from shared.adapters.tables.reports import TableReports
from shared.adapters.tables.reviews import TableReviews
from shared.adapters.tables.runs import TableChanges, TableRuns
from shared.adapters.tables.slots import TableSlots
from shared.adapters.tables.webhooks import TableDeliveries, TableWebhooks
from shared.adapters.traced_transport import TracedTransport
from shared.adapters.webhooks import WebhookReceivers
from shared.app import App, Outside, wire
from shared.logs import quiet_libraries
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.operations import Operations

_SDK_RETRIES = 4  # the SDK's own ten can take minutes, which a queue message would rather wait in the queue
_GRAPH_TIMEOUT = httpx.Timeout(60.0, connect=15.0)


_app: App | None = None


def get_app() -> App:
    """The app of this process, built on first use; to be called in the event loop that uses it.

    Raises SettingsError.
    """
    global _app  # noqa: PLW0603 - one process, one app
    if _app is None:
        _app = build(Settings.from_environment(os.environ))
    return _app


def build(settings: Settings) -> App:
    """The app on Azure's services and Microsoft's."""
    return _built(settings).app


def new_operations() -> "Operations":
    """The operator's services for one call of the command line. Raises SettingsError."""
    return build_operations(Settings.from_environment(os.environ))


def build_operations(settings: Settings) -> "Operations":
    """The operator's services, and the app with them."""
    # Imported here: no function of the app needs them.
    from shared.adapters.entra.proof import EntraProof
    from shared.adapters.key_vault import KeyVaultVersions
    from shared.adapters.operator import LocalOperator, SignedInOperator
    from shared.adapters.tables.audit import TableAudit
    from shared.adapters.tables.fleet import TableFleet
    from shared.adapters.tables.traces import TableTraces
    from shared.adapters.tables.whole import WholeTables
    from shared.adapters.work_queues import StorageWorkQueues
    from shared.operations import Office, wire_operations

    built = _built(settings)
    tables, queues = built.tables, {}
    options = built.options("queue") | {"message_encode_policy": None}  # what lies there is moved as it is
    for name in (QUEUE_NAME, PUBLISH_QUEUE_NAME, DELIVERY_QUEUE_NAME):
        both = (name, f"{name}-poison")
        queue, poison = (_queue(settings, built.identity, options, one) for one in both)
        queues[name] = (queue, poison)
    by_key = settings.storage_connection_string is not None
    office = Office(
        fleet=TableFleet(tables),
        audit=TableAudit(tables),
        who=LocalOperator() if by_key else SignedInOperator(built.identity),
        queues=StorageWorkQueues(queues),
        versions=KeyVaultVersions(built.vault),
        proof=EntraProof(settings, built.applications),
        traces=TableTraces(tables),
        tables=WholeTables(tables),
    )
    return wire_operations(built.app, built.outside, office)


@dataclass(frozen=True, slots=True)
class _Built:
    """The app, and what it was made of."""

    app: App
    outside: Outside
    tables: TableServiceClient
    vault: SecretClient
    identity: AsyncTokenCredential
    applications: Applications
    options: Callable[[str], dict[str, Any]]


def _built(settings: Settings) -> _Built:
    quiet_libraries()
    azure_settings.tracing_enabled = False  # see TracedTransport
    flush = _exporting(settings)
    clock = SystemClock()
    # One TLS context and two pools for the process: a context costs 15 ms, a handshake another round trip.
    tls = ssl.create_default_context()
    session = _session(tls)
    http = BoundedClient(verify=tls, timeout=_GRAPH_TIMEOUT, trust_env=False, follow_redirects=False)
    transport = AioHttpTransport(session=session, session_owner=False)

    def options(system: str) -> dict[str, Any]:
        return {"transport": TracedTransport(transport, system), "retry_total": _SDK_RETRIES}

    identity = DefaultAzureCredential(transport=TracedTransport(transport, "identity"))
    tables = _tables(settings, identity, options("tables"))
    names = (QUEUE_NAME, PUBLISH_QUEUE_NAME, DELIVERY_QUEUE_NAME)
    queues = [_queue(settings, identity, options("queue"), name) for name in names]
    queue, notices, outgoing = map(StorageQueue, queues)
    vault = SecretClient(settings.key_vault_url, identity, **options("key_vault"))

    secrets = KeyVaultSecrets(vault)
    applications = Applications(settings, ServiceCredential(settings, secrets, _assertion(settings)))
    budgets = TableBudgets(tables, clock)
    limits = SharedLimits(budgets, clock)
    psas = Psas(
        settings,
        http,
        budgets=budgets,
        listings=TableListings(tables),
        custom_fields=TableCustomFields(tables),
        clock=clock,
    )
    builtin, links = BuiltinDestinations(tables, clock), TableLinks(tables)
    receivers = WebhookReceivers(tls, settings.webhook_networks)
    outside = Outside(
        clock=clock,
        queue=queue,
        notices=notices,
        outgoing=outgoing,
        accounts=TableAccounts(tables),
        customers=TableCustomers(tables),
        connections=TableConnections(tables),
        runs=TableRuns(tables),
        changes=TableChanges(tables),
        mirrors=TableMirrors(tables),
        reviews=TableReviews(tables),
        reports=TableReports(tables),
        prices=TablePrices(tables),
        one_time=TableOneTime(tables),
        slots=TableSlots(tables),
        brakes=TableBrakes(tables),
        events=TableEvents(tables, clock),
        webhooks=TableWebhooks(tables),
        deliveries=TableDeliveries(tables),
        account_destinations=TableAccountDestinations(tables),
        secrets=secrets,
        directories=GraphDirectories(settings, http, applications, secrets, clock, limits=limits),
        identity=EntraSignIn(settings, applications, IdTokens(settings, http)),
        tenants=EntraTenants(settings, http),
        psas=psas,
        receivers=receivers,
        routes=lambda accounts: AccountRoutes(
            builtin, builtin, psas, accounts=accounts, links=links, secrets=secrets, clock=clock
        ),
    )

    async def close_applications() -> None:
        await asyncio.to_thread(applications.close)

    closers = (
        tables.close,
        *(client.close for client in queues),
        receivers.close,
        vault.close,
        identity.close,
        session.close,
        http.aclose,
        close_applications,
        *flush,
    )
    app = wire(settings, outside, closers)
    return _Built(app, outside, tables, vault, identity, applications, options)


def _exporting(settings: Settings) -> tuple[Callable[[], Awaitable[None]], ...]:
    if not settings.exports_telemetry:
        return ()
    from shared.telemetry import export

    return (export.start(),)


def _session(tls: ssl.SSLContext) -> aiohttp.ClientSession:
    # As azure-core would make it, but one for all clients: its connections and its TLS context are reused.
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=tls), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    )


def _tables(
    settings: Settings, identity: AsyncTokenCredential, options: dict[str, Any]
) -> TableServiceClient:
    if settings.storage_connection_string:
        return TableServiceClient.from_connection_string(settings.storage_connection_string, **options)
    return TableServiceClient(settings.storage_table_url or "", credential=identity, **options)


def _queue(
    settings: Settings, identity: AsyncTokenCredential, options: dict[str, Any], name: str
) -> QueueClient:
    # This SDK has pauses of its own, which would come to a minute and a half.
    pauses = {"initial_backoff": 1, "increment_base": 2, "random_jitter_range": 1}
    options = {"message_encode_policy": TextBase64EncodePolicy()} | options | pauses
    if settings.storage_connection_string:
        return QueueClient.from_connection_string(settings.storage_connection_string, name, **options)
    return QueueClient(settings.storage_queue_url or "", name, credential=identity, **options)


def _assertion(settings: Settings) -> Callable[[], str]:
    """Tokens of the managed identity that the app registration trusts; blocking, as MSAL calls it."""
    client_id = settings.entra_managed_identity_client_id
    if client_id is None:
        return str
    identity = ManagedIdentityCredential(client_id=client_id)
    scope = f"{settings.entra_exchange_audience}/.default"
    return lambda: identity.get_token(scope).token
