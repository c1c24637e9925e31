"""A tenant under a test: what the contracts of DirectoryReader need to do to it."""

from datetime import date
from typing import Protocol

from shared.ports import DirectoryReader


class TenantUnderTest(Protocol):
    """A tenant that the test changes, and a reader that the app would use for it.

    Every permission that any method needs is granted.
    """

    tenant_id: str

    def reader(self) -> DirectoryReader: ...

    def hire(self, name: str) -> str:
        """A new enabled member with `name` as display name and a mailbox; returns the object id."""
        ...

    def invite(self, name: str) -> str:
        """A guest with `name` as display name and mail elsewhere; returns the object id."""
        ...

    def principal_name(self, object_id: str) -> str:
        """The user principal name."""
        ...

    def set_job_title(self, object_id: str, title: str) -> None: ...

    def set_aliases(self, object_id: str, *addresses: str) -> None:
        """Other addresses than `mail`, in lower case, that mail also reaches."""
        ...

    def assign(self, object_id: str, *sku_ids: str) -> None:
        """Give exactly these licences."""
        ...

    def delete(self, object_id: str) -> None:
        """Soft delete."""
        ...

    def purge(self, object_id: str) -> None:
        """Delete for good what was soft deleted."""
        ...

    def restore(self, object_id: str) -> None: ...

    def add_group(self, name: str, *members: str) -> str:
        """A group of users and groups; returns the object id."""
        ...

    def add_member(self, group_id: str, member: str) -> None: ...

    def delete_group(self, group_id: str) -> None: ...

    def set_purpose(self, object_id: str, purpose: str) -> None:
        """What the mailbox is for."""
        ...

    def register(self, object_id: str, *methods: str, allowed: bool) -> None:
        """Register authentication methods, strong ones; `allowed`: by policy."""
        ...

    def work(self, object_id: str, day: date) -> None:
        """Last active on this day, which is a few days ago."""
        ...

    def buy(self, sku_id: str, part_number: str, seats: int) -> None: ...

    def set_score(self, current: float, maximum: float) -> None: ...

    def clear_score(self) -> None: ...

    def conceal_names(self) -> None:
        """In reports."""
        ...

    def lose_premium(self) -> None: ...

    def revoke(self, permission: str) -> None: ...

    def forget_links(self) -> None:
        """Every delta link so far is answered with 410."""
        ...

    def withdraw_consent(self) -> None: ...
