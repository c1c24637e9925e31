"""A simulated Atera on a socket, with one account and a client that holds a good key of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from sandbox.simulators.atera import Atera, AteraAccount, AteraContact, atera_application
from sandbox.simulators.serving import serve
from tests.fakes.clock import FakeClock

Answer = dict[str, Any]


@dataclass
class Service:
    """The service, one account with two customers, and what it is asked over the socket."""

    atera: Atera
    clock: FakeClock
    account: AteraAccount
    contoso: int
    fabrikam: int
    key: str
    base_url: str
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, json: object = None, **options: Any) -> httpx.Response:
        """Send a request for a path below the version, or to an absolute link; `headers` replace the key."""
        url = path if "://" in path else f"{self.base_url}/api/v3/{path}"
        options.setdefault("headers", {"Authorization": f"Bearer {self.key}"})
        if json is not None:
            options["json"] = json
        return await self.http.request(method, url, **options)

    async def get(self, path: str, **query: str | int) -> Any:
        """Send a GET that has to succeed, and return its content."""
        answer = await self.ask("GET", path, params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def create(self, email: str = "jane@contoso.example", **fields: object) -> int:
        """Create a contact, of Contoso unless told otherwise, and return its id."""
        answer = await self.ask("POST", "contacts", {"Email": email, "CustomerID": self.contoso, **fields})
        assert answer.status_code == self.account.behaviour.created_status, answer.text
        return int(answer.json()["ActionID"])

    async def update(self, contact_id: int, **fields: object) -> httpx.Response:
        return await self.ask("PUT", f"contacts/{contact_id}", fields)

    def contact(self, contact_id: int) -> AteraContact:
        return self.account.contacts[contact_id]

    def add_people(self, count: int) -> list[int]:
        """Add contacts to Contoso by hand, and return their ids, oldest first."""
        return [self.account.add_contact(self.contoso, f"user{n}@contoso.example") for n in range(count)]

    async def control(self, method: str, path: str, json: object = None) -> Any:
        """Give an order on the control surface; it must be accepted."""
        answer = await self.http.request(method, f"{self.base_url}/_control/{path}", json=json)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@asynccontextmanager
async def serve_atera() -> AsyncIterator[Service]:
    """Serve a fresh service whose time is the clock's."""
    clock = FakeClock()
    atera = Atera(clock.now)
    account = atera.add_account("Northmoor IT")
    contoso = account.add_customer("Contoso", ["contoso.example", "contoso.onmicrosoft.com"])
    fabrikam = account.add_customer("Fabrikam")
    async with (
        serve(lambda base_url: atera_application(atera, base_url)) as base_url,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        yield Service(atera, clock, account, contoso, fabrikam, account.add_key(), base_url, http)
