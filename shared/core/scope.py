"""Who is in scope, and why somebody is not."""

from collections.abc import Callable, Iterator
from enum import StrEnum

from shared.core import mapping
from shared.core.configuration import (
    Configuration,
    EmailSource,
    Exclusion,
    GroupMode,
    PatternField,
    SharedMailboxes,
)
from shared.core.models import DirectoryUser, UserType, user_type
from shared.core.patterns import Pattern, pattern
from shared.core.sites import folded
from shared.core.supplement import NOTHING, Supplement
from shared.core.text import clean, normalized_email

_NOBODYS = frozenset({"shared", "room", "equipment"})  # Graph's `userPurpose`


class SkipReason(StrEnum):
    """Why a user of the directory gets no contact."""

    MEMBER = "not_in_scope.member"
    GUEST = "not_in_scope.guest"
    DISABLED = "not_in_scope.disabled"
    GROUP = "not_in_scope.group"
    DEPARTMENT = "not_in_scope.department"
    OFFICE = "not_in_scope.office"
    DOMAIN = "not_in_scope.domain"
    UNLICENSED = "not_in_scope.unlicensed"
    SKU = "not_in_scope.sku"
    SHARED_MAILBOX = "not_in_scope.shared_mailbox"
    PATTERN = "excluded.pattern"
    NO_ADDRESS = "no_address"
    NO_SITE = "not_in_scope.site"
    DISMISSED = "review.dismissed"


Leaves = Callable[[DirectoryUser], bool]


class Filter:
    """The scope of a configuration, ready to be asked for many users.

    Raises ValueError where the configuration goes by groups and nobody read who is in them.
    """

    def __init__(self, configuration: Configuration, supplement: Supplement = NOTHING) -> None:
        """`supplement`: what was read besides the users."""
        self._kinds = frozenset(configuration.scope.user_types)
        self._clauses = tuple(_clauses(configuration, supplement))

    def left_out(self, user: DirectoryUser) -> SkipReason | None:
        """The first reason that keeps the user out of scope, or None when the user is in."""
        kind = user_type(user)
        if kind not in self._kinds:
            return SkipReason.GUEST if kind is UserType.GUEST else SkipReason.MEMBER
        for reason, leaves in self._clauses:
            if leaves(user):
                return reason
        return None

    def clauses(self, user: DirectoryUser) -> Iterator[tuple[SkipReason, bool]]:
        """Every condition that is in force, and whether the user meets it."""
        kind = user_type(user)
        yield SkipReason.GUEST if kind is UserType.GUEST else SkipReason.MEMBER, kind in self._kinds
        for reason, leaves in self._clauses:
            yield reason, not leaves(user)


def _clauses(configuration: Configuration, supplement: Supplement) -> Iterator[tuple[SkipReason, Leaves]]:
    scope, source = configuration.scope, configuration.email_source
    if scope.enabled_only:
        yield SkipReason.DISABLED, lambda user: user.enabled is False
    if scope.groups.mode is not GroupMode.NONE:
        members = supplement.group_members
        if members is None:
            raise ValueError("the scope goes by groups, and nobody read who is in them")
        yield SkipReason.GROUP, lambda user: user.id not in members
    if scope.departments:
        departments = frozenset(map(folded, scope.departments))
        yield SkipReason.DEPARTMENT, lambda user: folded(clean(user.department)) not in departments
    if scope.offices:
        offices = frozenset(map(folded, scope.offices))
        yield SkipReason.OFFICE, lambda user: folded(clean(user.office_location)) not in offices
    if scope.domains:
        domains = frozenset(_domain(f"@{domain}") for domain in scope.domains)
        yield SkipReason.DOMAIN, lambda user: _domain(mapping.email_of(user, source)) not in domains
    if scope.licensed_only:
        yield SkipReason.UNLICENSED, lambda user: not user.licences
    if scope.skus:
        skus = frozenset(scope.skus)
        yield SkipReason.SKU, lambda user: skus.isdisjoint(user.licences)
    if scope.shared_mailboxes is not SharedMailboxes.INCLUDE:
        purposes = supplement.purposes if _by_purpose(configuration) else None
        yield SkipReason.SHARED_MAILBOX, lambda user: _nobodys(user, purposes or {})
    if scope.exclusions:
        checks = [(_text_of(exclusion, source), pattern(exclusion.pattern)) for exclusion in scope.exclusions]
        yield SkipReason.PATTERN, lambda user: _excluded(user, checks)


def _by_purpose(configuration: Configuration) -> bool:
    return configuration.scope.shared_mailboxes is SharedMailboxes.LEAVE_OUT_BY_PURPOSE


def _domain(address: str) -> str:
    return normalized_email(address).rpartition("@")[2]


def _nobodys(user: DirectoryUser, purposes: dict[str, str]) -> bool:
    purpose = purposes.get(user.id)
    return looks_shared(user) if purpose is None else purpose in _NOBODYS


def looks_shared(user: DirectoryUser) -> bool:
    """Whether the account looks like a shared mailbox, a room or equipment.

    Exchange makes such accounts with an address, but without a licence and without anybody's first or last
    name; people have one of the three.
    """
    return (
        bool(user.mail)
        and not user.licences
        and not clean(user.given_name)
        and not clean(user.surname)
        and user_type(user) is UserType.MEMBER
    )


def _text_of(exclusion: Exclusion, source: EmailSource) -> Callable[[DirectoryUser], str]:
    if exclusion.attribute is PatternField.EMAIL:
        return lambda user: mapping.email_of(user, source)
    return _TEXTS[exclusion.attribute]


_TEXTS: dict[PatternField, Callable[[DirectoryUser], str]] = {
    PatternField.USER_PRINCIPAL_NAME: lambda user: clean(user.user_principal_name),
    PatternField.DISPLAY_NAME: lambda user: clean(user.display_name),
    PatternField.JOB_TITLE: lambda user: clean(user.job_title),
    PatternField.DEPARTMENT: lambda user: clean(user.department),
    PatternField.OFFICE: lambda user: clean(user.office_location),
    PatternField.COMPANY: lambda user: clean(user.company_name),
}


def _excluded(user: DirectoryUser, checks: list[tuple[Callable[[DirectoryUser], str], Pattern]]) -> bool:
    return any(compiled.search(text_of(user)) is not None for text_of, compiled in checks)
