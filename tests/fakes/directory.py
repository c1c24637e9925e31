"""Tenants in memory: people come, change, leave and return, and a delta link tells what happened since."""

import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from shared.core.connection import Connection, ConnectionState
from shared.core.errors import ActionRequired, ResyncRequired
from shared.core.mirror import UserPage
from shared.core.models import DirectoryUser, RemovalReason
from shared.core.permissions import PROFILES, Outcome, Permission
from shared.core.supplement import Registration, SecureScore, SubscribedProduct
from shared.ports import DirectoryGroup, Organization
from tests.fakes.directory_extras import DirectoryExtras

_LINK = "https://graph.invalid/v1.0/users/delta?$deltatoken="

Item = DirectoryUser | tuple[str, RemovalReason]
Property = str | bool | tuple[str, ...] | None


@dataclass
class Manners:
    """How the tenant answers: all of it is allowed, none of it is nice."""

    page_size: int = 100
    empty_pages: bool = False
    duplicates: bool = False
    replays: bool = False
    """A delta tells former states of a person too, and what it told before; the last word is right."""
    shuffled: random.Random | None = None


@dataclass
class FakeDirectory(DirectoryExtras):
    """One tenant. Change it with the verbs, break it with `fail_next` or `errors`, watch its `requests`."""

    id: str
    display_name: str = "Contoso"
    domain: str = "contoso.example"
    manners: Manners = field(default_factory=Manners)
    bin: dict[str, DirectoryUser] = field(default_factory=dict)
    requests: int = 0
    consented: bool = True
    on_request: Callable[[int], None] = lambda number: None
    """Called with the number of every request before it is answered; it may change the tenant, or raise."""

    def __post_init__(self) -> None:
        self._log: list[Item] = []
        self._oldest_link = 0
        self._failures: list[Exception] = []

    # What happens in the tenant.

    def put(self, user: DirectoryUser) -> DirectoryUser:
        """Hire, or change in any way."""
        self.users[user.id] = user
        self._log.append(user)
        return user

    def hire(self, object_id: str, **properties: Property) -> DirectoryUser:
        """A new member with a plausible name and address; `properties` say what is different."""
        plausible: dict[str, Property] = {
            "user_principal_name": f"{object_id}@{self.domain}",
            "mail": f"{object_id}@{self.domain}",
            "display_name": f"Person {object_id}",
            "given_name": "Person",
            "surname": object_id,
            "user_type": "Member",
            "enabled": True,
        }
        return self.put(msgspec.structs.replace(DirectoryUser(object_id), **(plausible | properties)))

    def change(self, object_id: str, **properties: Property) -> DirectoryUser:
        """Change some properties of a person."""
        return self.put(msgspec.structs.replace(self.users[object_id], **properties))

    def remove(self, object_id: str, reason: RemovalReason = RemovalReason.SOFT_DELETED) -> None:
        """Delete: a soft deleted person can come back."""
        user = self.users.pop(object_id, None) or self.bin.pop(object_id)
        if reason is RemovalReason.SOFT_DELETED:
            self.bin[object_id] = user
        self._log.append((object_id, reason))

    def restore(self, object_id: str) -> DirectoryUser:
        """Bring a soft deleted person back."""
        return self.put(self.bin.pop(object_id))

    # What goes wrong.

    def fail_next(self, *errors: Exception) -> None:
        """Let the next requests fail, one error each."""
        self._failures += errors

    def forget_links(self) -> None:
        """Every delta link given out so far is no longer good."""
        self._oldest_link = len(self._log) + 1
        self._log.append(("nobody", RemovalReason.HARD_DELETED))

    # What the reader asks.

    def request(self) -> None:
        """Count a request and fail where one is to fail."""
        self.requests += 1
        self.on_request(self.requests)
        if not self.consented:
            raise consent_withdrawn()
        if self._failures:
            raise self._failures.pop(0)

    def link(self) -> str:
        return f"{_LINK}{len(self._log)}"

    def since(self, link: str) -> list[Item]:
        """What the delta link leads to: everybody it speaks of, as they are now."""
        position = int(link.removeprefix(_LINK))
        if position < self._oldest_link or position > len(self._log):
            raise ResyncRequired
        if self.manners.replays:
            return self._log[max(0, position - 3) :]
        last = {_id(item): item for item in self._log[position:]}
        return self._in_any_order(last.values())

    def pages(self, items: Iterable[Item]) -> Iterator[UserPage]:
        """Cut into pages; no page names anybody twice, and there is always one."""
        page: dict[str, Item] = {}
        if self.manners.empty_pages:
            yield UserPage()
        for item in items:
            if len(page) >= self.manners.page_size or _id(item) in page:
                yield _page(page.values())
                if self.manners.empty_pages:
                    yield UserPage()
                page = {}
            page[_id(item)] = item
        yield _page(page.values())

    def listed(self) -> list[Item]:
        """Everybody, the way a full read lists them."""
        everybody = self._in_any_order(self.users.values())
        return everybody + everybody[: len(everybody) // 2 + 1] if self.manners.duplicates else everybody

    def _in_any_order(self, items: Iterable[Item]) -> list[Item]:
        ordered = list(items)
        if self.manners.shuffled is not None:
            self.manners.shuffled.shuffle(ordered)
        return ordered


class FakeDirectoryReader:
    """Reads one tenant; every page is one request."""

    def __init__(self, tenant: FakeDirectory) -> None:
        self._tenant = tenant
        self.requests = 0

    async def organization(self) -> Organization:
        self._request()
        return Organization(self._tenant.id, self._tenant.display_name, self._tenant.domain)

    async def prove_permissions(self) -> tuple[Permission, ...]:
        self._request()
        return Permission(PROFILES, Outcome.GRANTED), *self._tenant.granted()

    async def latest_delta_link(self) -> str:
        self._request()
        return self._tenant.link()

    async def users(self) -> AsyncIterator[UserPage]:
        self._request()
        for number, page in enumerate(self._tenant.pages(self._tenant.listed())):
            if number:
                self._request()
            yield page

    async def changes_since(self, delta_link: str) -> AsyncIterator[tuple[UserPage, str | None]]:
        self._request()
        link = self._tenant.link()
        pages = list(self._tenant.pages(self._tenant.since(delta_link)))
        for number, page in enumerate(pages, start=1):
            if number > 1:
                self._request()
            yield page, link if number == len(pages) else None

    async def user(self, name: str) -> DirectoryUser | None:
        self._request("user")
        return self._tenant.found(name)

    async def members(self, group_ids: Sequence[str]) -> frozenset[str]:
        self._request("members")
        return self._tenant.members_of(group_ids)

    async def members_of_any_group(self) -> frozenset[str]:
        self._request("members_of_any_group")
        return self._tenant.members_of(list(self._tenant.groups))

    async def groups(self, search: str = "") -> AsyncIterator[list[DirectoryGroup]]:
        for page in self._tenant.named_groups(search, self._tenant.manners.page_size):
            self._request("groups")
            yield page

    async def group_sizes(self, group_ids: Sequence[str]) -> dict[str, int]:
        self._request("groups")
        there = [group_id for group_id in group_ids if group_id in self._tenant.groups]
        return {group_id: len(self._tenant.members_of([group_id])) for group_id in there}

    async def mailbox_purposes(self, object_ids: Sequence[str]) -> dict[str, str]:
        self._request("mailbox_purposes")
        return self._tenant.purposes_of(object_ids)

    async def registrations(self) -> dict[str, Registration]:
        self._request("registrations")
        return dict(self._tenant.registrations)

    async def activity(self) -> dict[str, date | None]:
        self._request("activity")
        return self._tenant.last_days()

    async def products(self) -> list[SubscribedProduct]:
        self._request("products")
        return list(self._tenant.products)

    async def secure_score(self) -> SecureScore | None:
        self._request("secure_score")
        return self._tenant.secure_score

    def _request(self, method: str = "") -> None:
        self.requests += 1
        self._tenant.request()
        if method in self._tenant.errors:
            raise self._tenant.errors[method]


class FakeDirectories:
    """Every tenant there is, by id. `opened` keeps the state of each connection that opened one."""

    def __init__(self) -> None:
        self.tenants: dict[str, FakeDirectory] = {}
        self.opened: list[ConnectionState] = []

    def add(self, tenant: FakeDirectory) -> FakeDirectory:
        self.tenants[tenant.id] = tenant
        return tenant

    def open(self, connection: Connection) -> FakeDirectoryReader:
        self.opened.append(connection.state)
        tenant = self.tenants.get(connection.tenant_id or "")
        return FakeDirectoryReader(tenant if tenant is not None else _Nowhere(""))


class _Nowhere(FakeDirectory):
    def request(self) -> None:
        self.requests += 1
        raise tenant_gone()


def consent_withdrawn(*, replicating: bool = False) -> ActionRequired:
    """What Microsoft says when the app may no longer read, or may not yet."""
    return ActionRequired(
        "consent_withdrawn",
        "The access was withdrawn.",
        "An administrator of the organization must connect again.",
        replicating=replicating,
    )


def permission_missing() -> ActionRequired:
    """What Microsoft says when a permission was not approved."""
    return ActionRequired(
        "permission_missing",
        "A permission is missing.",
        "An administrator of the organization must connect again and approve every permission.",
    )


def tenant_gone() -> ActionRequired:
    """What Microsoft says of a tenant that does not exist."""
    return ActionRequired("tenant_gone", "The organization no longer exists.", "Disconnect the customer.")


def _id(item: Item) -> str:
    return item.id if isinstance(item, DirectoryUser) else item[0]


def _page(items: Iterable[Item]) -> UserPage:
    items = list(items)
    return UserPage(
        tuple(item for item in items if isinstance(item, DirectoryUser)),
        tuple(item for item in items if not isinstance(item, DirectoryUser)),
    )
