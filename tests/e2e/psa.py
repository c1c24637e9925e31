"""An account of the app with an account of its own in a simulated PSA."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sandbox.api_client import Document
from sandbox.psa_hands import AteraHands, PsaContact, PsaHands, SyncroHands
from sandbox.world.seed import CUSTOMERS_BY_KEY
from tests.e2e.scene import Customer, Scene
from tests.e2e.test_logs import leaks

KINDS = ("atera", "syncro")
_numbers = itertools.count(1)


@dataclass
class Psa:
    """What a test does in an account and in its PSA; `keys`: every key there ever was, the latest last."""

    scene: Scene
    hands: PsaHands
    keys: list[str]
    names: list[str]
    customers: dict[str, Customer] = field(default_factory=dict)

    @property
    def subdomain(self) -> str | None:
        return self.hands.account if isinstance(self.hands, SyncroHands) else None

    async def choose(self) -> list[Document]:
        """Paste the latest key, and wait for the PSA's customers, which are returned."""
        await self.scene.api.choose_destination(self.hands.kind, self.keys[-1], self.subdomain)
        return await self.scene.api.imported_customers()

    async def connected(self, *tenants: str, **policies: object) -> list[Customer]:
        """Choose the PSA, and connect the customers that lead to these tenants, with the PSA's preset."""
        found = {one["proposed_tenant"]["id"]: one["id"] for one in await self.choose()}
        customers = []
        for key in tenants:
            tenant = CUSTOMERS_BY_KEY[key]
            customer = Customer(found[tenant.tenant_id], tenant)
            await self.scene.withdraw(customer)
            await self.scene.connect(customer)
            answer = await self.scene.configure(customer, preset=self.hands.kind, **policies)
            assert answer.status_code == 200, answer.text
            customers.append(customer)
            self.customers[key] = customer
        return customers

    async def everybody_once(self, customer: Customer, run: Document) -> list[PsaContact]:
        """The customer's contacts, who must be exactly the people in the run's scope."""
        contacts = await self.hands.contacts(customer.id)
        assert len({contact.email.casefold() for contact in contacts}) == len(contacts)
        assert len(contacts) == run["counts"]["in_scope"] > 0
        return contacts

    async def allow_doubles(self) -> None:
        """Have the PSA take a second contact with the same address, as nobody knows whether it does."""
        path = f"accounts/{self.hands.account}/behaviour"
        await self.hands.control("PATCH", path, {"duplicate_email": "allow"})

    async def renew_key(self) -> None:
        """Have the key revoked, and another one made, which nobody has pasted yet."""
        await self.hands.revoke_key(self.keys[-1])
        self.keys.append(await self.hands.new_key())

    async def log(self) -> str:
        """What the app has logged."""
        return await asyncio.to_thread(self.scene.log)

    async def words(self) -> set[str]:
        """What must not be in a log: keys, whatever part of one opens something, names and addresses."""
        parts = {part for key in self.keys for part in key.split(".") if len(part) > 20}
        contacts = [one for found in self.customers.values() for one in await self.hands.contacts(found.id)]
        people = {word for one in contacts for word in (one.email, one.name) if " " in word or "@" in word}
        return {*self.keys, *parts, *people, *self.names}


@asynccontextmanager
async def open_psa(scene: Scene, kind: str, *tenants: str) -> AsyncIterator[Psa]:
    """A new account of the app, and one of the PSA with a customer for each tenant, named by its short key.

    Whatever the test does with it, no log may tell keys, names or addresses.
    """
    number = next(_numbers)
    wanted = [CUSTOMERS_BY_KEY[key] for key in tenants]
    names = [f"Everybody at {tenant.display_name} {number}" for tenant in wanted]
    domains: Iterable[tuple[str, list[str]]] = zip(names, (list(t.domains) for t in wanted), strict=True)
    world = scene.stack.outside.world
    if kind == "atera":
        base, company = world.atera_url, f"Tinkers {number}"
        customers = [{"name": name, "domains": mine} for name, mine in domains]
        hands: PsaHands = AteraHands(scene.http, base, "")
        made = await hands.control("POST", "accounts", {"name": company, "customers": customers})
        hands, key = AteraHands(scene.http, base, made["id"]), made["key"]
    else:
        base, company = world.syncro_url, f"tinkers{number}"
        customers = [{"business_name": name, "domains": mine} for name, mine in domains]
        hands = SyncroHands(scene.http, base, company)
        body = {"subdomain": company, "name": company, "customers": customers}
        key = (await hands.control("POST", "accounts", body))["token"]
    async with scene.another_account(company) as account:
        psa = Psa(account, hands, [key], names)
        try:
            yield psa
        finally:  # or the timer of another test would find them
            for customer in psa.customers.values():
                await account.api.disconnect(customer.id)
        found = list(leaks(await psa.log(), await psa.words()))
        assert found == []
