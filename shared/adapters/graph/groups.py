"""Who is in which group.

Microsoft Learn, "List groups", "List group members", "List group transitive members" and "Advanced query
capabilities on Microsoft Entra ID objects".
"""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from shared.adapters.graph import group_documents
from shared.adapters.graph.paging import decoded, pages
from shared.adapters.graph.transport import ROUND, GraphTransport
from shared.core.errors import ScopeObjectMissing
from shared.ports import DirectoryGroup

_PAGE = 999  # the most that Graph gives
_USERS = f"microsoft.graph.user?$select=id&$top={_PAGE}"
_COUNT = "transitiveMembers/microsoft.graph.user?$select=id&$top=1&$count=true"
_ADVANCED = {"ConsistencyLevel": "eventual"}


class GraphGroups:
    """The groups of one tenant."""

    def __init__(self, transport: GraphTransport) -> None:
        """`transport`: of the tenant."""
        self._transport = transport

    async def members(self, group_ids: Sequence[str]) -> frozenset[str]:
        """See DirectoryReader."""
        found, missing = await self._members(group_ids, f"transitiveMembers/{_USERS}&$count=true")
        if missing:
            raise ScopeObjectMissing(missing)
        return found

    async def members_of_any_group(self) -> frozenset[str]:
        """See DirectoryReader. Nested groups are groups too, so direct members are everybody."""
        listed: list[str] = []
        first = self._transport.url(f"groups?$select=id&$top={_PAGE}")
        async for document in pages(self._transport.get, first, group_documents.groups):
            listed += [group.id for group in document.groups()]
        found, _ = await self._members(listed, f"members/{_USERS}&$count=true")
        return found

    async def groups(self, search: str = "") -> AsyncIterator[list[DirectoryGroup]]:
        """See DirectoryReader."""
        first = self._transport.url(f"groups?$select=id,displayName&$top={_PAGE}")
        headers: dict[str, str] = {}
        if wanted := search.strip():
            escaped = wanted.replace("\\", "\\\\").replace('"', '\\"')
            term = quote(f'"displayName:{escaped}"', safe="", errors="replace")
            first, headers = f"{first}&$count=true&$search={term}", _ADVANCED
        get = partial(self._transport.get, headers=headers)
        async for document in pages(get, first, group_documents.groups):
            yield document.groups()

    async def sizes(self, group_ids: Sequence[str]) -> dict[str, int]:
        """See DirectoryReader."""
        distinct = list(dict.fromkeys(group_ids))
        paths = [f"groups/{quote(group_id, safe='')}/{_COUNT}" for group_id in distinct]
        answers = await self._transport.batch(paths, accept={HTTPStatus.NOT_FOUND}, headers=_ADVANCED)
        found: dict[str, int] = {}
        for group_id, answer in zip(distinct, answers, strict=True):
            if answer.status == HTTPStatus.OK:
                count = decoded(group_documents.members, answer.body).count
                if count is not None:
                    found[group_id] = count
        return found

    async def _members(self, group_ids: Sequence[str], relation: str) -> tuple[frozenset[str], list[str]]:
        """Users in at least one of the groups, and the groups that do not exist."""
        found: set[str] = set()
        missing: list[str] = []
        get = partial(self._transport.get, headers=_ADVANCED)
        distinct = list(dict.fromkeys(group_ids))
        for start in range(0, len(distinct), ROUND):
            asked = distinct[start : start + ROUND]
            paths = [f"groups/{quote(group_id, safe='')}/{relation}" for group_id in asked]
            answers = await self._transport.batch(paths, accept={HTTPStatus.NOT_FOUND}, headers=_ADVANCED)
            for group_id, answer in zip(asked, answers, strict=True):
                if answer.status == HTTPStatus.NOT_FOUND:
                    missing.append(group_id)
                    continue
                first = decoded(group_documents.members, answer.body)
                found.update(member.id for member in first.value)
                async for page in pages(get, first.next_link, group_documents.members):
                    found.update(member.id for member in page.value)
        return frozenset(found), missing
