"""A site with something of every kind in it, twice: in two accounts that know nothing of each other."""

import re
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from shared.core.configuration import Configuration, Enrichment
from shared.core.customer import Customer
from shared.core.customer import Site as Place
from shared.core.run import RunKind, RunState, Trigger
from tests.fakes import FakeDirectory
from tests.unit.web.site import Site

PARAMETER = re.compile(r"\{(\w+)\}")
NO_IDS = {"attribute": "offices", "step": "people"}
"""Parameters of addresses that name no thing of an account, each with a value."""


@dataclass
class Furnished:
    """One account, the program with its key, and the ids of what it has.

    `ids` by parameter go together; `others`: where the things of a parameter belong to another customer.
    `done`: a run that has ended, as `ids` has one that waits for a person.
    """

    account_id: str
    key: str
    http: httpx.AsyncClient
    customer: Customer
    done: str
    ids: dict[str, str] = field(default_factory=dict)
    others: dict[str, dict[str, str]] = field(default_factory=dict)

    def ids_of(self, path: str) -> dict[str, str]:
        """An id of ours for each parameter of the address. Raises KeyError for a kind of thing it lacks."""
        names = [name for name in PARAMETER.findall(path) if name not in NO_IDS]
        whole = dict(self.ids)
        for name in names:
            whole |= self.others.get(name, {})
        return {name: whole[name] for name in names}


async def furnish(site: Site, number: int) -> Furnished:
    """A new account. `number`: 1 to 9, part of its ids where the PSA chooses them."""
    world = site.world
    account_id, http = await site.caller(f"Account {number}")
    changed = await http.patch("/api/v1/account", json={"return_origins": ["https://psa.example"]})
    assert changed.status_code == 200
    places = (Place("oslo", "Oslo"), Place("bergen", "Bergen"))
    customer, _ = await world.app.customers.put(account_id, f"acme-{number}", "Acme Ltd", places)
    tenant_id = f"7e4a47e4-0000-4000-8000-00000000000{number}"
    tenant = world.tenant(tenant_id, *(f"{name}-{number}" for name in ("ann", "bob", "cem", "dot")))
    await world.connect(tenant, customer)
    world.queue.waiting.clear()
    await _conflict(tenant, number)
    await world.configure(customer, Configuration(enrichments=(Enrichment.LICENCES,)))
    done = await world.sync(customer)
    assert done.state is RunState.SUCCEEDED
    for name in ("bob", "cem"):
        tenant.remove(f"{name}-{number}")
    world.clock.advance(timedelta(hours=1))
    held, _ = await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    message = world.queue.take()
    assert message is not None
    assert await world.deliver(message)
    assert (await world.runs.get(held.id)).state is RunState.HELD  # type: ignore[union-attr]
    world.queue.waiting.clear()
    found = Furnished(
        account_id, http.headers["Authorization"].removeprefix("Bearer "), http, customer, done.id
    )
    other_key, _ = await world.app.access.create_key(account_id, "another one")
    hook = await http.post("/api/v1/webhook-endpoints", json={"url": "https://psa.example/hook"})
    delivery = await http.post(f"{hook.headers['Location']}/test")
    found.ids = {
        "endpoint": hook.json()["id"],
        "delivery": delivery.json()["id"],
        "key": other_key.id,
        "customer": customer.id,
        "run": held.id,
        "contact": world.contacts.stored(customer.connection_id)[0].contact.id,
        "object_id": f"eve-{number}",
    }
    fresh, _ = await world.app.customers.put(account_id, f"new-{number}", "New Ltd", ())
    link, _ = await world.app.setup_links.create(fresh, timedelta(days=7))
    found.others["link"] = {"customer": fresh.id, "link": link.id}
    return found


async def _conflict(tenant: FakeDirectory, number: int) -> None:
    """Two people with one address, whom nobody can tell apart without guessing."""
    tenant.hire(f"eve-{number}", mail=f"both-{number}@contoso.example")
    tenant.hire(f"fay-{number}", mail=f"both-{number}@contoso.example")
