"""A simulated Microsoft Graph on a socket, and a client that holds a good token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx

from sandbox.simulators.graph import graph_application
from sandbox.simulators.serving import serve
from sandbox.simulators.tokens import GRAPH_AUDIENCE, TokenAuthority
from sandbox.world.model import Tenant, User, World
from sandbox.world.seed import REQUIRED_APP_ROLES, SERVICE_CLIENT_ID, build_world, customer_tenant

Answer = dict[str, Any]


@dataclass
class Clock:
    """A clock that a test moves."""

    time: datetime = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        self.time += by


@dataclass
class Graph:
    """One tenant's view of the simulator, which may have been told to misbehave through `control`."""

    world: World
    tokens: TokenAuthority
    tenant: Tenant
    base_url: str
    http: httpx.AsyncClient
    clock: Clock

    def token(
        self,
        roles: Iterable[str] = REQUIRED_APP_ROLES,
        *,
        tenant: Tenant | None = None,
        scopes: Iterable[str] = (),
        user: User | None = None,
        lifetime: timedelta = timedelta(hours=1),
    ) -> str:
        """Issue a token, and consent to the application in its tenant."""
        tenant = tenant or self.tenant
        tenant.grant_consent(SERVICE_CLIENT_ID, roles, scopes)
        return self.tokens.issue_access_token(
            tenant,
            self.world.applications[SERVICE_CLIENT_ID],
            GRAPH_AUDIENCE,
            roles=roles,
            scopes=scopes,
            user=user,
            lifetime=lifetime,
        )

    async def ask(
        self, path: str, token: str | None = None, *, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Send a GET for a path below the version or an absolute link."""
        url = path if "://" in path else f"{self.base_url}/v1.0/{path}"
        return await self.http.get(
            url, headers={"Authorization": f"Bearer {token or self.token()}", **(headers or {})}
        )

    async def get(self, path: str, **headers: str) -> Answer:
        """Send a GET that has to succeed; `Consistency_Level="eventual"` sets a header."""
        answer = await self.ask(
            path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        assert answer.status_code == 200, answer.text
        content: Answer = answer.json()
        return content

    async def pages(self, path: str, **headers: str) -> list[Answer]:
        """Follow the next links to the end."""
        pages = [await self.get(path, **headers)]
        while link := pages[-1].get("@odata.nextLink"):
            assert len(pages) < 500, "the links never end"
            pages.append(await self.get(link, **headers))
        return pages

    async def items(self, path: str, **headers: str) -> list[Answer]:
        return [item for page in await self.pages(path, **headers) for item in page["value"]]

    async def round(self, path: str) -> tuple[list[Answer], str]:
        """Follow a delta round to its end and return its items and the delta link."""
        pages = await self.pages(path)
        assert all("@odata.deltaLink" not in page for page in pages[:-1])
        return [item for page in pages for item in page["value"]], pages[-1]["@odata.deltaLink"]

    async def control(self, where: str, method: str = "POST", /, **content: Any) -> Answer:
        """Call the control surface, which has to agree."""
        answer = await self.http.request(method, f"{self.base_url}/_control/{where}", json=content)
        assert answer.is_success, answer.text
        result: Answer = answer.json() if answer.content else {}
        return result


@asynccontextmanager
async def serve_graph(tenant_key: str = "contoso") -> AsyncIterator[Graph]:
    """Serve the simulator for one tenant of a fresh small world whose time is the clock's."""
    clock = Clock()
    world = build_world(scale="small")
    world.clock = clock
    tokens = _authority()
    tokens.world = world
    async with (
        serve(lambda base_url: graph_application(world, tokens, base_url)) as base_url,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        yield Graph(world, tokens, customer_tenant(world, tenant_key), base_url, http, clock)


@cache
def _authority() -> TokenAuthority:
    """Make the signing key once, for it is slow to make."""
    return TokenAuthority(World())


def fold(directory: dict[str, Answer], items: Iterable[Answer]) -> dict[str, Answer]:
    """Apply the items of a delta round to what is known, as a client has to."""
    for item in items:
        if "@removed" in item:
            directory.pop(item["id"], None)
        else:
            directory[item["id"]] = item
    return directory
