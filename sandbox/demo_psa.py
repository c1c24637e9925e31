"""Chapters about accounts whose contacts live in a PSA: one in Atera and one in SyncroMSP."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from sandbox.api_client import ApiClient, ApiError, Document
from sandbox.psa_hands import AteraHands, PsaContact, PsaHands, SyncroHands
from sandbox.psa_seed import (
    ATERA_COMPANY,
    KNOWN_BEFORE,
    MISSING_FIELD,
    OLD_TITLE,
    SUPPLIER_EMAIL,
    SYNCRO_COMPANY,
)
from sandbox.story import Customer, Story
from sandbox.world.seed import (
    ATERA_CUSTOMERS,
    OPTIONAL_APP_ROLES,
    REQUIRED_APP_ROLES,
    REQUIRED_SCOPES,
    SYNCRO_CUSTOMERS,
)
from sandbox.world.seed import Customer as Tenant

_ENRICHMENTS = ["activity", "licences", "mfa", "secure_score"]
_FILLED = ("azure_license", "azure_mfa_status", "azure_last_activity")
_FIGURES = ("microsoft_secure_score", "azure_licensed_user_count", "azure_active_user_count")
_LOOK_SECONDS = 11.0
"""What was read from a PSA within ten seconds before a sync is asked for is not read again for it."""
_TWICE_A_DAY = {"kind": "every", "hours": 12, "at": None, "time_zone": None}


@dataclass
class PsaAccount:
    """An account of the app and what people see of it in its PSA.

    `before`: the contacts that were there, by customer; `looked_at`: when the app looked last, monotonic.
    """

    story: Story
    hands: PsaHands
    key: str
    subdomain: str | None
    tenants: tuple[Tenant, ...]
    before: dict[str, list[PsaContact]] = field(default_factory=dict)
    looked_at: float = 0.0

    async def choose(self, key: str) -> Document:
        """Paste a key into the account."""
        return await self.story.api.choose_destination(self.hands.kind, key, self.subdomain)


@asynccontextmanager
async def psa_accounts(story: Story) -> AsyncIterator[list[PsaAccount]]:
    """Tell how both accounts begin; they are there until the end of the block."""
    endpoints = story.stack.endpoints
    atera = AteraHands(story.http, endpoints.world.atera_url, endpoints.psas.atera.control_id)
    syncro = SyncroHands(story.http, endpoints.world.syncro_url, endpoints.psas.syncro.control_id)
    async with AsyncExitStack() as open_clients:
        accounts: list[PsaAccount] = []
        for hands, company, key, tenants in (
            (atera, ATERA_COMPANY, endpoints.psas.atera.key, ATERA_CUSTOMERS),
            (syncro, SYNCRO_COMPANY, endpoints.psas.syncro.key, SYNCRO_CUSTOMERS),
        ):
            story.chapter(
                f"{company} works with {hands.name}",
                "An account of its own, whose contacts live in its PSA.",
            )
            made = json.loads(
                await asyncio.to_thread(
                    story.stack.admin, "accounts", "create", company, "--with-key", "--json"
                )
            )
            api = await open_clients.enter_async_context(ApiClient(endpoints.api_url, made["key"]))
            subdomain = hands.account if hands is syncro else None
            account = PsaAccount(story.of_account(api, []), hands, key, subdomain, tenants)
            await _paste_keys(account)
            await _connect_customers(account)
            await _first_imports(account)
            accounts.append(account)
        yield accounts


async def tell_psa(account: PsaAccount) -> None:
    """Tell what happens later; the timer has fired meanwhile."""
    name = account.hands.name
    account.story.chapter(
        f"Everyday life in {name}", "The timer fired; then somebody gets a new job, and a contact is deleted."
    )
    await _quiet(account)
    with account.story.console.status(f"ten seconds after the last look into {name}…"):
        await asyncio.sleep(max(0.0, account.looked_at + _LOOK_SECONDS - time.monotonic()))
    await _jobs_and_deletions(account)
    await _key_revoked(account)


async def _paste_keys(account: PsaAccount) -> None:
    story, api = account.story, account.story.api
    problem: Document = {}
    try:
        await account.choose("not-the-key-of-anybody")
    except ApiError as error:
        problem = error.problem
    kept = (await api.account())["destination"]
    story.check(
        problem.get("status") == 422 and (kept["kind"], kept["name"]) == ("builtin", None),
        f"a wrong key is refused and nothing is kept: {problem.get('title')}",
    )
    story.console.print(f"      {problem.get('detail')}", markup=False)
    chosen = await account.choose(account.key)
    story.check(
        chosen["kind"] == account.hands.kind and chosen["problem"] is None,
        f"the right key opens {account.hands.name}'s account {chosen['name']}",
    )


async def _connect_customers(account: PsaAccount) -> None:
    story, api = account.story, account.story.api
    found = {customer["name"]: customer for customer in await api.imported_customers()}
    expected = {tenant.display_name: tenant.tenant_id for tenant in account.tenants}
    proposed = {name: (one["proposed_tenant"] or {}).get("id") for name, one in found.items()}
    story.check(proposed == expected, f"its {len(found)} customers are there, each with the tenant it has")
    for tenant in account.tenants:
        customer = Customer(
            found[tenant.display_name]["id"],
            tenant.display_name,
            tenant.tenant_id,
            f"admin@{tenant.domains[0]}",
            "application",
        )
        story.customers.append(customer)
        account.before[customer.id] = await account.hands.contacts(customer.id)
        await _approve_everything(story, customer)
        connection = await story.consent(customer)
        story.check(connection["state"] == "active", f"{customer.name} is connected")
        await api.configure(customer.id, _policies(account, found[tenant.display_name]))


async def _approve_everything(story: Story, customer: Customer) -> None:
    """Let the tenant allow what enrichments need, besides what everybody is asked for."""
    grant = {
        "tenant_id": customer.tenant_id,
        "client_id": story.stack.endpoints.client_id,
        "app_roles": sorted(REQUIRED_APP_ROLES | OPTIONAL_APP_ROLES),
        "scopes": sorted(REQUIRED_SCOPES),
    }
    await story.control("POST", story.entra, "consent/grant", grant)


def _policies(account: PsaAccount, customer: Document) -> Document:
    """The PSA's own preset, but with all enrichments, sites where it has some, and the demo's timer."""
    rules = [
        {"attribute": "department", "values": [site["name"]], "site": site["id"]}
        for site in customer["sites"]
    ]
    sites = {"sites": {"rules": rules, "unmatched": "no_site"}} if rules else {}
    return {
        "preset": account.hands.kind,
        "enrichments": _ENRICHMENTS,
        "schedule": _TWICE_A_DAY,
        **sites,
    }


async def _first_imports(account: PsaAccount) -> None:
    story, hands = account.story, account.hands
    runs = await story.sync(story.customers, "first import")
    account.looked_at = time.monotonic()
    filled: list[dict[str, str]] = []
    for customer, run in runs:
        before, after = account.before[customer.id], await hands.contacts(customer.id)
        now = {contact.id: contact for contact in after}
        adopted = [one for one in before if one.job_title == OLD_TITLE]
        strangers = [one for one in before if one.job_title != OLD_TITLE]
        addresses = {contact.email.casefold() for contact in after}
        story.check(
            run["state"] == "succeeded"
            and len(addresses) == len(after) == len(strangers) + run["counts"]["in_scope"]
            and len(adopted) == KNOWN_BEFORE
            and all(now[one.id].job_title != OLD_TITLE for one in adopted),
            f"{customer.name}: {len(after) - len(before)} contacts made, the {len(adopted)} who had one "
            "kept it, nobody has two",
        )
        story.check(
            SUPPLIER_EMAIL in {one.email for one in strangers}
            and all(now[one.id] == one for one in strangers),
            "its supplier's contact, and that of somebody who left long ago, are as they were",
        )
        filled += [contact.custom for contact in after if all(map(contact.custom.get, _FILLED))]
    story.check(bool(filled), "contacts tell licence, MFA and last activity")
    story.console.print(f"      {', '.join(f'{name}: {filled[0][name]}' for name in _FILLED)}", markup=False)
    if isinstance(hands, AteraHands):
        await _departments(account)
    if isinstance(hands, SyncroHands):
        await _figures_and_gap(account, hands, runs)


async def _departments(account: PsaAccount) -> None:
    names = {
        contact.department
        for customer in account.story.customers
        for contact in await account.hands.contacts(customer.id)
    }
    names.discard("")
    account.story.check(len(names) > 1, f"people are in Atera's departments: {', '.join(sorted(names))}")


async def _figures_and_gap(
    account: PsaAccount, hands: SyncroHands, runs: list[tuple[Customer, Document]]
) -> None:
    story = account.story
    figures = [await hands.properties(customer.id) for customer in story.customers]
    story.check(
        all(all(map(found.get, _FIGURES)) for found in figures),
        f"customers tell their secure score ({figures[0].get(_FIGURES[0])}) and how many are licensed",
    )
    gaps = [gap for gap in runs[0][1]["gaps"] if MISSING_FIELD in gap["title"]]
    story.check(
        len(gaps) == 1 and all("New Field" in gap["detail"] for gap in gaps),
        "a custom field that nobody has made is told, with the clicks that make it",
    )
    for gap in gaps:
        story.console.print(f"      {gap['title']} {gap['detail']}", markup=False)


async def _quiet(account: PsaAccount) -> None:
    story = account.story
    runs = [(customer, await story.scheduled_run(customer)) for customer in story.customers]
    story.add_rows(runs, "timer")
    story.check(
        all((run["state"], run["applied"]) == ("succeeded", 0) for _, run in runs),
        "nothing had changed, so nothing was written",
    )


async def _jobs_and_deletions(account: PsaAccount) -> None:
    story, hands, customer = account.story, account.hands, account.story.customers[0]
    promoted, deleted, *_ = account.before[customer.id]
    await _promote(story, customer, promoted, "Head of Everything")
    await hands.delete_contact(deleted.id)
    ((_, run),) = await story.sync([customer], "after the changes")
    (now,) = await hands.with_email(customer.id, promoted.email)
    again = await hands.with_email(customer.id, deleted.email)
    story.check(
        (now.id, now.job_title, run["applied"]) == (promoted.id, "Head of Everything", 2),
        f"{now.name}'s new job is in {hands.name}",
    )
    story.check(
        len(again) == 1 and again[0].id != deleted.id,
        f"{deleted.name}, whose contact a technician had deleted, is there again",
    )


async def _promote(story: Story, customer: Customer, contact: PsaContact, title: str) -> None:
    object_id = await _object_id(story, customer, contact)
    user = f"tenants/{customer.tenant_id}/users/{object_id}"
    await story.control("PATCH", story.graph, user, {"jobTitle": title})


async def _object_id(story: Story, customer: Customer, contact: PsaContact) -> str:
    """Whose contact it is, as the first import said."""
    first = (await story.api.runs(customer.id))[-1]
    lines = await story.api.changes(first["id"])
    return str(next(line["object_id"] for line in lines if line["contact_id"] == str(contact.id)))


async def _key_revoked(account: PsaAccount) -> None:
    story, hands = account.story, account.hands
    story.chapter(f"{hands.name}'s key is revoked", "Nobody is to be asked in vain, and nobody guesses why.")
    await hands.revoke_key(account.key)
    first, *others = story.customers
    promoted, *_ = account.before[first.id]
    await _promote(story, first, promoted, "Head of Even More")
    runs = await story.sync([first], "key revoked")
    calls = await hands.calls()
    runs += await story.sync(others, "key revoked")
    errors = [run["error"] or {} for _, run in runs]
    story.check(
        all(run["state"] == "failed" for _, run in runs)
        and len({error.get("title") for error in errors}) == 1,
        f"every customer's sync says the same: {errors[0].get('title')}",
    )
    story.console.print(f"      {errors[0].get('detail')}", markup=False)
    story.check(await hands.calls() == calls, f"after the first one {hands.name} was not asked any more")
    account.key = await hands.new_key()
    await account.choose(account.key)
    await story.api.imported_customers()
    runs = await story.sync(story.customers, "a new key")
    (now,) = await hands.with_email(first.id, promoted.email)
    problem = (await story.api.account())["destination"]["problem"]
    story.check(
        problem is None
        and [(run["state"], run["applied"]) for _, run in runs]
        == [("succeeded", 1), *[("succeeded", 0)] * len(others)]
        and now.job_title == "Head of Even More",
        "a new key heals it, and what had been missed is made good",
    )
