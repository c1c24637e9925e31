"""What is in the simulated PSAs from the start: one account in each, with three customers of the world.

Their contacts are as technicians left them: some people of the customer with what was known years ago,
somebody who has left, and a supplier, who was never in anybody's directory.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sandbox.endpoints import PsaAccount, Psas
from sandbox.simulators.atera import Atera
from sandbox.simulators.syncro import Syncro
from sandbox.world.model import Tenant, User, World
from sandbox.world.seed import ATERA_CUSTOMERS, SYNCRO_CUSTOMERS, Customer

ATERA_COMPANY = "Lantern Quay IT"
SYNCRO_COMPANY, SYNCRO_SUBDOMAIN = "Copper Finch Support", "copperfinch"
KNOWN_BEFORE = 4
OLD_TITLE = "Trainee"
LEAVER = ("Augustin", "Leftwich")
SUPPLIER = ("Tallow", "Twine")
SUPPLIER_EMAIL = "orders@tallow-and-twine.example"
SUPPLIER_PHONE = "+1 425 555 0199"
MISSING_FIELD = "azure_mfa_methods"
"""Nobody has made it in Syncro."""

_CONTACT_FIELDS = ("azure_license", "azure_mfa_status", "azure_mfa_methods", "azure_last_activity")
_CUSTOMER_FIELDS = ("microsoft_secure_score", "azure_licensed_user_count", "azure_active_user_count")
_KEY_LIFETIME = timedelta(days=365)


def seed_psas(atera: Atera, syncro: Syncro, world: World) -> Psas:
    """Open the accounts, fill them, and make a key for each."""
    return Psas(atera=_seed_atera(atera, world), syncro=_seed_syncro(syncro, world))


def _seed_atera(atera: Atera, world: World) -> PsaAccount:
    account = atera.add_account(ATERA_COMPANY)
    for name in _CONTACT_FIELDS:
        account.add_custom_field(name)
    for name in _departments(ATERA_CUSTOMERS):
        account.add_department(name)
    for customer in ATERA_CUSTOMERS:
        tenant = world.tenants[customer.tenant_id]
        here = account.add_customer(customer.display_name, customer.domains)
        for user in _known_before(tenant):
            first, last = user.properties["givenName"], user.properties["surname"]
            account.add_contact(
                here, user.user_principal_name, first_name=first, last_name=last, job_title=OLD_TITLE
            )
        first, last = LEAVER
        account.add_contact(here, _leaver_email(customer), first_name=first, last_name=last)
        first, last = SUPPLIER
        account.add_contact(here, SUPPLIER_EMAIL, first_name=first, last_name=last, phone=SUPPLIER_PHONE)
    key = account.add_key(expires_at=world.now() + _KEY_LIFETIME)
    return PsaAccount(control_id=account.id, key=key)


def _seed_syncro(syncro: Syncro, world: World) -> PsaAccount:
    account = syncro.add_account(SYNCRO_SUBDOMAIN, name=SYNCRO_COMPANY)
    account.contact_custom_fields.update(name for name in _CONTACT_FIELDS if name != MISSING_FIELD)
    account.customer_custom_fields.update(_CUSTOMER_FIELDS)
    for customer in SYNCRO_CUSTOMERS:
        tenant = world.tenants[customer.tenant_id]
        here = account.add_customer(customer.display_name, email=f"office@{customer.domains[0]}")
        for user in _known_before(tenant):
            account.add_contact(here, email=user.mail, name=user.display_name, title=OLD_TITLE)
        account.add_contact(here, email=_leaver_email(customer), name=" ".join(LEAVER))
        account.add_contact(here, email=SUPPLIER_EMAIL, name=" ".join(SUPPLIER), phone=SUPPLIER_PHONE)
    return PsaAccount(control_id=SYNCRO_SUBDOMAIN, key=account.add_token())


def _known_before(tenant: Tenant) -> list[User]:
    """Some who can be told by their address, whichever the sync goes by."""
    people = (
        user
        for user in tenant.users.values()
        if user.purpose == "user" and not user.is_guest and user.enabled and user.properties.get("surname")
    )
    known = [user for user in people if user.mail == user.user_principal_name]
    return known[:KNOWN_BEFORE]


def _leaver_email(customer: Customer) -> str:
    return f"{'.'.join(LEAVER).lower()}@{customer.domains[0]}"


def _departments(customers: Sequence[Customer]) -> list[str]:
    return list(dict.fromkeys(name for customer in customers for name in customer.profile.departments))
