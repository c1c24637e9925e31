"""The only place that names concrete adapters."""

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import httpx
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline.transport import AioHttpTransport
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
from shared.adapters.webhooks import WebhookReceivers
from shared.logs import quiet_libraries
from shared.ports import ChangeLog, Clock, ContactStores, EventStore, PriceStore, ReportStore
from shared.services.access import Access
from shared.services.account_setup import AccountSetup
from shared.services.api_keys import ApiKeys
from shared.services.browsing import Browsing
from shared.services.candidates import Candidates
from shared.services.customers import Customers
from shared.services.delivering import Deliverer, SecretsAtHand
from shared.services.dispatching import Dispatcher
from shared.services.fan_out import FanOut
from shared.services.holding import Holding
from shared.services.housekeeping import Housekeeping
from shared.services.idempotency import Idempotency
from shared.services.issues import Issues
from shared.services.onboarding import Onboarding
from shared.services.outbox import TellingConnections, TellingDestinations, TellingRuns
from shared.services.overview import Overview
from shared.services.pausing import Pausing
from shared.services.preview import PreviewRunner, PreviewWorker
from shared.services.proving import Proving
from shared.services.publishing import Publisher
from shared.services.reading import DirectoryReading
from shared.services.review_queue import ReviewQueue
from shared.services.run_control import RunControl
from shared.services.scheduling import Scheduling
from shared.services.setup_choices import SetupChoices
from shared.services.setup_links import SetupLinks
from shared.services.setups import Setups
from shared.services.sync_run import SyncRunner
from shared.services.user_run import UserRunner
from shared.services.webhook_endpoints import WebhookEndpoints
from shared.services.worker import Worker
from shared.settings import Settings

_EXCHANGE_SCOPE = "api://AzureADTokenExchange/.default"
_SDK_RETRIES = 4  # the SDK's own ten can take minutes, which a queue message would rather wait in the queue
_GRAPH_TIMEOUT = httpx.Timeout(60.0, connect=15.0)


