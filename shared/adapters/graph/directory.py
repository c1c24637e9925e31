"""A tenant's users, as Microsoft Graph lists them and as its delta query tells what changed."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import TypeVar

import httpx

from shared.adapters.entra.applications import Applications
from shared.adapters.entra.tokens import ConnectionCredential
from shared.adapters.graph import documents
from shared.adapters.graph.transport import GraphTransport
from shared.core.connection import Connection
from shared.core.errors import Actor, SourceFault
from shared.core.mirror import UserPage
from shared.ports import Clock, Organization, Secrets
from shared.settings import Settings

T = TypeVar("T")

_PAGE = 999  # users; the most that Graph gives


class GraphDirectory:
    """Implements DirectoryReader."""

    def __init__(self, transport: GraphTransport) -> None:
        """`transport`: of the tenant."""
        self._transport = transport

    @property
    def requests(self) -> int:
        """See DirectoryReader."""
        return self._transport.requests

    async def organization(self) -> Organization:
        """See DirectoryReader."""
        url = self._transport.url("organization?$select=id,displayName,verifiedDomains")
        found = _decoded(documents.organization, await self._transport.get(url))
        if found is None:
            raise _nonsense()
        return Organization(*found)

    async def prove_permissions(self) -> None:
        """See DirectoryReader. `organization` is proven by its own call, `User.Read.All` by this one."""
        url = self._transport.url("users?$select=id,userPrincipalName,department&$top=1")
        _decoded(documents.users, await self._transport.get(url))

    async def latest_delta_link(self) -> str:
        """See DirectoryReader."""
        url = self._transport.url(f"users/delta?$select={documents.USER_SELECT}&$deltatoken=latest")
        document = _decoded(documents.users, await self._transport.get(url))
        if document.delta_link is None:
            raise _nonsense()
        self._transport.check(document.delta_link)
        return document.delta_link

    async def users(self) -> AsyncIterator[UserPage]:
        """See DirectoryReader."""
        first = self._transport.url(f"users?$select={documents.USER_SELECT}&$top={_PAGE}")
        async for document in self._pages(first):
            yield document.page

    async def changes_since(self, delta_link: str) -> AsyncIterator[tuple[UserPage, str | None]]:
        """See DirectoryReader."""
        async for document in self._pages(delta_link):
            yield document.page, document.delta_link

    async def _pages(self, first: str) -> AsyncIterator[documents.UsersDocument]:
        url: str | None = first
        seen: set[str] = set()
        while url is not None:
            if url in seen:
                raise SourceFault(
                    "paging_loop",
                    "Microsoft Graph sent the reader around in circles.",
                    "Nobody has to act. The run is tried again.",
                )
            seen.add(url)
            document = _decoded(documents.users, await self._transport.get(url))
            if document.delta_link is not None:
                self._transport.check(document.delta_link)  # now, not when the next run follows it
            yield document
            url = document.next_link


class GraphDirectories:
    """Implements Directories."""

    def __init__(
        self,
        settings: Settings,
        http: httpx.AsyncClient,
        applications: Applications,
        secrets: Secrets,
        clock: Clock,
    ) -> None:
        """`http`: one client for all tenants."""
        self._settings, self._http = settings, http
        self._applications, self._secrets, self._clock = applications, secrets, clock

    def open(self, connection: Connection) -> GraphDirectory:
        """See Directories."""
        now: Callable[[], datetime] = self._clock.now
        credential = ConnectionCredential(connection, self._applications, self._secrets, now)
        scope = self._settings.graph_default_scope
        return GraphDirectory(GraphTransport(self._http, credential, self._settings.graph_url, scope))


def _decoded(decode: Callable[[bytes], T], body: bytes) -> T:
    try:
        return decode(body)
    except documents.UNREADABLE:
        raise _nonsense() from None


def _nonsense() -> SourceFault:
    return SourceFault(
        "graph_unreadable",
        "Microsoft Graph sent an answer of a shape that is not its own.",
        "The run is tried again. If it keeps failing, the operator must look at its log.",
        Actor.OPERATOR,
    )
