"""What every CustomerTraces must do: find everything of one customer, and nothing of anybody else."""

from dataclasses import dataclass

import msgspec
import pytest

from shared.core.changes import ConflictReason
from shared.core.customer import Customer
from shared.core.erasure import Subject
from shared.core.events import EventType, Notice, make_event
from shared.core.events import Subject as EventSubject
from shared.core.links import Protection, book_name
from shared.core.mirror import Snapshot
from shared.core.report import TenantReport
from shared.core.reviews import Review
from shared.core.webhooks import Endpoint, make_delivery
from shared.ports import (
    ChangeLog,
    ConnectionStore,
    CustomerStore,
    DeliveryStore,
    Destinations,
    EventStore,
    LinkStore,
    MirrorStore,
    ReportStore,
    ReviewStore,
    RunStore,
)
from shared.ports.operation import CustomerTraces
from tests.contract.contracts.psa_values import link, pending
from tests.contract.contracts.values import NOW, active, change, in_tenant, run, unique, user


@dataclass
class Stores:
    """Where rows of customers are."""

    customers: CustomerStore
    connections: ConnectionStore
    runs: RunStore
    changes: ChangeLog
    mirrors: MirrorStore
    reviews: ReviewStore
    reports: ReportStore
    links: LinkStore
    events: EventStore
    deliveries: DeliveryStore
    contacts: Destinations
    traces: CustomerTraces

    async def furnish(self, account_id: str, customer_id: str) -> Subject:
        """A customer of whom there is something everywhere."""
        connection = in_tenant(active(account_id), "tenant")
        connection = msgspec.structs.replace(connection, customer_id=customer_id)
        await self.customers.put(Customer(customer_id, account_id, "Contoso", connection.id, NOW))
        await self.connections.add(connection)
        for number in range(2):
            made = run(connection.id, account_id=account_id, customer_id=customer_id)
            await self.runs.add(made)
            await self.changes.put(made.id, f"chunk-{number}", [change(1), change(2)])
        snapshot = Snapshot({"object-000001": user(1)}, {}, None, changed=True)
        await self.mirrors.save(connection.id, f"m{unique()}", snapshot)
        for first in (0, 100):
            contacts = [change(number) for number in range(first, first + 100)]
            await self.contacts.open(connection).apply(contacts, "run")
        await self.reviews.save(connection.id, [Review("o", ConflictReason.EMAIL_SHARED, "n", "run", NOW)])
        await self.reports.save(account_id, connection.id, TenantReport(NOW, 1))
        book = book_name(connection.id, "atera 17")
        await self.links.begin(book, [pending(1)])
        await self.links.settle(book, [link("1"), link("2")], 0)
        await self.links.protect(book, None, Protection("1", frozenset({"name"})))
        about = EventSubject(f"connection:{connection.id}", account_id, customer_id, connection.id)
        told = [make_event(about, Notice(number, EventType.CONNECTION_PAUSED, NOW)) for number in range(1, 4)]
        endpoint = Endpoint(f"whe_{account_id}", "https://receiver.example", NOW, NOW, "webhook-1")
        for event in await self.events.append(account_id, told):
            await self.deliveries.add(make_delivery(event, endpoint))
        return Subject(account_id, customer_id, connection.id, "atera 17", (endpoint.id,))


class CustomerTracesContract:
    """Everything that is kept of one customer."""

    @pytest.fixture
    def stores(self) -> Stores:
        raise NotImplementedError("every store, and the port under test over them")

    async def test_what_is_found_is_deleted_and_then_nothing_is_found(self, stores: Stores) -> None:
        """Table by table, as many rows as were counted; every table is named both times."""
        subject = await stores.furnish(unique(), "c-1")
        found = await stores.traces.count(subject)
        empty = {table for table, rows in found.items() if not rows}
        assert empty == {"listings"}
        deleted = dict.fromkeys(found, 0)
        async for table, rows in stores.traces.erase(subject):
            deleted[table] += rows
        assert deleted == found
        assert await stores.traces.count(subject) == dict.fromkeys(found, 0)
        assert await stores.customers.get(subject.account_id, subject.customer_id) is None
        assert await stores.connections.get(subject.account_id, subject.connection_id) is None

    async def test_nobody_elses_rows_are_touched(self, stores: Stores) -> None:
        """Neither of another customer of the account nor of one with the same id in another."""
        account = unique()
        subject = await stores.furnish(account, "c-1")
        others = [await stores.furnish(account, "c-10"), await stores.furnish(unique(), "c-1")]
        before = [await stores.traces.count(other) for other in others]
        async for _ in stores.traces.erase(subject):
            pass
        assert [await stores.traces.count(other) for other in others] == before

    async def test_the_customers_own_row_goes_last(self, stores: Stores) -> None:
        """Whoever is cut short finds the customer still there, and goes on from it."""
        subject = await stores.furnish(unique(), "c-1")
        tables = [table async for table, _ in stores.traces.erase(subject)]
        assert tables[-1] == "customers"
        assert tables.index("connections") < tables.index("events")

    async def test_what_is_gone_already_is_fine(self, stores: Stores) -> None:
        """Erasing again, or what never was, deletes nothing."""
        nobody = Subject(unique(), "c-1", unique(), "", ())
        assert [found async for found in stores.traces.erase(nobody)] == []
        assert not any((await stores.traces.count(nobody)).values())
