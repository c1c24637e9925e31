"""Licences, sign-in methods, activity and secure score: with what they need, and without it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.api_client import Document
from sandbox.world.seed import OPTIONAL_APP_ROLES
from sandbox.world.skus import BUSINESS_PREMIUM
from tests.e2e.scene import Customer, Scene

pytestmark = pytest.mark.e2e

ALL = ["activity", "licences", "mfa", "secure_score"]
PREMIUM = [{"skuId": BUSINESS_PREMIUM.sku_id, "disabledPlans": []}]
LAST_ACTIVE = (datetime.now(UTC) - timedelta(days=5)).date().isoformat()
METHODS = ["microsoftAuthenticatorPush", "mobilePhone"]
NAMED = "Microsoft 365 Business Premium"
SHOWN = {
    "licence": NAMED,
    "licences": NAMED,
    "mfa_status": "enabled",
    "mfa_methods": "Microsoft Authenticator, Mobile phone",
    "last_activity": LAST_ACTIVE,
}


async def _enriched(scene: Scene, key: str, *permissions: str) -> tuple[Customer, Document]:
    """A customer who wants all enrichments and granted these permissions, and somebody well known there."""
    customer = await scene.connected(key)
    if permissions:
        await scene.grant_more(customer, *permissions)
    await scene.api.configure(customer.id, {"enrichments": ALL})
    person = await scene.hire(customer, "Enriched Person", assignedLicenses=PREMIUM)
    await scene.know(customer, person, "authentication-methods", methods=METHODS)
    await scene.know(customer, person, "activity", day=LAST_ACTIVE)
    return customer, person


async def _shown(scene: Scene, customer: Customer, person: Document) -> dict[str, str]:
    contact = (await scene.contacts(customer))[person["id"]]
    return {name: contact[name] for name in SHOWN}


def _gaps(run: Document) -> dict[str, str]:
    assert run["state"] == "succeeded", run
    return {gap["enrichment"]: gap["code"] for gap in run["gaps"]}


async def test_with_its_permissions_everything_is_told(scene: Scene) -> None:
    """On the contacts, and in the report about the tenant as a whole; asking again writes nothing."""
    customer, person = await _enriched(scene, "contoso", *OPTIONAL_APP_ROLES)
    run = await scene.sync(customer)
    assert _gaps(run) == {}
    assert await _shown(scene, customer, person) == SHOWN
    report = await scene.api.report(customer.id)
    assert report["gaps"] == []
    assert report["licensed_users"] >= report["active_users"] > 0
    assert 0 < report["secure_score"]["percent"] <= 100
    premium = next(item for item in report["products"] if item["sku_id"] == BUSINESS_PREMIUM.sku_id)
    assert premium["assigned"] >= premium["active_30"] > 0
    assert (await scene.sync(customer))["applied"] == 0

    # A method more is a change of the contact, though the directory itself has not changed.
    await scene.know(customer, person, "authentication-methods", methods=[*METHODS, "fido2"])
    run = await scene.sync(customer)
    assert run["read_mode"] == "delta"
    assert (await scene.lines(run, "update")).keys() == {person["id"]}
    assert "FIDO2 security key" in (await _shown(scene, customer, person))["mfa_methods"]


async def test_without_permission_the_sync_goes_on_and_says_what_is_missing(scene: Scene) -> None:
    """Nothing is made up: the fields stay blank, and each gap names who can close it."""
    customer, person = await _enriched(scene, "contoso")
    run = await scene.sync(customer)
    missing = "enrichment_permission_missing"
    assert _gaps(run) == {"activity": missing, "mfa": missing, "secure_score": missing}
    assert {gap["actor"] for gap in run["gaps"]} == {"customer_admin"}
    assert "AuditLog.Read.All" in next(gap["title"] for gap in run["gaps"] if gap["enrichment"] == "mfa")
    unknown = dict.fromkeys(("mfa_status", "mfa_methods", "last_activity"), "")
    assert await _shown(scene, customer, person) == SHOWN | unknown
    report = await scene.api.report(customer.id)
    assert (report["active_users"], report["secure_score"]) == (None, None)
    assert report["licensed_users"] > 0
    assert (await scene.api.connection(customer.id))["state"] == "active"


async def test_a_permission_that_is_taken_back_leaves_what_was_known(scene: Scene) -> None:
    """A value of yesterday is better than none, and the run says that it could not be read anew."""
    customer, person = await _enriched(scene, "kosmopolis", *OPTIONAL_APP_ROLES)
    await scene.sync(customer)
    await scene.withdraw_some(customer, "AuditLog.Read.All")
    await scene.know(customer, person, "authentication-methods", methods=[])
    await scene.change(customer, person, jobTitle="Goes on")
    run = await scene.sync(customer)
    assert _gaps(run) == {"mfa": "enrichment_permission_missing"}
    assert await _shown(scene, customer, person) == SHOWN
    assert (await scene.contacts(customer))[person["id"]]["job_title"] == "Goes on"


async def test_without_a_premium_licence_sign_in_methods_are_unknown(scene: Scene) -> None:
    """Not "disabled": Microsoft keeps no such report for the tenant, whatever was granted."""
    customer, person = await _enriched(scene, "harbour", *OPTIONAL_APP_ROLES)
    run = await scene.sync(customer)
    assert _gaps(run) == {"mfa": "enrichment_not_licensed"}
    assert run["gaps"][0]["permanent"] is True
    contacts = await scene.contacts(customer)
    assert {contact["mfa_status"] for contact in contacts.values()} == {"unknown"}
    assert {contact["mfa_methods"] for contact in contacts.values()} == {""}
    assert (await _shown(scene, customer, person))["last_activity"] == LAST_ACTIVE


async def test_concealed_names_are_nobodys_activity(scene: Scene) -> None:
    """The report hides who is who: that is said, with the way to change it, and nobody looks idle for it."""
    customer, person = await _enriched(scene, "alder", *OPTIONAL_APP_ROLES)
    await scene.sync(customer)
    await scene.conceal_names(customer)
    run = await scene.sync(customer)
    assert (_gaps(run), run["applied"]) == ({"activity": "enrichment_names_concealed"}, 0)
    assert "Microsoft 365 admin center" in run["gaps"][0]["detail"]
    assert (await _shown(scene, customer, person))["last_activity"] == LAST_ACTIVE


async def test_a_report_that_is_throttled_for_minutes_holds_up_nothing(scene: Scene) -> None:
    """What only enriches is left for the next sync, which finds it."""
    customer, person = await _enriched(scene, "quince", *OPTIONAL_APP_ROLES)
    await scene.fault(customer, "throttle", path="/reports/getOffice365", retry_after=240)
    run = await scene.sync(customer)
    assert _gaps(run)["activity"] == "graph_throttled"
    assert (run["resumes"], run["seconds"] < 60) == (0, True)
    assert (await _shown(scene, customer, person))["last_activity"] == ""
    again = await scene.sync(customer)
    assert "activity" not in _gaps(again)
    assert (await _shown(scene, customer, person))["last_activity"] == LAST_ACTIVE
