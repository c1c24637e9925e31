"""What a tenant in memory has besides its users: groups, mailboxes, sign-in methods, activity, products."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from shared.core.errors import Actor, EnrichmentUnavailable, ScopeObjectMissing
from shared.core.models import DirectoryUser, UserType, user_type
from shared.core.permissions import Outcome, Permission
from shared.core.supplement import Registration, SecureScore, SubscribedProduct
from shared.ports import DirectoryGroup

_NEEDED_BY = {
    "GroupMember.Read.All": "groups",
    "MailboxSettings.Read": "mailbox_purposes",
    "AuditLog.Read.All": "registrations",
    "Reports.Read.All": "activity",
    "SecurityEvents.Read.All": "secure_score",
}


@dataclass
class FakeGroup:
    """A group and who is in it directly: object ids of users and of groups."""

    name: str
    members: set[str] = field(default_factory=set)


@dataclass(kw_only=True)
class DirectoryExtras:
    """Set the values; `errors`: what a method of the reader raises, by its name, until it is taken out."""

    users: dict[str, DirectoryUser] = field(default_factory=dict)
    groups: dict[str, FakeGroup] = field(default_factory=dict)
    purposes: dict[str, str] = field(default_factory=dict)
    """Of the mailboxes that are not of kind "user"."""
    registrations: dict[str, Registration] = field(default_factory=dict)
    activity: dict[str, date] = field(default_factory=dict)
    """The day of the last activity by object id."""
    products: list[SubscribedProduct] = field(default_factory=list)
    secure_score: SecureScore | None = None
    errors: dict[str, Exception] = field(default_factory=dict)

    def add_group(self, name: str, *members: str, object_id: str | None = None) -> str:
        """Found a group; returns its object id."""
        object_id = object_id or f"group-{len(self.groups) + 1}"
        self.groups[object_id] = FakeGroup(name, set(members))
        return object_id

    def delete_group(self, object_id: str) -> None:
        """Dissolve a group; it is in no other group any more either."""
        del self.groups[object_id]
        for group in self.groups.values():
            group.members.discard(object_id)

    def revoke(self, permission: str) -> None:
        """Take a permission that only an enrichment needs."""
        self.errors[_NEEDED_BY[permission]] = unavailable(permission)

    def conceal_names(self) -> None:
        """Show no names in reports."""
        self.errors["activity"] = unavailable("names_concealed")

    def lose_premium(self) -> None:
        """Have no licence for reports on authentication methods."""
        self.errors["registrations"] = unavailable("not_licensed", permanent=True)

    # What the reader asks.

    def granted(self) -> tuple[Permission, ...]:
        """What became of each permission that a sync can do without."""
        return tuple(
            Permission(permission, _outcome(self.errors.get(method)))
            for permission, method in _NEEDED_BY.items()
        )

    def found(self, name: str) -> DirectoryUser | None:
        """The user with this object id or user principal name."""
        for user in self.users.values():
            if name.casefold() in (user.id.casefold(), (user.user_principal_name or "").casefold()):
                return user
        return None

    def members_of(self, group_ids: Sequence[str]) -> frozenset[str]:
        """Users in the groups and in the groups in them."""
        if missing := [group_id for group_id in group_ids if group_id not in self.groups]:
            raise ScopeObjectMissing(missing)
        waiting, seen = list(group_ids), set(group_ids)
        for group_id in waiting:
            fresh = self.groups[group_id].members - seen if group_id in self.groups else set()
            waiting += fresh
            seen |= fresh
        return frozenset(seen & self.users.keys())

    def named_groups(self, search: str, page_size: int) -> Iterator[list[DirectoryGroup]]:
        """Pages of the groups whose names have words that begin so; there is always one."""
        wanted = search.casefold().split()
        listed = [
            DirectoryGroup(object_id, group.name)
            for object_id, group in self.groups.items()
            if all(any(word.startswith(term) for word in group.name.casefold().split()) for term in wanted)
        ]
        for start in range(0, max(len(listed), 1), page_size):
            yield listed[start : start + page_size]

    def purposes_of(self, object_ids: Sequence[str]) -> dict[str, str]:
        """Of those who have a mailbox here; a guest's is at home."""
        users = (self.users[object_id] for object_id in object_ids if object_id in self.users)
        return {
            user.id: self.purposes.get(user.id, "user")
            for user in users
            if user.mail and user_type(user) is not UserType.GUEST
        }

    def last_days(self) -> dict[str, date | None]:
        """Everybody's last active day."""
        return {
            (user.user_principal_name or "").lower(): self.activity.get(user.id)
            for user in self.users.values()
        }


def _outcome(error: Exception | None) -> Outcome:
    if error is None or "concealed" in str(error):
        return Outcome.GRANTED
    permanent = isinstance(error, EnrichmentUnavailable) and error.permanent
    return Outcome.UNLICENSED if permanent else Outcome.MISSING


def unavailable(what: str, *, permanent: bool = False) -> EnrichmentUnavailable:
    """What Microsoft says of an enrichment that is not to be had."""
    return EnrichmentUnavailable(
        f"enrichment_{what.lower().replace('.', '_')}",
        "An enrichment is not to be had.",
        f"An administrator of the organization must see to it: {what}.",
        Actor.CUSTOMER_ADMIN,
        permanent=permanent,
    )
