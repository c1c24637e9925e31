"""What the tenant offers to choose from: offices, departments, domains, licences, groups, with counts."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from shared.core import licences
from shared.core.configuration import Configuration, Groups, Scope, SiteAttribute
from shared.core.connection import Connection, ConnectionState
from shared.core.errors import Actor, Conflict
from shared.core.mapping import email_of
from shared.core.models import DirectoryUser
from shared.core.scope import Filter
from shared.core.sites import ValueCount, value_counts, value_of
from shared.core.text import clean
from shared.ports import Directories, DirectoryGroup, MirrorStore


class Attribute(StrEnum):
    """What can be listed with counts."""

    OFFICES = "offices"
    DEPARTMENTS = "departments"
    DOMAINS = "domains"
    LICENCES = "licences"


_READ = frozenset({ConnectionState.ACTIVE, ConnectionState.PAUSED})


@dataclass(frozen=True, slots=True)
class Browsing:
    """Goes by the directory mirror where there is one, and reads the tenant where there is none yet."""

    directories: Directories
    mirrors: MirrorStore

    async def values(self, connection: Connection, attribute: Attribute) -> tuple[ValueCount, ...]:
        """Every value with the users that have it, most first; an empty one is shown as "Undefined".

        Counted are the users whom the configuration's user types and its `enabled_only` let in. Raises
        Conflict while the connection cannot be read, and what reading the directory raises.
        """
        check_readable(connection)
        counted = _counted(connection.configuration)
        if attribute is Attribute.LICENCES:
            return _licences([user async for user in self._users(connection) if counted(user)])
        value = _reader(attribute, connection.configuration)
        return value_counts([value(user) async for user in self._users(connection) if counted(user)])

    async def groups(self, connection: Connection, search: str) -> list[DirectoryGroup]:
        """The groups whose name has a word that begins with `search`, by name. Raises as `values` does."""
        check_readable(connection)
        reader = self.directories.open(connection)
        found = [group async for page in reader.groups(search) for group in page]
        return sorted(found, key=lambda group: (group.name.casefold(), group.id))

    async def people(self, connection: Connection, search: str, most: int) -> list[DirectoryUser]:
        """At most so many people whose name or address has `search` in it, by name.

        Raises as `values` does.
        """
        check_readable(connection)
        wanted = search.casefold()
        found = [user async for user in self._users(connection) if wanted in _searched(user)]
        return sorted(found, key=lambda user: (clean(user.display_name).casefold(), user.id))[:most]

    async def _users(self, connection: Connection) -> AsyncIterator[DirectoryUser]:
        snapshot = None
        if connection.mirror is not None:
            snapshot = await self.mirrors.load(connection.id, connection.mirror)
        if snapshot is not None:
            for user in snapshot.users.values():
                yield user
            return
        async for page in self.directories.open(connection).users():
            for user in page.users:
                yield user


def _searched(user: DirectoryUser) -> str:
    names = (clean(user.display_name), user.user_principal_name or "", user.mail or "")
    return "\n".join(names).casefold()


def check_readable(connection: Connection) -> None:
    """Raises Conflict while the connection cannot be read."""
    if connection.state not in _READ:
        raise Conflict(
            "connection_not_active",
            f"The connection is {connection.state.value}, so the directory cannot be read.",
            "Connect the customer's Microsoft 365 first, or read the connection to see who must act.",
            Actor.TECHNICIAN,
        )


def _counted(configuration: Configuration) -> Callable[[DirectoryUser], bool]:
    scope = configuration.scope
    broad = Scope(
        user_types=scope.user_types,
        enabled_only=scope.enabled_only,
        shared_mailboxes=scope.shared_mailboxes,
        groups=Groups(),
    )
    everybody = Filter(Configuration(scope=broad, email_source=configuration.email_source))
    return lambda user: everybody.left_out(user) is None


def _reader(attribute: Attribute, configuration: Configuration) -> Callable[[DirectoryUser], str]:
    if attribute is Attribute.DOMAINS:
        return lambda user: email_of(user, configuration.email_source).rpartition("@")[2].lower()
    site = SiteAttribute.OFFICE if attribute is Attribute.OFFICES else SiteAttribute.DEPARTMENT
    return lambda user: value_of(user, site)


def _licences(users: Iterable[DirectoryUser]) -> tuple[ValueCount, ...]:
    counts = Counter(sku for user in users for sku in user.licences)
    found = [ValueCount(sku, licences.product_name(sku), number) for sku, number in counts.items()]
    return tuple(sorted(found, key=lambda item: (-item.users, item.label, item.value)))
