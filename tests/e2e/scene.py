"""What a test of the whole app acts through: the API, browsers, and the world outside."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
from bs4 import BeautifulSoup

from sandbox.api_client import ApiClient, Document
from sandbox.outside import CLIENT_SECRET_NAME
from sandbox.person import Person, Visit
from sandbox.stack import Stack
from sandbox.world.seed import CUSTOMERS_BY_KEY
from sandbox.world.seed import Customer as Tenant

T = TypeVar("T")

POLL_SECONDS = 0.05
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Customer:
    """A customer as the PSA knows it, and the tenant that is its own."""

    id: str
    tenant: Tenant

    @property
    def admin(self) -> str:
        """Who signs in to consent: the tenant's first Global Administrator."""
        return f"admin@{self.domain}"

    @property
    def domain(self) -> str:
        return self.tenant.domains[0]


@dataclass
class Scene:
    """One test's view of a running stack; `calm` takes back what the test did to the world outside.

    `key`: the API key of the account that the test acts for.
    """

    stack: Stack
    api: ApiClient
    http: httpx.AsyncClient
    tls: ssl.SSLContext
    key: str
    _touched: set[str] = field(default_factory=set)

    # The PSA.

    @asynccontextmanager
    async def another_account(self, name: str) -> AsyncIterator[Scene]:
        """The same world, as a new account of the app sees it."""
        made = await asyncio.to_thread(self.stack.admin, "accounts", "create", name, "--with-key", "--json")
        key = str(json.loads(made)["key"])
        async with ApiClient(self.stack.endpoints.api_url, key) as api:
            yield Scene(self.stack, api, self.http, self.tls, key, self._touched)

    async def customer(self, key: str) -> Customer:
        """A new customer whose tenant, named by its short key, has not consented to anything."""
        customer = Customer(f"customer-{next(_numbers)}", CUSTOMERS_BY_KEY[key])
        await self.api.put_customer(customer.id, f"The customer with {key}")
        await self.withdraw(customer)
        return customer

    async def connected(self, key: str, grant: str = "application") -> Customer:
        """A new customer, connected by its own administrator."""
        customer = await self.customer(key)
        await self.connect(customer, grant)
        return customer

    async def connect(self, customer: Customer, grant: str = "application") -> Document:
        """Consent as the customer's administrator; returns the connection, which must work now."""
        async with self.person() as person:
            await person.connect(await self.api.begin_connection(customer.id, grant), account=customer.admin)
        connection = await self.api.connection(customer.id)
        assert connection["state"] == "active", connection
        return connection

    async def sync(self, customer: Customer, kind: str = "sync") -> Document:
        """Ask for a run and wait for its end."""
        return await self.api.finished(await self.api.start_run(customer.id, kind))

    async def preview(self, customer: Customer, **policies: Any) -> Document:
        """Ask what a sync would do, with these policies changed, and wait for the answer."""
        run = await self.api.finished(await self.api.preview(customer.id, policies or None))
        assert run["state"] == "succeeded", run
        return run

    async def lines(self, run: Document, *kinds: str) -> dict[str, Document]:
        """A run's lines by object id, of these kinds or of all; there is one for each at the most."""
        found = [line for line in await self.api.changes(run["id"]) if line["kind"] in kinds or not kinds]
        by_object_id = {line["object_id"]: line for line in found}
        assert len(by_object_id) == len(found)
        return by_object_id

    async def imported(self, key: str, grant: str = "application") -> Customer:
        """A new customer, connected, with all its contacts."""
        customer = await self.connected(key, grant)
        run = await self.sync(customer)
        assert run["state"] == "succeeded", run
        return customer

    async def contacts(self, customer: Customer) -> dict[str, Document]:
        """The customer's contacts by object id; there is one for each at the most."""
        contacts = await self.api.contacts(customer.id)
        by_object_id = {contact["object_id"]: contact for contact in contacts}
        assert len(by_object_id) == len(contacts)
        return by_object_id

    async def request(
        self, method: str, path: str, *, key: str | None = None, **options: Any
    ) -> httpx.Response:
        """One request to the API, refused or not; `key` may be another account's, or empty for none."""
        key = self.key if key is None else key
        headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **options.pop("headers", {})}
        return await self.http.request(
            method, f"{self.stack.endpoints.api_url}{path}", headers=headers, **options
        )

    async def configure(self, customer: Customer, **policies: Any) -> httpx.Response:
        """Change policies of the customer's connection, as somebody who has just read them."""
        path = f"/customers/{customer.id}/connection"
        etag = (await self.request("GET", path)).headers["ETag"]
        body = {"configuration": policies}
        return await self.request("PATCH", path, json=body, headers={"If-Match": etag})

    async def refusal(self, method: str, path: str, body: Document | None = None) -> tuple[int, str]:
        """Status and code of a request to the API that must be refused."""
        answer = await self.request(method, path, json=body)
        assert answer.is_error, answer.text
        return answer.status_code, answer.json()["code"]

    # People.

    def person(self) -> Person:
        """Somebody with a browser of their own."""
        return Person(self.tls)

    @property
    def callback(self) -> str:
        return f"{self.stack.app_url}/connect/callback"

    # The world outside.

    async def graph(self, method: str, path: str, body: Any = None) -> Document:
        """Give an order to the simulated Microsoft Graph."""
        return await self._control(self.stack.outside.world.graph_url, method, path, body)

    async def entra(self, path: str, **body: Any) -> Document:
        """Give an order to the simulated Entra ID."""
        return await self._control(self.stack.outside.world.entra_url, "POST", path, body)

    async def vault(self, method: str, path: str, body: Any = None) -> Document:
        """Give an order to the simulated Key Vault."""
        return await self._control(self.stack.outside.world.key_vault_url, method, path, body)

    async def hire(self, customer: Customer, name: str, **properties: Any) -> Document:
        """Put somebody into the customer's directory, under an address of their own."""
        address = f"{name.lower().replace(' ', '.')}.{next(_numbers)}@{customer.domain}"
        given, _, family = name.partition(" ")
        return await self.graph(
            "POST",
            f"tenants/{customer.tenant.tenant_id}/hire",
            {
                "displayName": name,
                "givenName": given,
                "surname": family,
                "userPrincipalName": address,
                "mail": address,
                "accountEnabled": True,
                "userType": "Member",
                **properties,
            },
        )

    async def change(self, customer: Customer, user: Document, **properties: Any) -> None:
        """Change properties of somebody in the customer's directory."""
        await self.graph("PATCH", self._user(customer, user), properties)

    async def delete(self, customer: Customer, user: Document) -> None:
        """Move somebody to the deleted items."""
        await self.graph("DELETE", self._user(customer, user))

    async def purge(self, customer: Customer, user: Document) -> None:
        """Remove somebody for ever."""
        await self.graph("POST", f"{self._user(customer, user)}/purge")

    async def restore(self, customer: Customer, user: Document) -> None:
        """Bring somebody back from the deleted items."""
        await self.graph("POST", f"{self._user(customer, user)}/restore")

    async def add_group(self, customer: Customer, name: str, *members: Document) -> Document:
        """Found a group of users and groups in the customer's directory, under a name of its own."""
        body = {"displayName": f"{name} {next(_numbers)}", "members": [member["id"] for member in members]}
        return await self.graph("POST", f"tenants/{customer.tenant.tenant_id}/groups", body)

    async def join(self, customer: Customer, group: Document, *members: Document) -> None:
        """Put users and groups into a group."""
        body = {"add": [member["id"] for member in members]}
        await self.graph("PATCH", f"{self._group(customer, group)}/members", body)

    async def leave(self, customer: Customer, group: Document, *members: Document) -> None:
        """Take users and groups out of a group."""
        body = {"remove": [member["id"] for member in members]}
        await self.graph("PATCH", f"{self._group(customer, group)}/members", body)

    async def delete_group(self, customer: Customer, group: Document) -> None:
        """Delete a group; its members stay."""
        await self.graph("DELETE", self._group(customer, group))

    async def grant_more(self, customer: Customer, *permissions: str) -> None:
        """Have the tenant's administrator approve more permissions, and connect again."""
        await self._permissions(customer, add=permissions)
        await self.connect(customer)

    async def withdraw_some(self, customer: Customer, *permissions: str) -> None:
        """Have the tenant's administrator take permissions back; it counts with the next connection."""
        await self._permissions(customer, remove=permissions)
        await self.connect(customer)

    async def fault(self, customer: Customer, kind: str, path: str = "/users", **fields: Any) -> None:
        """Have Microsoft Graph misbehave, for this customer's tenant only."""
        fault = {"kind": kind, "path": path, "tenant": customer.tenant.tenant_id, **fields}
        await self.graph("POST", "faults", fault)

    async def delta_behaviour(self, customer: Customer, **behaviour: Any) -> None:
        """Choose how Microsoft Graph tells this tenant's changes."""
        self._touched.add(customer.tenant.tenant_id)
        await self.graph("POST", "delta-behaviour", {"tenant": customer.tenant.tenant_id, **behaviour})

    async def conceal_names(self, customer: Customer) -> None:
        """Have reports about the tenant hide who is who in them."""
        self._touched.add(customer.tenant.tenant_id)
        await self.graph("PATCH", f"tenants/{customer.tenant.tenant_id}/insights", {"concealed_names": True})

    async def know(self, customer: Customer, user: Document, what: str, **facts: Any) -> None:
        """Have Microsoft 365 know something about somebody beyond the directory."""
        await self.graph("PUT", f"{self._user(customer, user)}/{what}", facts)

    async def delete_tenant(self, customer: Customer) -> None:
        """Have the whole tenant deleted."""
        self._touched.add(customer.tenant.tenant_id)
        await self.graph("PATCH", f"tenants/{customer.tenant.tenant_id}", {"deleted": True})

    async def withdraw(self, customer: Customer) -> None:
        """Have the tenant's administrator delete the enterprise application."""
        await self.entra(
            "consent/withdraw",
            tenant_id=customer.tenant.tenant_id,
            client_id=self.stack.outside.client_id,
        )

    async def requests(self, customer: Customer) -> list[Document]:
        """The latest requests to Microsoft Graph for the customer's tenant."""
        log = await self.graph("GET", f"requests?tenant={customer.tenant.tenant_id}")
        return list(log["recent"])

    async def request_count(self, customer: Customer) -> int:
        """How many requests Microsoft Graph ever had for the customer's tenant."""
        log = await self.graph("GET", f"requests?tenant={customer.tenant.tenant_id}")
        return int(log["total"])

    async def revoke_service_secret(self) -> None:
        """Take away what the app proves itself with at Entra ID, as if its owner had let it expire."""
        values = (await self.vault("GET", "secrets/values"))["values"]
        await self.entra("secrets", client_id=self.stack.outside.client_id, remove=values)

    async def renew_service_secret(self) -> None:
        """What the operator does about that."""
        fresh = secrets.token_urlsafe(30)
        await self.entra("secrets", client_id=self.stack.outside.client_id, add=[fresh])
        await self.vault("POST", "secrets", {"name": CLIENT_SECRET_NAME, "value": fresh})

    async def secret_names(self) -> set[str]:
        """The names of the secrets that are in Key Vault."""
        return {secret["name"] for secret in (await self.vault("GET", "secrets"))["secrets"]}

    # The app's own account of things.

    def log(self) -> str:
        """What every start of the app's host has logged so far."""
        files = sorted(self.stack.run_directory.glob("host-*.log"))
        return "".join(file.read_text(encoding="utf-8", errors="replace") for file in files)

    async def calm(self) -> None:
        """Put the world outside back to what it was, as far as tests that follow could notice."""
        await self.graph("DELETE", "faults")
        for psa in (self.stack.outside.world.atera_url, self.stack.outside.world.syncro_url):
            await self._control(psa, "DELETE", "faults", None)
        await self.entra("replication")
        for tenant_id in self._touched:
            await self.graph("POST", "delta-behaviour", {"tenant": tenant_id})
            await self.graph("PATCH", f"tenants/{tenant_id}/insights", {"concealed_names": False})
            await self.graph("PATCH", f"tenants/{tenant_id}", {"deleted": False})

    def _user(self, customer: Customer, user: Document) -> str:
        return f"tenants/{customer.tenant.tenant_id}/users/{user['id']}"

    def _group(self, customer: Customer, group: Document) -> str:
        return f"tenants/{customer.tenant.tenant_id}/groups/{group['id']}"

    async def _permissions(self, customer: Customer, **change: Any) -> None:
        where = {"tenant_id": customer.tenant.tenant_id, "client_id": self.stack.outside.client_id}
        await self.entra("permissions", **where, **change)

    async def _control(self, base: str, method: str, path: str, body: Any) -> Document:
        response = await self.http.request(method, f"{base}/_control/{path}", json=body)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        document: Document = response.json() if response.content else {}
        return document


