"""A site whose accounts may have a PSA: Atera and Syncro over sockets, on the world's own time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from sandbox.simulators.atera import Atera, AteraAccount, atera_application
from sandbox.simulators.serving import serve
from sandbox.simulators.syncro import Syncro, SyncroAccount, syncro_application
from shared.core.account_destination import DestinationKind
from tests.fakes import TENANT, World, settings
from tests.fakes.clock import FakeClock
from tests.unit.web.site import Site

PSAS = [DestinationKind.ATERA, DestinationKind.SYNCRO]
ACCOUNT = "/api/v1/account"
DESTINATION = f"{ACCOUNT}/destination"
IMPORT = f"{ACCOUNT}/customers/import"


@dataclass
class Simulated:
    """An account in each PSA; `addresses`: settings that lead there, `http`: what to go there with."""

    atera: AteraAccount
    syncro: SyncroAccount
    addresses: dict[str, str]
    http: httpx.AsyncClient

    def key(self, kind: DestinationKind) -> str:
        """A new key that may do everything."""
        return self.atera.add_key() if kind is DestinationKind.ATERA else self.syncro.add_token()

    def weak_key(self, kind: DestinationKind) -> str:
        """A key that is good, but not for contacts."""
        if kind is DestinationKind.ATERA:
            return self.atera.add_key(permissions={"Customers:Read"})
        return self.syncro.add_token(permissions={"Customers - List/Search"})

    def revoke(self, kind: DestinationKind, key: str) -> None:
        """Take a key back."""
        if kind is DestinationKind.ATERA:
            self.atera.revoke_key(key)
        else:
            self.syncro.revoke_token(key)

    def add_customer(self, kind: DestinationKind, name: str) -> str:
        """A new customer's id."""
        account = self.atera if kind is DestinationKind.ATERA else self.syncro
        return str(account.add_customer(name))

    def sent(self, kind: DestinationKind, key: str) -> dict[str, Any]:
        """What is sent to choose the PSA."""
        subdomain = {"subdomain": self.syncro.subdomain} if kind is DestinationKind.SYNCRO else {}
        return {"kind": kind.value, "api_key": key, **subdomain}


@dataclass
class Psas(Simulated):
    """The site, and two customers in each PSA, of which Contoso has a tenant."""

    site: Site

    async def choose(self, account_id: str, kind: DestinationKind) -> str:
        """Let the account's contacts live in the PSA, import its customers, and return the key."""
        key = self.key(kind)
        subdomain = self.syncro.subdomain if kind is DestinationKind.SYNCRO else None
        await self.site.world.app.account_setup.choose(account_id, kind, key, subdomain)
        await self.site.world.drain()
        return key


def name_of(kind: DestinationKind) -> str:
    """What the PSA calls the account."""
    return "Northmoor IT" if kind is DestinationKind.ATERA else "acme"


@asynccontextmanager
async def simulated(clock: FakeClock) -> AsyncIterator[Simulated]:
    """Both PSAs, each with an empty account."""
    atera, syncro = Atera(clock.now), Syncro(clock.now)
    async with (
        serve(lambda url: atera_application(atera, url)) as atera_url,
        serve(lambda url: syncro_application(syncro, url)) as syncro_url,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        addresses = {"atera_url": atera_url, "syncro_url": f"{syncro_url}/{{subdomain}}"}
        yield Simulated(
            atera.add_account("Northmoor IT"), syncro.add_account("acme", name="Acme IT"), addresses, http
        )


@asynccontextmanager
async def serve_psas() -> AsyncIterator[Psas]:
    """Both PSAs, and a site on an empty world that reaches them."""
    clock = FakeClock()
    async with simulated(clock) as there:
        there.atera.add_customer("Contoso", ["contoso.example"])
        there.atera.add_customer("Fabrikam")
        there.syncro.add_customer("Contoso", email="office@contoso.example")
        there.syncro.add_customer("Fabrikam")
        world = World(settings(**there.addresses), http=there.http, clock=clock)
        world.tenants.domains["contoso.example"] = TENANT
        yield Psas(**vars(there), site=Site(world))
