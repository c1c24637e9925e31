"""Which tenant an address means, and who signs in there.

Follows "OpenID Connect on the Microsoft identity platform"
(learn.microsoft.com/entra/identity-platform/v2-protocols-oidc): the tenant is a GUID, a domain name,
`organizations`, `common` or `consumers`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sandbox.simulators.entra.errors import EntraError
from sandbox.world.model import Application, Tenant, User, World

MULTI_TENANT = frozenset({"organizations", "common"})
PERSONAL = "consumers"
TENANTS_TO_OFFER = 12


def find_tenant(world: World, name: str) -> Tenant:
    """Return the tenant with this id or domain; raises EntraError when there is none or it was deleted."""
    tenant = world.tenants.get(name.lower()) or world.tenant_by_domain(name)
    if tenant is None:
        raise EntraError(90002 if _is_guid(name) or "." in name else 900023, tenant=name)
    if tenant.deleted:
        raise EntraError(5000224, tenant=name)
    return tenant


def find_addressed_tenant(world: World, name: str) -> Tenant | None:
    """Return the tenant that the address names, None where the person who signs in decides."""
    if name == PERSONAL:
        raise EntraError(9002346)
    return None if name in MULTI_TENANT else find_tenant(world, name)


def find_application(world: World, client_id: str, tenant_name: str) -> Application:
    """Return an application registration by client id."""
    if not _is_guid(client_id):
        raise EntraError(700038, client_id=client_id)
    application = world.applications.get(client_id.lower())
    if application is None:
        raise EntraError(700016, client_id=client_id, tenant=tenant_name)
    return application


def sign_in(world: World, tenant: Tenant | None, account: str) -> tuple[Tenant, User]:
    """Return who signs in with an account name, in the given tenant or else in the account's home."""
    found = world.find_sign_in(account, tenant.id if tenant else None)
    if found is None:
        if tenant and world.find_sign_in(account):
            raise EntraError(50020, account=account, tenant=tenant.display_name)
        raise EntraError(50034, account=account)
    if not found[1].enabled:
        raise EntraError(50057)
    return found


@dataclass(frozen=True, slots=True)
class OfferedAccount:
    """An account to pick on the sign-in page, with what makes it interesting."""

    name: str
    person: str
    kind: str


def accounts_to_offer(world: World, tenant: Tenant | None) -> list[tuple[str, list[OfferedAccount]]]:
    """Return some accounts by tenant that can sign in here: administrators, a member, a guest."""
    tenants = [tenant] if tenant else [each for each in world.tenants.values() if not each.deleted]
    return [(each.display_name, _offer(world, tenant, each)) for each in tenants[:TENANTS_TO_OFFER]]


def example_accounts(tenant: Tenant) -> list[tuple[str, User]]:
    """Return `(kind, user)` for the tenant's administrators, one ordinary member and one guest."""
    enabled = [user for user in tenant.users.values() if user.enabled and user.purpose == "user"]
    # Global Administrators first: the demo signs in as the first account of the list.
    privileged = sorted((user for user in enabled if user.directory_roles), key=_rank)
    administrators = [("administrator", user) for user in privileged[:3]]
    members = [("member", user) for user in enabled if not user.directory_roles and not user.is_guest][:1]
    guests = [("guest", user) for user in enabled if user.is_guest][:1]
    return [*administrators, *members, *guests]


def _offer(world: World, addressed: Tenant | None, tenant: Tenant) -> list[OfferedAccount]:
    offered = []
    for kind, user in example_accounts(tenant):
        name = (user.home_upn or user.mail or "") if user.is_guest else user.user_principal_name
        if world.find_sign_in(name, addressed.id if addressed else None):
            offered.append(OfferedAccount(name, user.display_name, kind))
    return offered


def _rank(user: User) -> int:
    return 0 if user.is_global_administrator else 1


def _is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
