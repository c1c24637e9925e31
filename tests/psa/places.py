"""A PSA on a socket with one account in it, and an app in memory that keeps its contacts there.

`Place` is what both PSAs have in common: what a technician sees and does there, told in one set of words.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import httpx

from sandbox.simulators.atera import Atera, AteraAccount, atera_application
from sandbox.simulators.faults import FaultPlan
from sandbox.simulators.serving import serve
from sandbox.simulators.syncro import Syncro, SyncroAccount, syncro_application
from shared.adapters.bounded_http import BoundedClient
from shared.core.account_destination import DestinationKind
from shared.core.configuration import Configuration
from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.presets import PRESETS
from shared.core.run import Run, RunState
from shared.settings import Settings
from tests.fakes import ACCOUNT, TENANT, FakeDirectory, World, settings

COMPANY = "Example MSP"
SUBDOMAIN = "example-msp"
STANDARD = Configuration()
PLENTY = 100_000
"""Calls a minute, where a test is not about them."""


@dataclass(frozen=True)
class Seen:
    """A contact as a technician sees it; a name in parts is one here."""

    id: str
    name: str
    email: str
    title: str
    phone: str
    active: bool


class Psa(Protocol):
    """One account of one PSA."""

    kind: DestinationKind

    @property
    def subdomain(self) -> str | None: ...

    def new_key(self, **options: Any) -> str: ...

    def add_customer(self, name: str, *domains: str) -> str: ...

    def seen(self, customer_id: str) -> list[Seen]: ...

    def add(self, customer_id: str, email: str, name: str = "By Hand", **fields: Any) -> str: ...

    def edit(self, contact_id: str, **fields: str) -> None: ...

    def delete(self, contact_id: str) -> None: ...

    def merge(self, gone_id: str, into_id: str) -> None: ...

    def on_write(self, hook: Callable[[], None] | None) -> None: ...

    def allow_duplicates(self) -> None: ...

    def limit(self, per_minute: int | None) -> None: ...

    def suspend(self) -> None: ...

    def revoke(self, key: str) -> None: ...


class AteraPsa:
    """An Atera account."""

    kind = DestinationKind.ATERA
    subdomain = None

    def __init__(self, service: Atera, account: AteraAccount) -> None:
        self.service, self.account = service, account
        account.behaviour.calls_per_minute = None

    def new_key(self, **options: Any) -> str:
        return self.account.add_key(**options)

    def add_customer(self, name: str, *domains: str) -> str:
        return str(self.account.add_customer(name, domains))

    def seen(self, customer_id: str) -> list[Seen]:
        return [
            Seen(
                str(contact.id),
                f"{contact.first_name or ''} {contact.last_name or ''}".strip(),
                contact.email or "",
                contact.job_title or "",
                contact.phone or "",
                not contact.archived,
            )
            for contact in self.account.contacts.values()
            if contact.customer_id == int(customer_id)
        ]

    def add(self, customer_id: str, email: str, name: str = "By Hand", **fields: Any) -> str:
        first, _, last = name.partition(" ")
        return str(
            self.account.add_contact(
                int(customer_id), email, first_name=first, last_name=last, **self._named(fields)
            )
        )

    def edit(self, contact_id: str, **fields: str) -> None:
        self.account.edit_contact(int(contact_id), **self._named(fields))

    def _named(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {"job_title" if name == "title" else name: value for name, value in fields.items()}

    def delete(self, contact_id: str) -> None:
        self.account.delete_contact(int(contact_id))

    def merge(self, gone_id: str, into_id: str) -> None:
        self.account.merge_contacts(int(gone_id), int(into_id))

    def on_write(self, hook: Callable[[], None] | None) -> None:
        self.account.on_write = None if hook is None else lambda _what, _id: hook()

    def allow_duplicates(self) -> None:
        self.account.behaviour.duplicate_email = "allow"

    def limit(self, per_minute: int | None) -> None:
        self.account.behaviour.calls_per_minute = per_minute

    def suspend(self) -> None:
        self.account.suspended = True

    def revoke(self, key: str) -> None:
        self.account.revoke_key(key)


class SyncroPsa:
    """A Syncro account."""

    kind = DestinationKind.SYNCRO

    def __init__(self, service: Syncro, account: SyncroAccount, subdomain: str = SUBDOMAIN) -> None:
        self.service, self.account, self.subdomain = service, account, subdomain
        account.contact_custom_fields |= {
            "azure_license",
            "azure_mfa_status",
            "azure_mfa_methods",
            "azure_last_activity",
        }

    def new_key(self, **options: Any) -> str:
        return self.account.add_token(**options)

    def add_customer(self, name: str, *domains: str) -> str:
        email = f"info@{domains[0]}" if domains else None
        return str(self.account.add_customer(name, email=email))

    def seen(self, customer_id: str) -> list[Seen]:
        return [
            Seen(
                str(contact.id),
                (contact.name or "").removesuffix(" [inactive]"),
                contact.email or "",
                str(contact.properties.get("title") or ""),
                contact.phone or "",
                not (contact.name or "").endswith(" [inactive]"),
            )
            for contact in self.account.contacts_of(int(customer_id))
        ]

    def add(self, customer_id: str, email: str, name: str = "By Hand", **fields: Any) -> str:
        return str(self.account.add_contact(int(customer_id), email=email, name=name, **fields))

    def edit(self, contact_id: str, **fields: str) -> None:
        self.account.edit_contact(int(contact_id), **fields)

    def delete(self, contact_id: str) -> None:
        self.account.delete_contact(int(contact_id))

    def merge(self, gone_id: str, into_id: str) -> None:
        self.account.merge_contacts(int(gone_id), int(into_id))

    def on_write(self, hook: Callable[[], None] | None) -> None:
        self.account.on_write = None if hook is None else lambda _what, _id: hook()

    def allow_duplicates(self) -> None:
        self.account.behaviour.duplicate_email = "allow"

    def limit(self, per_minute: int | None) -> None:
        self.service.limit.per_minute = per_minute

    def suspend(self) -> None:
        self.account.suspended = True

    def revoke(self, key: str) -> None:
        self.account.revoke_token(key)


@dataclass
class Place:
    """`calls` names every request to the PSA since it was last cleared, `METHOD path`."""

    world: World
    psa: Psa
    customer: Customer
    tenant: FakeDirectory
    key: str
    faults: FaultPlan
    calls: list[str]

    @property
    def atera(self) -> AteraAccount:
        assert isinstance(self.psa, AteraPsa)
        return self.psa.account

    @property
    def syncro(self) -> SyncroAccount:
        assert isinstance(self.psa, SyncroPsa)
        return self.psa.account

    def seen(self) -> list[Seen]:
        """The customer's contacts, by address."""
        return sorted(self.psa.seen(self.customer.id), key=lambda seen: (seen.email, seen.id))

    def by_email(self) -> dict[str, Seen]:
        found = {seen.email: seen for seen in self.seen()}
        assert len(found) == len(self.seen()), "two contacts have the same address"
        return found

    async def sync(self) -> Run:
        """A run on demand, to its end, some time after whatever happened last."""
        self.world.clock.advance(timedelta(minutes=10))
        return await self.world.sync(self.customer)

    async def synced(self) -> Run:
        """The same, which succeeds."""
        run = await self.sync()
        assert (run.state, run.error) == (RunState.SUCCEEDED, None), run.error
        return run

    async def configure(self, configuration: Configuration) -> None:
        await self.world.configure(self.customer, configuration)

    async def connection(self) -> Connection:
        return await self.world.connection(self.customer)


