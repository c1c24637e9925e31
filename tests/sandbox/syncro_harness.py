"""A simulated SyncroMSP on a socket with one account and one customer, and a client that holds a token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from sandbox.simulators.faults import FaultPlan
from sandbox.simulators.serving import serve
from sandbox.simulators.syncro import Syncro, SyncroAccount, syncro_application

Body = dict[str, Any]
START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that a test moves."""

    time: datetime = START

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass
class Service:
    """The service as one client sees it; `customer` is the id of the first customer of `account`."""

    syncro: Syncro
    account: SyncroAccount
    customer: int
    token: str
    base_url: str
    http: httpx.AsyncClient
    clock: Clock
    faults: FaultPlan

    async def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = None, subdomain: str = ""
    ) -> httpx.Response:
        """Send a call of the API, to the account and with its token unless told otherwise; "" for none."""
        token = self.token if token is None else token
        return await self.http.request(
            method,
            f"{self.base_url}/{subdomain or self.account.subdomain}/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )

    async def call(self, method: str, path: str, body: object = None) -> Body:
        """Send a call that has to be answered with 200."""
        answer = await self.ask(method, path, body)
        assert answer.status_code == 200, answer.text
        content: Body = answer.json()
        return content

    async def refused(self, method: str, path: str, body: object = None) -> Body:
        """Send a call that has to be answered with 422."""
        answer = await self.ask(method, path, body)
        assert answer.status_code == 422, answer.text
        content: Body = answer.json()
        return content

    async def create(self, **fields: Any) -> Body:
        """Add a contact to the customer through the API."""
        return await self.call("POST", "/contacts", {"customer_id": self.customer, **fields})

    async def control(self, method: str, path: str, /, **content: Any) -> Body:
        """Call the control surface, which has to agree."""
        answer = await self.http.request(method, f"{self.base_url}/_control/{path}", json=content)
        assert answer.is_success, answer.text
        result: Body = answer.json() if answer.content else {}
        return result


@asynccontextmanager
async def serve_syncro(*, calls_per_minute: int | None = 180) -> AsyncIterator[Service]:
    """Serve a fresh service whose time is the clock's."""
    clock, faults = Clock(), FaultPlan()
    syncro = Syncro(clock, calls_per_minute=calls_per_minute)
    account = syncro.add_account("acme", name="Acme IT")
    customer = account.add_customer("Contoso", email="office@contoso.example")
    async with (
        serve(lambda base_url: syncro_application(syncro, base_url, faults=faults)) as base_url,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        yield Service(syncro, account, customer, account.add_token(), base_url, http, clock, faults)
