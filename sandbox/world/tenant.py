"""One tenant and every way its directory can change."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sandbox.world.change_log import ChangeLog
from sandbox.world.directory import Group, Properties, Purpose, ServicePrincipal, SubscribedSku, User
from sandbox.world.insights import Insights
from sandbox.world.seeded import seeded


class DirectoryConflict(ValueError):
    """The change would give two objects the same id or the same user principal name."""


class Tenant:
    """A directory; its users change only through these methods, so that the change log misses nothing.

    `domains` holds the default domain first and one `*.onmicrosoft.com` among them. Methods that name an
    unknown object raise KeyError; one that would break uniqueness raises DirectoryConflict.
    """

    def __init__(
        self,
        tenant_id: str,
        display_name: str,
        domains: list[str],
        created: datetime,
        *,
        country_code: str = "US",
    ) -> None:
        self.id = tenant_id.lower()
        self.display_name = display_name
        self.domains = domains
        self.created = created
        self.country_code = country_code
        self.deleted = False
        self.users: dict[str, User] = {}
        self.deleted_users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.subscribed_skus: list[SubscribedSku] = []
        self.service_principals: dict[str, ServicePrincipal] = {}
        self.change_log = ChangeLog()
        self.insights = Insights(self)
        self._ids = seeded(self.id)
        self._id_by_upn: dict[str, str] = {}

    @property
    def initial_domain(self) -> str:
        return next(domain for domain in self.domains if domain.endswith(".onmicrosoft.com"))

    @property
    def admin(self) -> User:
        """The first Global Administrator; raises LookupError in a tenant that has none."""
        for user in self.users.values():
            if user.is_global_administrator:
                return user
        raise LookupError(f"{self.display_name} has no Global Administrator")

    def new_id(self) -> str:
        """Return a fresh object id, the same sequence of them for the same tenant in every process."""
        return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))

    def user_by_upn(self, user_principal_name: str) -> User | None:
        """Find a user who is not deleted by user principal name, in any case."""
        user_id = self._id_by_upn.get(user_principal_name.casefold())
        return self.users[user_id] if user_id else None

    def hire(
        self,
        properties: Properties | None = None,
        *,
        directory_roles: Iterable[str] = (),
        purpose: Purpose = "user",
        home_tenant_id: str | None = None,
        home_upn: str | None = None,
        **more_properties: Any,
    ) -> User:
        """Create a user from Graph properties; `userPrincipalName` and `displayName` are required."""
        values = {**(properties or {}), **more_properties}
        values.setdefault("id", self.new_id())
        values.setdefault("accountEnabled", True)
        values.setdefault("userType", "Member")
        if values["id"] in self.users or values["id"] in self.deleted_users:
            raise DirectoryConflict(f"object id {values['id']} is taken")
        user = User(values, set(directory_roles), purpose, home_tenant_id, home_upn)
        self._claim_upn(user)
        self.users[user.id] = user
        user.ordinal = self.change_log.append(user.id, "created").sequence
        return user

    def update_user(self, user_id: str, /, **changes: Any) -> User:
        """Write Graph properties of a user; None clears one. Writing an equal value is not a change."""
        user = self.users[user_id]
        if changes.get("id", user.id) != user.id:
            raise DirectoryConflict("an object id cannot change")
        absent = object()
        written = {
            name: value for name, value in changes.items() if user.properties.get(name, absent) != value
        }
        if not written:
            return user
        if "userPrincipalName" in written:
            previous = user.user_principal_name.casefold()
            self._claim_upn(user, str(written["userPrincipalName"]))
            if previous != str(written["userPrincipalName"]).casefold():
                del self._id_by_upn[previous]
        user.properties.update(written)
        self.change_log.append(user_id, "updated", frozenset(written))
        return user

    def disable(self, user_id: str) -> User:
        """Block sign-in."""
        return self.update_user(user_id, accountEnabled=False)

    def delete_user(self, user_id: str) -> User:
        """Move a user to the deleted items, from where it can be restored."""
        user = self.users.pop(user_id)
        del self._id_by_upn[user.user_principal_name.casefold()]
        self.deleted_users[user_id] = user
        self.change_log.append(user_id, "soft_deleted")
        return user

    def restore_user(self, user_id: str) -> User:
        """Bring a user back from the deleted items, with the same object id."""
        user = self.deleted_users[user_id]
        self._claim_upn(user)
        del self.deleted_users[user_id]
        self.users[user_id] = user
        user.ordinal = self.change_log.append(user_id, "restored").sequence
        return user

    def purge_user(self, user_id: str) -> None:
        """Remove a user for ever, whether it was moved to the deleted items before or not."""
        if user_id in self.users:
            self.delete_user(user_id)
        del self.deleted_users[user_id]
        for group in self.groups.values():
            if user_id in group.member_ids:
                group.member_ids.remove(user_id)
        self.change_log.append(user_id, "purged")

    def add_group(self, display_name: str, member_ids: Iterable[str] = (), **properties: Any) -> Group:
        """Create a group; it is a security group unless `properties` says otherwise."""
        values: Properties = {
            "id": self.new_id(),
            "displayName": display_name,
            "groupTypes": [],
            "mailEnabled": False,
            "securityEnabled": True,
            **properties,
        }
        group = Group(values, list(dict.fromkeys(member_ids)))
        self.groups[group.id] = group
        return group

    def update_group(self, group_id: str, /, **changes: Any) -> Group:
        """Write Graph properties of a group, such as its `displayName`."""
        group = self.groups[group_id]
        if changes.get("id", group.id) != group.id:
            raise DirectoryConflict("an object id cannot change")
        group.properties.update(changes)
        return group

    def delete_group(self, group_id: str) -> Group:
        """Remove a group, also from the groups that it is a member of; its members stay."""
        group = self.groups.pop(group_id)
        for other in self.groups.values():
            if group_id in other.member_ids:
                other.member_ids.remove(group_id)
        return group

    def add_members(self, group_id: str, *member_ids: str) -> Group:
        """Put users and groups into a group; those that are in it already stay where they are."""
        group = self.groups[group_id]
        for member_id in member_ids:
            if member_id not in self.users and member_id not in self.groups:
                raise KeyError(member_id)
        group.member_ids[:] = dict.fromkeys((*group.member_ids, *member_ids))
        return group

    def remove_members(self, group_id: str, *member_ids: str) -> Group:
        """Take users and groups out of a group; a KeyError names one that is not a direct member."""
        group = self.groups[group_id]
        for member_id in member_ids:
            if member_id not in group.member_ids:
                raise KeyError(member_id)
        group.member_ids[:] = [found for found in group.member_ids if found not in member_ids]
        return group

    def grant_consent(
        self, client_id: str, app_roles: Iterable[str] = (), scopes: Iterable[str] = ()
    ) -> ServicePrincipal:
        """Record an administrator's consent: permissions are added to those granted before."""
        principal = self.service_principals.get(client_id)
        if principal is None:
            principal = self.service_principals[client_id] = ServicePrincipal(self.new_id(), client_id)
        principal.app_roles.update(app_roles)
        principal.scopes.update(scopes)
        return principal

    def withdraw_consent(self, client_id: str) -> None:
        """Delete the application's service principal, as an administrator may at any time."""
        self.service_principals.pop(client_id, None)

    def _claim_upn(self, user: User, user_principal_name: str | None = None) -> None:
        key = (user_principal_name or user.user_principal_name).casefold()
        if self._id_by_upn.get(key, user.id) != user.id:
            raise DirectoryConflict(f"another user has the user principal name {key}")
        self._id_by_upn[key] = user.id
