"""Everything outside the app in memory, and apps to put into it."""

from typing import Any

import httpx

from shared.adapters.psa.accounts import Psas
from shared.adapters.psa.routing import AccountRoutes
from shared.app import App, Outside, wire
from shared.core.configuration import Configuration
from shared.core.connection import Connection, Grant
from shared.core.customer import Customer
from shared.core.run import Run, RunKind, Trigger
from shared.operations import Office, Operations, wire_operations
from shared.services.onboarding import Connected, Redirect
from shared.settings import Settings
from tests.fakes.brakes import FakeBrakes
from tests.fakes.budgets import FakeBudgets
from tests.fakes.clock import FakeClock
from tests.fakes.destination import FakeContactStore
from tests.fakes.directory import FakeDirectories, FakeDirectory
from tests.fakes.events import FakeEventStore
from tests.fakes.host import QueueHost
from tests.fakes.identity import FakeIdentityProvider, admin
from tests.fakes.operation import (
    FakeAudit,
    FakeFleet,
    FakeTables,
    FakeTraces,
    FakeVersions,
    FakeWho,
    FakeWorkQueues,
)
from tests.fakes.process import Process
from tests.fakes.psa import (
    FakeAccountDestinations,
    FakeCustomFields,
    FakeLinkStore,
    FakeListingStore,
    FakeTenants,
)
from tests.fakes.queue import FakeQueue
from tests.fakes.stores import (
    FakeAccountStore,
    FakeChangeLog,
    FakeConnectionStore,
    FakeCustomerStore,
    FakeMirrorStore,
    FakeOneTimeStore,
    FakePrices,
    FakeReports,
    FakeReviews,
    FakeRunStore,
    FakeSecrets,
    FakeSlotStore,
)
from tests.fakes.webhooks import FakeDeliveryStore, FakeReceivers, FakeWebhookStore

ACCOUNT = "acc0acc0acc0acc0"
TENANT = "7e4a47e4-0000-4000-8000-000000000001"