def preset_of(kind: DestinationKind) -> Configuration:
    """What the PSA's own integration does."""
    return next(found for preset, found in PRESETS.items() if preset.value == kind.value)


@asynccontextmanager
async def psa_served(
    kind: DestinationKind, now: Callable[[], Any], faults: FaultPlan
) -> AsyncIterator[tuple[Psa, Settings]]:
    """A PSA on a socket, with one account, and the settings that lead to it."""
    calls = {"atera_calls": PLENTY, "syncro_calls": PLENTY}
    if kind is DestinationKind.ATERA:
        atera = Atera(now)
        psa: Psa = AteraPsa(atera, atera.add_account(COMPANY))
        async with serve(lambda url: atera_application(atera, url, faults=faults)) as url:
            yield psa, settings(atera_url=url, **calls)
        return
    syncro = Syncro(now, calls_per_minute=None)
    psa = SyncroPsa(syncro, syncro.add_account(SUBDOMAIN, name=COMPANY))
    async with serve(lambda url: syncro_application(syncro, url, faults=faults)) as url:
        yield psa, settings(syncro_url=f"{url}/{{subdomain}}", **calls)


@asynccontextmanager
async def http_client(calls: list[str]) -> AsyncIterator[httpx.AsyncClient]:
    """The app's client, whose requests are counted."""

    async def count(request: httpx.Request) -> None:
        path = request.url.path.partition("/api/v")[2].partition("/")[2]
        calls.append(f"{request.method} {path}")

    client = BoundedClient(trust_env=False, follow_redirects=False)
    client.event_hooks = {"request": [count]}
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def place(
    kind: DestinationKind,
    *people: str,
    configuration: Configuration | None = STANDARD,
    **overrides: object,
) -> AsyncIterator[Place]:
    """An account with one customer whose tenant, with these people, is connected and never synced.

    `configuration`: None for what a new connection goes by.
    """
    from tests.fakes import FakeClock

    clock = FakeClock()
    faults, calls = FaultPlan(), list[str]()
    async with psa_served(kind, clock.now, faults) as (psa, given), http_client(calls) as http:
        world = World(given.model_copy(update=overrides), http=http, clock=clock)
        yield await move_in(world, psa, faults, calls, *people, configuration=configuration)


async def move_in(
    world: World,
    psa: Psa,
    faults: FaultPlan,
    calls: list[str],
    *people: str,
    configuration: Configuration | None = None,
) -> Place:
    """Have a world's account keep its contacts in the PSA, with one customer and its tenant."""
    key, customer_id = psa.new_key(), psa.add_customer("Contoso")
    await world.app.account_setup.choose(ACCOUNT, psa.kind, key, psa.subdomain)
    await world.drain()
    customer = await world.customers.get(ACCOUNT, customer_id)
    assert customer is not None
    tenant = world.tenant(TENANT, *people)
    await world.connect(tenant, customer)
    world.queue.waiting.clear()
    there = Place(world, psa, customer, tenant, key, faults, calls)
    if configuration is not None:
        await there.configure(configuration)
        world.queue.waiting.clear()  # runs of its schedule
    calls.clear()
    return there
