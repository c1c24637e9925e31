"""Everything outside the app in memory, and apps to put into it."""

from typing import Any

import httpx

from shared.adapters.psa.accounts import Psas
from shared.adapters.psa.routing import AccountRoutes
from shared.bootstrap import App
from shared.core.configuration import Configuration
from shared.core.connection import Connection, Grant
from shared.core.customer import Customer
from shared.core.run import Run, RunKind, Trigger
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
from shared.services.onboarding import Connected, Onboarding, Redirect
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
from tests.fakes.budgets import FakeBudgets
from tests.fakes.clock import FakeClock
from tests.fakes.destination import FakeContactStore
from tests.fakes.directory import FakeDirectories, FakeDirectory
from tests.fakes.events import FakeEventStore
from tests.fakes.host import QueueHost
from tests.fakes.identity import FakeIdentityProvider, admin
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
        self.queue, self.notices = FakeQueue(self.clock), FakeQueue(self.clock)
        self.outgoing, self.receivers = FakeQueue(self.clock), FakeReceivers()
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
        self.slots = FakeSlotStore()
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
        self.app = self.start_app()

    def start_app(self, process: Process | None = None) -> App:
        """The app in a process of its own; the world is the same for all of them."""
        port = (process or Process()).port
        queue, clock, given = port(self.queue), self.clock, self.settings
        notices, events, mirrors = port(self.notices), port(self.events), port(self.mirrors)
        connections = TellingConnections(port(self.connections), notices, clock)
        runs = TellingRuns(port(self.runs), notices)
        webhooks, deliveries, outgoing = port(self.webhooks), port(self.deliveries), port(self.outgoing)
        dispatcher, receivers = Dispatcher(webhooks, deliveries, outgoing), port(self.receivers)
        changes, one_time, directories = port(self.changes), port(self.one_time), port(self.directories)
        customers, secrets = port(self.customers), port(self.secrets)
        account_destinations = TellingDestinations(port(self.account_destinations), notices, clock)
        links = port(self.links)
        psas = Psas(
            given,
            port(self.http),
            budgets=port(self.budgets),
            listings=port(self.listings),
            custom_fields=port(self.custom_fields),
            clock=clock,
        )
        destinations = AccountRoutes(
            port(self.contacts),
            port(self.contacts),
            psas,
            accounts=account_destinations,
            links=links,
            secrets=secrets,
            clock=clock,
        )
        reviews, reports, prices = port(self.reviews), port(self.reports), port(self.prices)
        reading = DirectoryReading(directories, mirrors)
        holding = Holding(runs, changes, queue, clock)
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
            time_budget=given.sync_time_budget,
        )
        user_runner = UserRunner(reading, directories, destinations, runs, changes, reviews, clock)
        preview_runner = PreviewRunner(connections, runs, reading, destinations, changes, reviews, clock)
        scheduling = Scheduling(queue, clock, given.sync_schedule, given.sync_spread)
        fan_out = FanOut(connections, port(self.slots), queue, clock, given.sync_schedule, given.sync_spread)
        accounts = port(self.accounts)
        access = Access(accounts, one_time, connections, clock)
        proving = Proving(connections, directories, scheduling, queue, clock)
        onboarding = Onboarding(
            connections=connections,
            one_time=one_time,
            identity=port(self.identity),
            secrets=secrets,
            mirrors=mirrors,
            clock=clock,
            redirect_uri=given.redirect_uri,
            start_url=f"{given.public_url}/connect/start",
            proving=proving,
            account_destinations=account_destinations,
        )
        run_control = RunControl(connections, runs, queue, clock)
        browsing = Browsing(directories, mirrors)
        return App(
            settings=given,
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
            setup_links=SetupLinks(
                connections, onboarding, access, clock, f"{given.public_url}/portal/setup"
            ),
            setup_choices=SetupChoices(browsing, directories, clock),
            setups=Setups(connections, runs, run_control, directories, scheduling, queue, clock),
            changes=changes,
            contacts=destinations,
            account_setup=AccountSetup(
                account_destinations,
                psas,
                secrets,
                customers,
                port(self.tenants),
                queue,
                clock,
            ),
            worker=Worker(
                connections,
                runs,
                runner,
                user_runner,
                holding,
                queue,
                clock,
                given.sync_lease,
                given.sync_spread,
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
        )

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
