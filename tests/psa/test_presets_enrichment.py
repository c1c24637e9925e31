"""Licences, MFA, last activity and the secure score in each PSA, as its own integration has them there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from shared.core.account_destination import DestinationKind
from shared.core.supplement import Registration, SecureScore, SubscribedProduct
from tests.psa.places import Place, place, preset_of

BUSINESS_PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"  # Microsoft's SKU id


@pytest.fixture
async def syncro() -> AsyncIterator[Place]:
    async with place(DestinationKind.SYNCRO, configuration=None) as there:
        yield there


async def test_syncro_enrichment_is_on_contacts_and_on_the_customer(syncro: Place) -> None:
    """Licence, MFA and last activity of each; secure score and counts of the customer."""
    syncro.syncro.customer_custom_fields |= {
        "microsoft_secure_score",
        "azure_licensed_user_count",
        "azure_active_user_count",
    }
    syncro.tenant.hire("ada", licences=(BUSINESS_PREMIUM,))
    syncro.tenant.hire("bob")
    syncro.tenant.products = [SubscribedProduct(BUSINESS_PREMIUM, "SPB", 5, 1)]
    syncro.tenant.registrations["ada"] = Registration(capable=True, methods=("fido2",))
    syncro.tenant.registrations["bob"] = Registration(capable=False)
    syncro.tenant.activity["ada"] = date(2026, 3, 1)
    syncro.tenant.secure_score = SecureScore(57.3, 100.0, date(2026, 3, 1))
    run = await syncro.synced()
    assert run.gaps == ()
    properties = {contact.email: contact.properties for contact in syncro.syncro.contacts.values()}
    ada, bob = properties["ada@contoso.example"], properties["bob@contoso.example"]
    assert ada["azure_license"] not in {"", None}
    assert (ada["azure_mfa_status"], ada["azure_mfa_methods"]) == ("enabled", "FIDO2 security key")
    assert ada["azure_last_activity"] == "2026-03-01"
    assert (bob["azure_mfa_status"], bob.get("azure_license") or "") == ("disabled", "")
    customer = syncro.syncro.customers[int(syncro.customer.id)]
    assert customer.properties["microsoft_secure_score"] == "57.3%"
    assert customer.properties["azure_licensed_user_count"] == "1"
    assert customer.properties["azure_active_user_count"] == "1"
    syncro.calls.clear()
    assert (await syncro.synced()).applied == 0
    assert {call.split()[0] for call in syncro.calls} == {"GET"}


async def test_syncro_a_field_that_nobody_made_is_told_with_the_way_to_make_it(syncro: Place) -> None:
    """The others are filled, nothing is written for ever, and once it is there it is filled too."""
    syncro.syncro.contact_custom_fields.discard("azure_license")
    for name in ("ada", "bob", "cyd"):
        syncro.tenant.hire(name, licences=(BUSINESS_PREMIUM,))
        syncro.tenant.registrations[name] = Registration(capable=True)
    run = await syncro.synced()
    assert run.counts.created == 3
    told = {gap.title: gap.detail for gap in run.gaps if "azure_license." in gap.title}
    ((title, detail),) = told.items()
    assert title == "Syncro has no custom field azure_license."
    assert "Admin > Customers > Contact Custom Fields > New Field" in detail
    assert all(
        contact.properties["azure_mfa_status"] == "enabled" for contact in syncro.syncro.contacts.values()
    )
    syncro.calls.clear()
    again = await syncro.synced()
    assert again.applied == 0
    assert {call.split()[0] for call in syncro.calls} == {"GET"}
    syncro.syncro.contact_custom_fields.add("azure_license")
    syncro.world.clock.advance(timedelta(days=1))
    await syncro.synced()
    assert all(contact.properties.get("azure_license") for contact in syncro.syncro.contacts.values())


async def test_syncro_the_line_of_a_contact_says_only_what_was_kept(syncro: Place) -> None:
    """The plan was made for a field that turned out not to be there."""
    syncro.syncro.contact_custom_fields.discard("azure_license")
    syncro.tenant.hire("ada", licences=(BUSINESS_PREMIUM,))
    syncro.tenant.hire("bob", licences=(BUSINESS_PREMIUM,))
    run = await syncro.synced()
    fields = {
        modified.field
        async for _, chunk in syncro.world.changes.chunks(run.id)
        for change in chunk
        for modified in change.modified
    }
    assert "licence" not in fields
    assert run.counts.add_up


async def test_atera_enrichment_is_none_unless_it_is_asked_for_and_there_are_fields() -> None:
    """Custom fields with these names are filled; those that are not there are told."""
    async with place(DestinationKind.ATERA, "ada", configuration=None) as there:
        there.atera.add_custom_field("azure_license")
        await there.synced()
        assert there.atera.custom_values == {}
        syncros = preset_of(DestinationKind.SYNCRO).enrichments
        there.tenant.change("ada", licences=(BUSINESS_PREMIUM,))
        there.tenant.registrations["ada"] = Registration(capable=True)
        await there.configure(replace(preset_of(DestinationKind.ATERA), enrichments=syncros))
        run = await there.synced()
        ((key, value),) = there.atera.custom_values.items()
        assert key[1] == "azure_license"
        assert value
        assert {gap.title for gap in run.gaps} >= {"Atera has no custom field azure_mfa_status."}
        assert (await there.synced()).applied == 0