@asynccontextmanager
async def open_scene(stack: Stack) -> AsyncIterator[Scene]:
    """A scene on a running stack, for as long as it is needed."""
    tls = ssl.create_default_context(cafile=stack.endpoints.ca_file)
    async with (
        ApiClient(stack.endpoints.api_url, stack.endpoints.api_key) as api,
        httpx.AsyncClient(verify=tls, trust_env=False, timeout=60) as http,
    ):
        scene = Scene(stack, api, http, tls, stack.endpoints.api_key)
        try:
            yield scene
        finally:
            await scene.calm()


async def eventually(
    look: Callable[[], Awaitable[T]], wanted: Callable[[T], object] = bool, *, seconds: float = 30.0
) -> T:
    """Look again and again until what is seen is as wanted, and return it; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not wanted(seen := await look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {seconds:.0f} seconds"
        await asyncio.sleep(POLL_SECONDS)
    return seen


@dataclass(frozen=True)
class Page:
    """A page of the app as a person reads it."""

    status: int
    heading: str
    text: str

    @classmethod
    def of(cls, visit: Visit) -> Page:
        """The page that a visit ended on."""
        soup = BeautifulSoup(visit.response.text, "html.parser")
        heading = soup.find("h1")
        main = soup.find("main")
        return cls(
            visit.response.status_code,
            heading.get_text(" ", strip=True) if heading else "",
            main.get_text(" ", strip=True) if main else "",
        )


def query_of(visit: Visit, path: str) -> dict[str, str]:
    """The query of the last request of a visit whose path ends like this."""
    url = next(hop.url for hop in reversed(visit.hops) if urlsplit(hop.url).path.endswith(path))
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
