"""The whole web application over the world in memory, and the two kinds of visitors it has."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import msgspec
from fastapi import FastAPI

from shared.core.configuration import Configuration
from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.run import Run, RunKind, Trigger
from shared.ports import SignIn
from shared.services.access import PortalSession
from shared.web.asgi import create
from tests.fakes import TENANT, World, admin

URL = "https://tenantry.example"
CUSTOMER = "/api/v1/customers/c-1"
CONNECTION = f"{CUSTOMER}/connection"
PAGE = "/portal/customers/c-1"
ACCOUNT_PAGE = "/portal/account"


@dataclass
class Site:
    """A world and the web application over it; `app` is what `create` made."""

    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.app: FastAPI = create(self.world.app)

    def browser(self, **headers: str) -> httpx.AsyncClient:
        """Somebody with cookies of their own."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=True), base_url=URL, headers=headers
        )

    async def caller(self, name: str = "Fabrikam") -> tuple[str, httpx.AsyncClient]:
        """The id of a new account, and a program with its key."""
        account = await self.world.app.access.create_account(name)
        _, key = await self.world.app.access.create_key(account.id, "test")
        return account.id, self.browser(Authorization=f"Bearer {key}")

    def visitor(self, customer: Customer) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """A browser with the portal open for the customer."""
        return self._visitor(PortalSession(customer.account_id, customer.id))

    def manager(self, account_id: str) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """A browser with the portal open for the account."""
        return self._visitor(PortalSession(account_id, None))

    def session(self, session: PortalSession) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """A browser with this session."""
        return self._visitor(session)

    @asynccontextmanager
    async def _visitor(self, session: PortalSession) -> AsyncIterator[httpx.AsyncClient]:
        link = await self.world.app.access.portal_link(session)
        async with self.browser() as browser:
            opened = await browser.get("/portal/open", params={"token": link})
            assert opened.status_code == 303
            yield browser

    async def connected(self, account_id: str, *people: str) -> Customer:
        """Customer c-1 of the account with an active connection."""
        customer = await self.world.customer("c-1", account_id)
        await self.world.connect(self.world.tenant(TENANT, *people), customer)
        self.world.queue.waiting.clear()
        return customer

    async def held(self, customer: Customer) -> Run:
        """A run that waits for a person: one of the three people of the customer's tenant is left."""
        await self.world.sync(customer)
        for person in ("bob", "cem"):
            self.world.directories.tenants[TENANT].remove(person)
        self.world.clock.advance(timedelta(hours=12))
        return await self.sync(customer)

    async def sync(self, customer: Customer) -> Run:
        """A run, as far as it goes without anybody's decision."""
        run, _ = await self.world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
        message = self.world.queue.take()
        assert message is not None
        assert await self.world.deliver(message)
        return await self.world.app.runs.get(customer.account_id, run.id)

    async def consent(
        self, browser: httpx.AsyncClient, consent_url: str, person: SignIn | None = None
    ) -> httpx.Response:
        """Press Continue, sign in, approve; the answer to Microsoft's last redirect."""
        asked = await browser.get(consent_url)
        away = await browser.post("/connect/start", data={"ticket": hidden(asked, "ticket")})
        answer = self.world.identity.sign_in(away.headers["location"], person or admin(TENANT))
        step = await browser.get("/connect/callback", params=answer)
        if step.status_code != 302:
            return step
        approved = self.world.identity.approve(step.headers["location"])
        return await browser.get("/connect/callback", params=approved)

    async def connection(self, customer: Customer) -> Connection:
        """As it is stored."""
        return await self.world.connection(customer)


def shown(configuration: Configuration) -> dict[str, Any]:
    """A configuration as the API shows it."""
    document: dict[str, Any] = json.loads(msgspec.json.encode(configuration))
    return document


def fields_of(answer: httpx.Response) -> list[str]:
    """The fields that a problem names."""
    return [error["field"] for error in answer.json()["errors"]]


def hidden(response: httpx.Response, name: str) -> str:
    """The value of a page's hidden form field."""
    found = re.search(rf'type="hidden" name="{name}" value="([^"]+)"', response.text)
    assert found is not None, f"no field {name}"
    return found[1]


def without_request_id(response: httpx.Response) -> dict[str, Any]:
    """A problem, apart from the one member that differs from request to request."""
    document: dict[str, Any] = response.json()
    assert document.pop("request_id") == response.headers["x-request-id"]
    return document


async def press(
    browser: httpx.AsyncClient, address: str, page: str = PAGE, *also: str, **headers: str
) -> httpx.Response:
    """Fill in the form of a page and send it, as a browser does. `also`: its further hidden fields."""
    shown_page = await browser.get(page)
    data = {name: hidden(shown_page, name) for name in ("form_token", *also)}
    return await send(browser, address, data, **headers)


async def fill_in(browser: httpx.AsyncClient, address: str, page: str, **fields: str) -> httpx.Response:
    """Send the form of a page with these fields in it."""
    token = hidden(await browser.get(page), "form_token")
    return await send(browser, address, {"form_token": token, **fields})


async def send(
    browser: httpx.AsyncClient, address: str, data: dict[str, str], **headers: str
) -> httpx.Response:
    """Send a form as a browser does that shows our own page."""
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "null"} | headers
    return await browser.post(address, data=data, headers=own)


async def put(site: Site, customer: Customer, **fields: Any) -> None:
    """Change the stored connection behind the portal's back."""
    stored = await site.world.app.customers.connection(customer)
    await site.world.connections.replace(stored, msgspec.structs.replace(stored.value, **fields))