def _nobody(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody is there", request=request)


def settings(**overrides: object) -> Settings:
    """Complete settings; `overrides` go by the names of the fields."""
    environment = {
        "PUBLIC_URL": "https://tenantry.example",
        "KEY_VAULT_URL": "https://vault.example",
        "ENTRA_CLIENT_ID": "00000000-0000-4000-8000-0000000000aa",
        "ENTRA_CLIENT_SECRET_NAME": "entra-client-secret",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    }
    return Settings.from_environment(environment).model_copy(update=overrides)


class World(QueueHost):
    """The outside: what every store, queue and tenant holds, and the clock.

    `app` runs in a process that lives on; `start_app` makes another one, for instance one that gets killed.
    """

    def __init__(
        self,
        app_settings: Settings | None = None,
        *,
        batch_size: int = 100,
        http: httpx.AsyncClient | None = None,
        clock: FakeClock | None = None,
    ) -> None:
        """`http`: leads to PSAs; without it none can be reached."""
        self.settings = app_settings or settings()
        self.clock = clock or FakeClock()
        self.queue, self.notices = FakeQueue(self.clock), FakeQueue(self.clock, "publish-requests")
        self.outgoing, self.receivers = FakeQueue(self.clock, "webhook-deliveries"), FakeReceivers()
        self.webhooks, self.deliveries = FakeWebhookStore(), FakeDeliveryStore()
        self.secrets = FakeSecrets()
        self.accounts = FakeAccountStore()
        self.customers = FakeCustomerStore()
        self.connections = FakeConnectionStore()
        self.runs = FakeRunStore()
        self.changes = FakeChangeLog()
        self.mirrors = FakeMirrorStore()
        self.reviews = FakeReviews()
        self.reports, self.prices = FakeReports(), FakePrices()
        self.one_time = FakeOneTimeStore()
        self.slots, self.brakes = FakeSlotStore(), FakeBrakes()
        self.events = FakeEventStore(self.clock)
        self.contacts = FakeContactStore(self.clock, batch_size=batch_size)
        self.account_destinations = FakeAccountDestinations()
        self.links, self.listings = FakeLinkStore(), FakeListingStore()
        self.custom_fields, self.budgets = FakeCustomFields(), FakeBudgets(self.clock)
        self.tenants = FakeTenants()
        self.http = http or httpx.AsyncClient(transport=httpx.MockTransport(_nobody))
        self.directories = FakeDirectories()
        self.identity = FakeIdentityProvider(self.directories)
        self.poison = []
        self.fleet, self.audit = FakeFleet(self.accounts, self.connections), FakeAudit()
        self.tables = FakeTables()
        self.versions = FakeVersions(self.secrets, self.clock)
        self.work_queues = FakeWorkQueues(
            sync_requests=self.queue, publish_requests=self.notices, webhook_deliveries=self.outgoing
        )
        self.app = self.start_app()

    def start_app(self, process: Process | None = None) -> App:
        """The app in a process of its own; the world is the same for all of them."""
        return self._wired(process or Process())[0]

    def _wired(self, process: Process) -> tuple[App, Outside]:
        port, clock = process.port, self.clock
        secrets, contacts, links = port(self.secrets), port(self.contacts), port(self.links)
        psas = Psas(
            self.settings,
            port(self.http),
            budgets=port(self.budgets),
            listings=port(self.listings),
            custom_fields=port(self.custom_fields),
            clock=clock,
        )
        outside = Outside(
            clock=clock,
            queue=port(self.queue),
            notices=port(self.notices),
            outgoing=port(self.outgoing),
            accounts=port(self.accounts),
            customers=port(self.customers),
            connections=port(self.connections),
            runs=port(self.runs),
            changes=port(self.changes),
            mirrors=port(self.mirrors),
            reviews=port(self.reviews),
            reports=port(self.reports),
            prices=port(self.prices),
            one_time=port(self.one_time),
            slots=port(self.slots),
            brakes=port(self.brakes),
            events=port(self.events),
            webhooks=port(self.webhooks),
            deliveries=port(self.deliveries),
            account_destinations=port(self.account_destinations),
            secrets=secrets,
            directories=port(self.directories),
            identity=port(self.identity),
            tenants=port(self.tenants),
            psas=psas,
            receivers=port(self.receivers),
            routes=lambda accounts: AccountRoutes(
                contacts, contacts, psas, accounts=accounts, links=links, secrets=secrets, clock=clock
            ),
        )
        return wire(self.settings, outside), outside

    def start_operations(self, process: Process | None = None) -> Operations:
        """The operator's services in a process of its own."""
        process = process or Process()
        port = process.port
        office = Office(
            fleet=port(self.fleet),
            audit=port(self.audit),
            who=FakeWho(),
            queues=port(self.work_queues),
            versions=port(self.versions),
            proof=port(self.versions),
            traces=port(FakeTraces(self)),
            tables=port(self.tables),
        )
        return wire_operations(*self._wired(process), office)

    # Shortcuts that go through the app.

    def tenant(self, tenant_id: str = TENANT, *people: str) -> FakeDirectory:
        """A new tenant with these people in it; nobody consented yet."""
        tenant = self.directories.add(FakeDirectory(tenant_id, consented=False))
        for person in people:
            tenant.hire(person)
        return tenant

    async def customer(self, customer_id: str = "c-1", account_id: str = ACCOUNT) -> Customer:
        customer, _ = await self.app.customers.put(account_id, customer_id, f"Customer {customer_id}", ())
        return customer

    async def connect(
        self,
        tenant: FakeDirectory,
        customer: Customer | None = None,
        grant: Grant = Grant.APPLICATION,
        *,
        set_up: bool = False,
    ) -> Connection:
        """The whole way through consent, by an admin of the tenant who approves everything."""
        customer = customer or await self.customer()
        onboarding = self.app.onboarding
        _, url = await onboarding.begin(customer, grant, set_up=set_up)
        redirect = await onboarding.start(url.partition("ticket=")[2])
        cache = "{}" if grant is Grant.APPLICATION else '{"refresh": "token"}'
        signed_in = self.identity.sign_in(redirect.url, admin(tenant.id, token_cache=cache))
        if grant is Grant.DELEGATED:
            tenant.consented = True
        step = await onboarding.callback(signed_in, redirect.handshake)
        if isinstance(step, Redirect):
            step = await onboarding.callback(self.identity.approve(step.url), step.handshake)
        assert isinstance(step, Connected)
        return step.connection

    async def connected(self, *people: str) -> tuple[Customer, FakeDirectory]:
        """A customer with an active connection to a tenant with these people."""
        customer, tenant = await self.customer(), self.tenant(TENANT, *people)
        await self.connect(tenant, customer)
        self.queue.waiting.clear()
        return customer, tenant

    async def connection(self, customer: Customer) -> Connection:
        """The customer's connection as it is stored."""
        stored = await self.connections.get(customer.account_id, customer.connection_id)
        assert stored is not None
        return stored.value

    async def sync_one(self, customer: Customer, user: str) -> Run:
        """Ask for a one-user run, let everything that is queued happen, and return the run."""
        run, _ = await self.app.runs.start(customer, RunKind.USER, Trigger.API, user)
        await self.drain()
        return await self.app.runs.get(customer.account_id, run.id)

    async def preview(self, customer: Customer, configuration: Configuration | None = None) -> Run:
        """Ask for a preview, let everything that is queued happen, and return it."""
        run = await self.app.runs.preview(customer, Trigger.API, configuration)
        await self.drain()
        return await self.app.runs.get(customer.account_id, run.id)

    async def configure(self, customer: Customer, configuration: Configuration) -> Connection:
        """Give the customer's connection another configuration."""
        version = (await self.connection(customer)).configuration_version
        return await self.app.customers.configure(customer, configuration, version)

    async def sync(self, customer: Customer, kind: RunKind = RunKind.SYNC) -> Run:
        """Ask for a run, let everything that is queued happen, and return the run."""
        run, _ = await self.app.runs.start(customer, kind, Trigger.API)
        await self.drain()
        found = await self.runs.get(run.id)
        assert found is not None
        return found


def build_app(**overrides: Any) -> App:
    """An app on an empty world, for tests that need no more than that; `overrides` replace its parts."""
    world = World()
    parts = {name: getattr(world.app, name) for name in App.__dataclass_fields__}
    return App(**(parts | overrides))