@dataclass(frozen=True, slots=True)
class App:
    """The services, wired."""

    settings: Settings
    clock: Clock
    access: Access
    api_keys: ApiKeys
    issues: Issues
    idempotency: Idempotency
    customers: Customers
    runs: RunControl
    reviews: ReviewQueue
    candidates: Candidates
    reports: ReportStore
    overview: Overview
    prices: PriceStore
    browsing: Browsing
    pausing: Pausing
    onboarding: Onboarding
    proving: Proving
    setup_links: SetupLinks
    setups: Setups
    setup_choices: SetupChoices
    changes: ChangeLog
    contacts: ContactStores
    account_setup: AccountSetup
    worker: Worker
    previews: PreviewWorker
    fan_out: FanOut
    housekeeping: Housekeeping
    events: EventStore
    publisher: Publisher
    webhooks: WebhookEndpoints
    deliverer: Deliverer
    closers: tuple[Callable[[], Awaitable[object]], ...] = field(default=(), repr=False)

    async def close(self) -> None:
        """Give every connection back."""
        for close in self.closers:
            await close()


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
    quiet_libraries()
    clock = SystemClock()
    # One TLS context and two pools for the process: a context costs 15 ms, a handshake another round trip.
    tls = ssl.create_default_context()
    session = _session(tls)
    http = BoundedClient(verify=tls, timeout=_GRAPH_TIMEOUT, trust_env=False, follow_redirects=False)
    transport = AioHttpTransport(session=session, session_owner=False)
    identity = DefaultAzureCredential(transport=transport)
    options: dict[str, Any] = {"transport": transport, "retry_total": _SDK_RETRIES}
    tables = _tables(settings, identity, options)
    queue_client = _queue(settings, identity, options, QUEUE_NAME)
    publish_client = _queue(settings, identity, options, PUBLISH_QUEUE_NAME)
    delivery_client = _queue(settings, identity, options, DELIVERY_QUEUE_NAME)
    vault = SecretClient(settings.key_vault_url, identity, **options)

    secrets = KeyVaultSecrets(vault)
    queue, notices = StorageQueue(queue_client), StorageQueue(publish_client)
    applications = Applications(settings, ServiceCredential(settings, secrets, _assertion(settings)))
    budgets = TableBudgets(tables, clock)
    limits = SharedLimits(budgets, clock)
    directories = GraphDirectories(settings, http, applications, secrets, clock, limits=limits)
    customers = TableCustomers(tables)
    account_destinations = TellingDestinations(TableAccountDestinations(tables), notices, clock)
    psas = Psas(
        settings,
        http,
        budgets=budgets,
        listings=TableListings(tables),
        custom_fields=TableCustomFields(tables),
        clock=clock,
    )
    builtin = BuiltinDestinations(tables, clock)
    destinations = AccountRoutes(
        builtin,
        builtin,
        psas,
        accounts=account_destinations,
        links=TableLinks(tables),
        secrets=secrets,
        clock=clock,
    )
    connections = TellingConnections(TableConnections(tables), notices, clock)
    runs, changes = TellingRuns(TableRuns(tables), notices), TableChanges(tables)
    mirrors, one_time = TableMirrors(tables), TableOneTime(tables)
    reviews, reports, prices = TableReviews(tables), TableReports(tables), TablePrices(tables)
    events = TableEvents(tables, clock)
    webhooks, deliveries, outgoing = (
        TableWebhooks(tables),
        TableDeliveries(tables),
        StorageQueue(delivery_client),
    )
    dispatcher = Dispatcher(webhooks, deliveries, outgoing)
    receivers = WebhookReceivers(tls, settings.webhook_networks)
    reading, holding = DirectoryReading(directories, mirrors), Holding(runs, changes, queue, clock)
    runner = SyncRunner(
        reading=reading,
        destinations=destinations,
        mirrors=mirrors,
        runs=runs,
        changes=changes,
        reviews=reviews,
        reports=reports,
        holding=holding,
        clock=clock,
        time_budget=settings.sync_time_budget,
    )
    user_runner = UserRunner(reading, directories, destinations, runs, changes, reviews, clock)
    preview_runner = PreviewRunner(connections, runs, reading, destinations, changes, reviews, clock)
    scheduling = Scheduling(queue, clock, settings.sync_schedule, settings.sync_spread)
    fan_out = FanOut(
        connections, TableSlots(tables), queue, clock, settings.sync_schedule, settings.sync_spread
    )

    run_control = RunControl(connections, runs, queue, clock)
    browsing = Browsing(directories, mirrors)
    setups = Setups(connections, runs, run_control, directories, scheduling, queue, clock)

    async def close_applications() -> None:
        await asyncio.to_thread(applications.close)

    accounts = TableAccounts(tables)
    access = Access(accounts, one_time, connections, clock)
    proving = Proving(connections, directories, scheduling, queue, clock)
    onboarding = Onboarding(
        connections,
        one_time,
        EntraSignIn(settings, applications, IdTokens(settings, http)),
        secrets,
        mirrors,
        clock,
        settings.redirect_uri,
        f"{settings.public_url}/connect/start",
        proving,
        account_destinations,
    )
    return App(
        settings=settings,
        clock=clock,
        access=access,
        api_keys=ApiKeys(accounts, clock),
        issues=Issues(connections, account_destinations, reviews, clock),
        idempotency=Idempotency(one_time, clock),
        customers=Customers(customers, connections, clock, scheduling),
        runs=run_control,
        reviews=ReviewQueue(reviews, notices, clock),
        candidates=Candidates(mirrors, destinations),
        reports=reports,
        overview=Overview(customers, connections, reports, prices),
        prices=prices,
        browsing=browsing,
        pausing=Pausing(connections, scheduling, clock),
        onboarding=onboarding,
        proving=proving,
        setup_links=SetupLinks(connections, onboarding, access, clock, f"{settings.public_url}/portal/setup"),
        setups=setups,
        setup_choices=SetupChoices(browsing, directories, clock),
        changes=changes,
        contacts=destinations,
        account_setup=AccountSetup(
            account_destinations, psas, secrets, customers, EntraTenants(settings, http), queue, clock
        ),
        worker=Worker(
            connections,
            runs,
            runner,
            user_runner,
            holding,
            queue,
            clock,
            settings.sync_lease,
            settings.sync_spread,
        ),
        previews=PreviewWorker(preview_runner, queue),
        fan_out=fan_out,
        housekeeping=Housekeeping(one_time, fan_out, events, deliveries, clock),
        events=events,
        publisher=Publisher(
            connections.inner,
            runs.inner,
            account_destinations.inner,
            reviews,
            webhooks,
            events,
            dispatcher,
            notices,
            clock,
        ),
        webhooks=WebhookEndpoints(webhooks, deliveries, dispatcher, secrets, receivers, outgoing, clock),
        deliverer=Deliverer(
            webhooks, deliveries, SecretsAtHand(secrets, clock), receivers, outgoing, notices, clock
        ),
        closers=(
            tables.close,
            queue_client.close,
            publish_client.close,
            delivery_client.close,
            receivers.close,
            vault.close,
            identity.close,
            session.close,
            http.aclose,
            close_applications,
        ),
    )


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
    options = options | pauses | {"message_encode_policy": TextBase64EncodePolicy()}
    if settings.storage_connection_string:
        return QueueClient.from_connection_string(settings.storage_connection_string, name, **options)
    return QueueClient(settings.storage_queue_url or "", name, credential=identity, **options)


def _assertion(settings: Settings) -> Callable[[], str]:
    """Tokens of the managed identity that the app registration trusts; blocking, as MSAL calls it."""
    client_id = settings.entra_managed_identity_client_id
    if client_id is None:
        return str
    identity = ManagedIdentityCredential(client_id=client_id)
    return lambda: identity.get_token(_EXCHANGE_SCOPE).token
