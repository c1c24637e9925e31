"""A tenant's users, as Microsoft Graph lists them and as its delta query tells what changed."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, datetime
from http import HTTPStatus
from urllib.parse import quote

import httpx

from shared.adapters.entra.applications import Applications
from shared.adapters.entra.tokens import ConnectionCredential
from shared.adapters.graph import documents
from shared.adapters.graph.answers import nonsense
from shared.adapters.graph.groups import GraphGroups
from shared.adapters.graph.limits import SharedLimits
from shared.adapters.graph.paging import decoded, pages
from shared.adapters.graph.permissions import proven
from shared.adapters.graph.reports import GraphReports
from shared.adapters.graph.transport import GraphTransport
from shared.core.connection import Connection
from shared.core.mirror import UserPage
from shared.core.models import DirectoryUser
from shared.core.permissions import PROFILES, Outcome, Permission
from shared.core.supplement import Registration, SecureScore, SubscribedProduct
from shared.ports import Clock, DirectoryGroup, Organization, Secrets
from shared.settings import Settings

_PAGE = 999  # users; the most that Graph gives
# Whatever else is asked for would name something of Graph's own, such as `delta`, or nobody.
_NAME = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[^\s\x00-\x1f/\\?%@\"<>]{1,900}@[^\s\x00-\x1f/\\?%@\"<>]{1,255}",
    re.IGNORECASE,
)


class GraphDirectory:
    """Implements DirectoryReader."""

    def __init__(self, transport: GraphTransport) -> None:
        """`transport`: of the tenant."""
        self._transport = transport
        self._groups, self._reports = GraphGroups(transport), GraphReports(transport)

    @property
    def requests(self) -> int:
        """See DirectoryReader."""
        return self._transport.requests

    async def organization(self) -> Organization:
        """See DirectoryReader."""
        url = self._transport.url("organization?$select=id,displayName,verifiedDomains")
        found = decoded(documents.organization, await self._transport.get(url))
        if found is None:
            raise nonsense()
        return Organization(*found)

    async def prove_permissions(self) -> tuple[Permission, ...]:
        """See DirectoryReader. `organization` is proven by its own call, `User.Read.All` by the first one."""
        url = self._transport.url("users?$select=id,userPrincipalName,department&$top=1")
        found = decoded(documents.users, await self._transport.get(url)).page.users
        somebody = found[0].id if found else None
        return Permission(PROFILES, Outcome.GRANTED), *await proven(self._transport, somebody)

    async def latest_delta_link(self) -> str:
        """See DirectoryReader."""
        url = self._transport.url(f"users/delta?$select={documents.USER_SELECT}&$deltatoken=latest")
        document = decoded(documents.users, await self._transport.get(url))
        if document.delta_link is None:
            raise nonsense()
        self._transport.check(document.delta_link)
        return document.delta_link

    async def users(self) -> AsyncIterator[UserPage]:
        """See DirectoryReader."""
        first = self._transport.url(f"users?$select={documents.USER_SELECT}&$top={_PAGE}")
        async for document in self._pages(first):
            yield document.page

    async def user(self, name: str) -> DirectoryUser | None:
        """See DirectoryReader."""
        if _NAME.fullmatch(name) is None:
            return None
        key = quote(name, safe="", errors="replace")
        # A name that begins so is taken for a function of Graph's unless it is written as a key.
        key = f"('{key.replace('%27', '%27%27')}')" if name.startswith("$") else f"/{key}"
        url = self._transport.url(f"users{key}?$select={documents.USER_SELECT}")
        answer = await self._transport.ask(url, accept={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return decoded(documents.user, answer.body)

    async def changes_since(self, delta_link: str) -> AsyncIterator[tuple[UserPage, str | None]]:
        """See DirectoryReader."""
        async for document in self._pages(delta_link):
            yield document.page, document.delta_link

    async def members(self, group_ids: Sequence[str]) -> frozenset[str]:
        """See DirectoryReader."""
        return await self._groups.members(group_ids)

    async def members_of_any_group(self) -> frozenset[str]:
        """See DirectoryReader."""
        return await self._groups.members_of_any_group()

    def groups(self, search: str = "") -> AsyncIterator[list[DirectoryGroup]]:
        """See DirectoryReader."""
        return self._groups.groups(search)

    async def group_sizes(self, group_ids: Sequence[str]) -> dict[str, int]:
        """See DirectoryReader."""
        return await self._groups.sizes(group_ids)

    async def mailbox_purposes(self, object_ids: Sequence[str]) -> dict[str, str]:
        """See DirectoryReader."""
        return await self._reports.mailbox_purposes(object_ids)

    async def registrations(self) -> dict[str, Registration]:
        """See DirectoryReader."""
        return await self._reports.registrations()

    async def activity(self) -> dict[str, date | None]:
        """See DirectoryReader."""
        return await self._reports.activity()

    async def products(self) -> list[SubscribedProduct]:
        """See DirectoryReader."""
        return await self._reports.products()

    async def secure_score(self) -> SecureScore | None:
        """See DirectoryReader."""
        return await self._reports.secure_score()

    async def _pages(self, first: str) -> AsyncIterator[documents.UsersDocument]:
        async for document in pages(self._transport.get, first, documents.users):
            if document.delta_link is not None:
                self._transport.check(document.delta_link)  # now, not when the next run follows it
            yield document


class GraphDirectories:
    """Implements Directories."""

    def __init__(
        self,
        settings: Settings,
        http: httpx.AsyncClient,
        applications: Applications,
        secrets: Secrets,
        clock: Clock,
        *,
        limits: SharedLimits | None = None,
    ) -> None:
        """`http`: one client for all tenants; `limits`: one for the process, None where nothing is shared."""
        self._settings, self._http = settings, http
        self._applications, self._secrets, self._clock = applications, secrets, clock
        self._limits = limits

    def open(self, connection: Connection) -> GraphDirectory:
        """See Directories."""
        now: Callable[[], datetime] = self._clock.now
        credential = ConnectionCredential(connection, self._applications, self._secrets, now)
        transport = GraphTransport(
            self._http,
            credential,
            self._settings.graph_url,
            self._settings.graph_default_scope,
            tenant_id=connection.tenant_id or "",
            limits=self._limits,
        )
        return GraphDirectory(transport)
