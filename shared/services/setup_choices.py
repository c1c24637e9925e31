"""What a tenant offers to choose from while somebody turns the pages of a setup."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from shared.core.configuration import Configuration, SiteAttribute
from shared.core.connection import Connection
from shared.core.errors import ActionRequired, RetryLater, SourceFault
from shared.core.sites import ValueCount
from shared.ports import Clock, Directories, DirectoryGroup
from shared.services.browsing import Attribute, Browsing, check_readable

_FRESH = timedelta(minutes=2)
_REMEMBERED = 32  # lists; a process serves a few people at a time
_SHOWN = 50
_ATTRIBUTES = {SiteAttribute.OFFICE: Attribute.OFFICES, SiteAttribute.DEPARTMENT: Attribute.DEPARTMENTS}

Remembered = OrderedDict[object, tuple[datetime, tuple[ValueCount, ...]]]


class FoundGroups(msgspec.Struct, frozen=True):
    """Groups by name; `more`: there are others that a longer search would find; `sizes`: how many users are
    in each, as far as Microsoft says."""

    items: tuple[DirectoryGroup, ...]
    more: bool
    sizes: dict[str, int]


@dataclass(frozen=True, slots=True)
class SetupChoices:
    """Before the first sync there is no mirror, so a list takes a read of the tenant; whoever turns the pages
    of one list sees one read."""

    browsing: Browsing
    directories: Directories
    clock: Clock
    remembered: Remembered = field(default_factory=OrderedDict, repr=False)

    async def values(
        self, connection: Connection, draft: Configuration, attribute: SiteAttribute
    ) -> tuple[ValueCount, ...]:
        """Every office or department with the users that the draft lets in, most first.

        Raises as `Browsing.values` does.
        """
        scope, now = draft.scope, self.clock.now()
        whom = (scope.user_types, scope.enabled_only, scope.shared_mailboxes, draft.email_source)
        key = (connection.id, connection.tenant_id, connection.mirror, attribute, whom)
        found = self.remembered.get(key)
        if found is not None and now - found[0] < _FRESH:
            check_readable(connection)
            return found[1]
        tried = msgspec.structs.replace(connection, configuration=draft)
        values = await self.browsing.values(tried, _ATTRIBUTES[attribute])
        self.remembered[key] = (now, values)
        while len(self.remembered) > _REMEMBERED:
            self.remembered.popitem(last=False)
        return values

    async def groups(self, connection: Connection, search: str) -> FoundGroups:
        """The first groups whose name has a word that begins with `search`. Raises as `values` does."""
        check_readable(connection)
        found: list[DirectoryGroup] = []
        reader = self.directories.open(connection)
        async for page in reader.groups(search):
            found += page
            if len(found) > _SHOWN:
                break
        found.sort(key=lambda group: (group.name.casefold(), group.id))
        shown = tuple(found[:_SHOWN])
        try:
            sizes = await reader.group_sizes([group.id for group in shown])
        except (RetryLater, SourceFault, ActionRequired):
            sizes = {}  # a group can be chosen without it
        return FoundGroups(shown, len(found) > _SHOWN, sizes)
