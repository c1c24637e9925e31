"""Chapters about what can be asked of a sync: previews, sites, one person, the guard, leavers, enrichment."""

from __future__ import annotations

from sandbox.api_client import Document
from sandbox.story import Customer, Story
from sandbox.world.seed import OPTIONAL_APP_ROLES

_LEAVERS = 6  # of about sixty: more than a tenth, and more than five
_ENRICHMENTS = ["activity", "licences", "mfa", "secure_score"]


async def tell_policies(story: Story) -> None:
    """Tell them, on customers who are connected and in step."""
    contoso, harbour, alder, *_ = story.customers
    await _sites(story, contoso)
    await _one_person(story, contoso)
    await _too_many_leave(story, alder)
    await _enrichment(story, contoso, harbour)


async def _sites(story: Story, customer: Customer) -> None:
    story.chapter(
        f"{customer.name}'s offices become sites",
        "Shown first, as a preview of a configuration that nobody has saved.",
    )
    offices = [found["value"] for found in await story.api.directory_values(customer.id, "offices")]
    sites = [{"id": f"site-{number}", "name": office} for number, office in enumerate(offices) if office]
    await story.api.put_customer(customer.id, customer.name, sites)
    rules = [{"attribute": "office", "values": [site["name"]], "site": site["id"]} for site in sites]
    configuration = {"sites": {"rules": rules, "unmatched": "no_site"}}
    before = await story.api.contacts(customer.id)
    preview = await story.api.finished(await story.api.preview(customer.id, configuration))
    story.check(
        preview["counts"]["moved"] > 0 and await story.api.contacts(customer.id) == before,
        f"a sync would move {preview['counts']['moved']} people to {len(sites)} sites; nothing was written",
    )
    await story.api.configure(customer.id, configuration)
    ((_, run),) = await story.sync([customer], "with sites")
    foretold = await _lines(story, preview, "move_site")
    story.check(await _lines(story, run, "move_site") == foretold, "the sync did what the preview had shown")


async def _one_person(story: Story, customer: Customer) -> None:
    story.chapter("One person, now", "A technician on the phone syncs somebody alone, and sees why.")
    contacts = [contact for contact in await story.api.contacts(customer.id) if contact["job_title"]]
    first, other = contacts[0], contacts[1]
    for contact in (first, other):
        user = f"tenants/{customer.tenant_id}/users/{contact['object_id']}"
        await story.control("PATCH", story.graph, user, {"jobTitle": "Head of Telephones"})
    run = await story.api.finished(await story.api.sync_user(customer.id, first["email"]))
    after = {contact["id"]: contact for contact in await story.api.contacts(customer.id)}
    story.check(
        after[first["id"]]["job_title"] == "Head of Telephones"
        and after[other["id"]]["job_title"] == other["job_title"],
        "one contact was brought up to date; the other one waits for the next sync",
    )
    steps = ", ".join(f"{step['step']}: {step['detail'] or step['result']}" for step in run["steps"])
    story.console.print(f"      {steps}", markup=False)


async def _too_many_leave(story: Story, customer: Customer) -> None:
    story.chapter(
        f"{_LEAVERS} people leave {customer.name} at once",
        "Leavers are to be deactivated; so many look like a mistake.",
    )
    await story.api.configure(customer.id, {"leavers": "deactivate"})
    linked = [contact for contact in await story.api.contacts(customer.id) if contact["object_id"]]
    leavers = linked[:_LEAVERS]
    users = [f"tenants/{customer.tenant_id}/users/{contact['object_id']}" for contact in leavers]
    for user in users:
        await story.control("DELETE", story.graph, user)
    ((_, held),) = await story.sync([customer], "held")
    contacts = {contact["id"]: contact for contact in await story.api.contacts(customer.id)}
    story.check(
        held["state"] == "held" and all(contacts[leaver["id"]]["active"] for leaver in leavers),
        "the run is held, and nothing was written",
    )
    for broken in held["guard"]:
        story.console.print(f"      {broken['text']}", markup=False)
    await story.api.approve(held["id"], held["digest"])
    run = await story.api.finished(held["id"])
    story.check(run["counts"]["deactivated"] == _LEAVERS, "approved by its digest, it did exactly that")
    for user in users:
        await story.control("POST", story.graph, f"{user}/restore")
    ((_, run),) = await story.sync([customer], "they are back")
    contacts = {contact["id"]: contact for contact in await story.api.contacts(customer.id)}
    story.check(
        run["counts"]["reactivated"] == _LEAVERS
        and all(contacts[leaver["id"]]["active"] for leaver in leavers),
        "restored in the directory, they are active again, as the same contacts",
    )


async def _enrichment(story: Story, customer: Customer, small: Customer) -> None:
    story.chapter(
        "Licences, MFA, activity and secure score",
        f"{customer.name} grants what they need, and so does {small.name}, which has no premium licence.",
    )
    for one in (customer, small):
        grant = {"tenant_id": one.tenant_id, "client_id": story.stack.endpoints.client_id}
        await story.control("POST", story.entra, "permissions", grant | {"add": sorted(OPTIONAL_APP_ROLES)})
        await story.consent(one)
        await story.api.configure(one.id, {"enrichments": _ENRICHMENTS})
    (_, run), (_, small_run) = await story.sync([customer, small], "enriched")
    contacts = await story.api.contacts(customer.id)
    enriched = next(contact for contact in contacts if contact["licences"] and contact["last_activity"])
    story.check(
        run["gaps"] == [] and enriched["mfa_status"] in {"enabled", "disabled"},
        f"contacts tell licences ({enriched['licences']}), MFA and last activity",
    )
    report = await story.api.report(customer.id)
    unused = sum(product["unused"] for product in report["products"] if not product["free"])
    story.check(
        report["licensed_users"] > 0 and report["secure_score"] is not None,
        f"{report['licensed_users']} licensed people; {unused} paid licences serve nobody",
    )
    story.check(
        small_run["state"] == "succeeded"
        and {contact["mfa_status"] for contact in await story.api.contacts(small.id)} <= {"unknown", ""},
        f"{small.name}'s MFA is unknown, not disabled, and its sync went on",
    )
    for gap in small_run["gaps"]:
        story.console.print(f"      {gap['title']} {gap['detail']}", markup=False)


async def _lines(story: Story, run: Document, kind: str) -> list[tuple[str, str]]:
    changes = await story.api.changes(run["id"], kind)
    return sorted((change["object_id"], change["modified"][-1]["new"]) for change in changes)
