"""How the account's page comes about in each of its states."""

from collections.abc import Awaitable, Callable

import msgspec

from shared.core.account_destination import DestinationKind
from shared.core.connection import ConnectionState, Grant
from shared.core.customer import Customer
from tests.browser.conftest import Visit
from tests.browser.scenes import Scenes
from tests.fakes import TENANT

# Whatever people call their customers: long, short, in every direction, and not meant as HTML.
CUSTOMERS: dict[str, list[str]] = {
    "Contoso": ["contoso.example"],
    "Woodgrove Bank": [],
    "Çağla Öztürk-Wetherington-Montgomery Donaudampfschifffahrtsgesellschaft mbH": ["dampf.example"],
    "القمر للتجارة": [],
    "נועה ושות׳": ["noa.example"],
    "<b>O’Neill</b> & Sons": [],
    "佐藤商店": [],
    "Zażółć": ["a-rather-long-subdomain.of.a-rather-long-domain.example"],
}


async def account_without_a_psa(scenes: Scenes, visit: Visit) -> None:
    """A new account, with nothing in it yet."""
    await scenes.account()
    await visit.page.goto(await scenes.open_account())


async def account_of_syncro(scenes: Scenes, visit: Visit) -> None:
    """The form for Syncro, which has a field more."""
    await account_without_a_psa(scenes, visit)
    await visit.page.get_by_label("Syncro", exact=True).check()


async def account_not_filled_in(scenes: Scenes, visit: Visit) -> None:
    """The form after it was sent with nothing in it."""
    await account_of_syncro(scenes, visit)
    await visit.page.get_by_role("button", name="Test and save").click()


async def account_key_refused(scenes: Scenes, visit: Visit) -> None:
    """The form after the PSA refused the key."""
    await account_of_syncro(scenes, visit)
    await visit.page.get_by_label("Subdomain of the Syncro account").fill("acme")
    await visit.page.get_by_label("API key").fill("not-a-key")
    await visit.page.get_by_role("button", name="Test and save").click()


async def account_importing(scenes: Scenes, visit: Visit) -> None:
    """While the customers are read for the first time."""
    await scenes.account()
    await _choose(scenes)
    await visit.page.goto(await scenes.open_account())


async def accounts_customers(scenes: Scenes, visit: Visit) -> None:
    """Many customers, with connections in every state."""
    await _customers(scenes)
    await visit.page.goto(await scenes.open_account())


async def accounts_last_customers(scenes: Scenes, visit: Visit) -> None:
    """The end of the table."""
    await accounts_customers(scenes, visit)
    await visit.page.get_by_role("link", name="Next").click()


async def account_another_key(scenes: Scenes, visit: Visit) -> None:
    """The form, unfolded, where there is a key already, with the choice to go without a PSA."""
    await accounts_customers(scenes, visit)
    await visit.page.get_by_text("Use another key").click()
    await visit.page.get_by_label("In this service").check()


async def account_nobody_found(scenes: Scenes, visit: Visit) -> None:
    """A search that fits nobody."""
    await accounts_customers(scenes, visit)
    await visit.page.get_by_role("searchbox").fill("<i>nobody</i>")
    await visit.page.get_by_role("button", name="Search").click()


async def account_key_gone_bad(scenes: Scenes, visit: Visit) -> None:
    """After the key that was in use was revoked."""
    key = await _customers(scenes)
    scenes.psas.revoke(DestinationKind.ATERA, key)
    await visit.page.goto(await scenes.open_account())
    await visit.page.get_by_role("button", name="Test now").click()


async def customer_of_the_account(scenes: Scenes, visit: Visit) -> None:
    """A customer's page, opened from the account's."""
    await accounts_customers(scenes, visit)
    await visit.page.get_by_role("link", name="Contoso", exact=True).click()


ALL: list[Callable[[Scenes, Visit], Awaitable[None]]] = [
    account_without_a_psa,
    account_of_syncro,
    account_not_filled_in,
    account_key_refused,
    account_importing,
    accounts_customers,
    accounts_last_customers,
    account_another_key,
    account_nobody_found,
    account_key_gone_bad,
    customer_of_the_account,
]


async def _choose(scenes: Scenes) -> str:
    key = scenes.psas.key(DestinationKind.ATERA)
    await scenes.app.account_setup.choose(scenes.account_id, DestinationKind.ATERA, key)
    return key


async def _customers(scenes: Scenes) -> str:
    """An account with many customers in Atera; returns the key."""
    await scenes.connected()
    for name, domains in CUSTOMERS.items():
        scenes.psas.atera.add_customer(name, domains)
        scenes.world.tenants.domains |= dict.fromkeys(domains, TENANT)
    for number in range(1, 24):
        scenes.psas.atera.add_customer(f"Branch office {number}")
    key = await _choose(scenes)
    await scenes.work_off()
    imported = (await scenes.app.customers.list(scenes.account_id, 100, None)).items
    by_name = {customer.name: customer for customer in imported}
    for name, fields in STATES.items():
        await _put(scenes, by_name[name], **fields)
    return key


STATES: dict[str, dict[str, object]] = {
    "Woodgrove Bank": {"state": ConnectionState.ACTION_REQUIRED, "reason": "consent_revoked"},
    "القمر للتجارة": {"state": ConnectionState.PAUSED},
    "נועה ושות׳": {"state": ConnectionState.CONSENTING},
    "<b>O’Neill</b> & Sons": {"state": ConnectionState.DISCONNECTED},
    "佐藤商店": {"state": ConnectionState.ACTIVE, "held_run": "run_held"},
}


async def _put(scenes: Scenes, customer: Customer, **fields: object) -> None:
    """Begin connecting the customer, and have its connection in the state that is wanted."""
    await scenes.app.onboarding.begin(customer, Grant.APPLICATION)
    stored = await scenes.app.customers.connection(customer)
    now = scenes.world.clock.now()
    reached = {"synced_at": now, "tenant_id": TENANT, "tenant_name": f"{customer.name} AB"}
    if fields["state"] in {ConnectionState.CONSENTING, ConnectionState.DISCONNECTED}:
        reached = {"consent_expires_at": now.replace(year=now.year + 1)}
    await scenes.world.connections.replace(stored, msgspec.structs.replace(stored.value, **reached, **fields))
