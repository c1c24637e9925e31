"""The services, wired over whatever is outside: Azure and Microsoft, or a world in memory."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from shared.ports import (
    AccountDestinationStore,
    AccountStore,
    BrakeStore,
    ChangeLog,
    Clock,
    ConnectionStore,
    ContactStores,
    CustomerStore,
    DeliveryStore,
    Destinations,
    Directories,
    EventStore,
    IdentityProvider,
    MirrorStore,
    OneTimeStore,
    PriceStore,
    PsaAccounts,
    Queue,
    Receivers,
    ReportStore,
    ReviewStore,
    RunStore,
    Secrets,
    SlotStore,
    Tenants,
    WebhookStore,
)
from shared.services.access import Access
from shared.services.account_setup import AccountSetup
from shared.services.api_keys import ApiKeys
from shared.services.brakes import Brakes
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
from shared.services.observing import Observing
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
from shared.services.run_log import RunLog
from shared.services.scheduling import Scheduling
from shared.services.setup_choices import SetupChoices
from shared.services.setup_links import SetupLinks
from shared.services.setups import Setups
from shared.services.sync_run import SyncRunner
from shared.services.user_run import UserRunner
from shared.services.webhook_endpoints import WebhookEndpoints
from shared.services.worker import Worker
from shared.settings import Settings


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
    run_log: RunLog
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
    observing: Observing
    events: EventStore
    publisher: Publisher
    webhooks: WebhookEndpoints
    deliverer: Deliverer
    closers: tuple[Callable[[], Awaitable[object]], ...] = field(default=(), repr=False)

    async def close(self) -> None:
        """Give every connection back."""
        for close in self.closers:
            await close()


class Routes(Destinations, ContactStores, Protocol):
    """Where each account's contacts live."""


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """Everything outside the app, as the services need it.

    `queue`, `notices`, `outgoing`: of the work, of what happened, of what is sent to webhook endpoints.
    `routes`: made of the store of the accounts' destinations that tells of what is written to it.
    """

    clock: Clock
    queue: Queue
    notices: Queue
    outgoing: Queue
    accounts: AccountStore
    customers: CustomerStore
    connections: ConnectionStore
    runs: RunStore
    changes: ChangeLog
    mirrors: MirrorStore
    reviews: ReviewStore
    reports: ReportStore
    prices: PriceStore
    one_time: OneTimeStore
    slots: SlotStore
    brakes: BrakeStore
    events: EventStore
    webhooks: WebhookStore
    deliveries: DeliveryStore
    account_destinations: AccountDestinationStore
    secrets: Secrets
    directories: Directories
    identity: IdentityProvider
    tenants: Tenants
    psas: PsaAccounts
    receivers: Receivers
    routes: Callable[[AccountDestinationStore], Routes]


def wire(
    settings: Settings, outside: Outside, closers: tuple[Callable[[], Awaitable[object]], ...] = ()
) -> App:
    """The app over what is outside; `closers` give that back."""
    clock, queue, notices, outgoing = outside.clock, outside.queue, outside.notices, outside.outgoing
    customers, one_time, mirrors = outside.customers, outside.one_time, outside.mirrors
    changes, reviews, reports, prices = outside.changes, outside.reviews, outside.reports, outside.prices
    secrets, directories, receivers = outside.secrets, outside.directories, outside.receivers
    events, webhooks, deliveries = outside.events, outside.webhooks, outside.deliveries
    connections = TellingConnections(outside.connections, notices, clock)
    account_destinations = TellingDestinations(outside.account_destinations, notices, clock)
    destinations = outside.routes(account_destinations)
    run_log = RunLog(outside.runs, destinations, clock)
    runs = TellingRuns(outside.runs, notices, run_log)
    dispatcher = Dispatcher(webhooks, deliveries, outgoing)
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
    fan_out = FanOut(connections, outside.slots, queue, clock, settings.sync_schedule, settings.sync_spread)

    run_control = RunControl(connections, runs, queue, clock)
    browsing = Browsing(directories, mirrors)
    setups = Setups(connections, runs, run_control, directories, scheduling, queue, clock)

    access = Access(outside.accounts, one_time, connections, clock)
    proving = Proving(connections, directories, scheduling, queue, clock)
    onboarding = Onboarding(
        connections,
        one_time,
        outside.identity,
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
        api_keys=ApiKeys(outside.accounts, clock),
        issues=Issues(connections, account_destinations, reviews, clock),
        idempotency=Idempotency(one_time, clock),
        customers=Customers(customers, connections, clock, scheduling),
        runs=run_control,
        run_log=run_log,
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
            account_destinations, outside.psas, secrets, customers, outside.tenants, queue, clock
        ),
        worker=Worker(
            connections,
            runs,
            runner,
            user_runner,
            holding,
            Brakes(outside.brakes, clock),
            queue,
            clock,
            settings.sync_lease,
            settings.sync_spread,
        ),
        previews=PreviewWorker(preview_runner, queue),
        fan_out=fan_out,
        housekeeping=Housekeeping(one_time, fan_out, events, deliveries, clock),
        observing=Observing(
            connections, account_destinations, secrets, clock, settings.credential, settings.sync_spread
        ),
        events=events,
        publisher=Publisher(
            outside.connections,
            outside.runs,
            outside.account_destinations,
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
        closers=closers,
    )
