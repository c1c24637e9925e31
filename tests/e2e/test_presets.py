"""The presets, as configured over HTTP: who gets a contact, what it says, what becomes of edits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.api_client import Document
from tests.e2e.scene import Customer, Scene

pytestmark = pytest.mark.e2e

IN_THE_DIRECTORY: Document = {
    "jobTitle": "Surgeon",
    "department": "Clinic",
    "officeLocation": "Surgery",
    "companyName": "Quince Orchard",
    "mobilePhone": "+44 7700 900111",
    "businessPhones": ["+44 20 7946 0111"],
    "streetAddress": "12 Orchard Row\r\nUnit 4",
    "city": "Quincebury",
    "state": "Quinceshire",
    "postalCode": "QB3 4CD",
    "country": "United Kingdom",
}
PERSON = {
    "first_name": "Preset",
    "last_name": "Person",
    "job_title": "Surgeon",
    "mobile_phone": "+44 7700 900111",
    "business_phone": "+44 20 7946 0111",
}
ADDRESS = {
    "street": "12 Orchard Row",
    "street_2": "Unit 4",
    "city": "Quincebury",
    "state": "Quinceshire",
    "postal_code": "QB3 4CD",
}
WORK = {"department": "Clinic", "office": "Surgery", "company": "Quince Orchard", "country": "United Kingdom"}
NAME = {"name": "Preset Person"}


@dataclass(frozen=True)
class Promise:
    """What a preset promises. `kept`: what the contact still says of a job that the directory forgot;
    `doubled`: whether an address that was changed in the PSA leads to a second contact."""

    email: str
    fields: dict[str, str]
    everybody: bool
    kept: str
    doubled: bool


_SYNCRO = {name: text for name, text in PERSON.items() if name not in {"first_name", "last_name"}}
PROMISES = {
    "atera": Promise("userPrincipalName", PERSON, everybody=True, kept="", doubled=True),
    "syncro": Promise("mail", NAME | ADDRESS | _SYNCRO, everybody=True, kept="Surgeon", doubled=True),
    "standard": Promise(
        "mail", NAME | PERSON | ADDRESS | WORK, everybody=False, kept="Surgeon", doubled=False
    ),
}


async def _cast(scene: Scene, customer: Customer) -> dict[str, Document]:
    """Somebody with all there is, and everybody about whom presets differ."""
    nobody: dict[str, Any] = {"givenName": None, "surname": None, "assignedLicenses": []}
    person = await scene.hire(customer, "Preset Person", **IN_THE_DIRECTORY)
    person["mail"] = f"mail.{person['mail']}"
    await scene.change(customer, person, mail=person["mail"])
    return {
        "person": person,
        "guest": await scene.hire(customer, "Preset Guest", userType="Guest"),
        "disabled": await scene.hire(customer, "Preset Former", accountEnabled=False),
        "mailbox": await scene.hire(customer, "Preset Mailbox", purpose="shared", **nobody),
    }


async def _contacts(scene: Scene, customer: Customer) -> dict[str, Document]:
    """By address, which is all that contacts matched by address have."""
    contacts = await scene.api.contacts(customer.id)
    by_address = {contact["email"]: contact for contact in contacts}
    assert len(by_address) == len(contacts)
    return by_address


def _said(contact: Document) -> dict[str, str]:
    """Everything that the directory's fields say."""
    names = NAME.keys() | PERSON.keys() | ADDRESS.keys() | WORK.keys() | {"site"}
    return {name: contact[name] for name in names if contact[name]}


@pytest.mark.parametrize("preset", PROMISES)
async def test_a_preset_keeps_what_it_promises(scene: Scene, preset: str) -> None:
    """From the first import to edits on both sides, policy by policy."""
    promise = PROMISES[preset]
    customer = await scene.connected("quince")
    configured = await scene.api.configure(customer.id, {"preset": preset})
    assert configured["configuration"] == (await scene.api.presets())[preset]
    cast = await _cast(scene, customer)
    run = await scene.sync(customer)
    assert (run["state"], run["applied"]) == ("succeeded", run["counts"]["created"])

    person, others = cast["person"], [cast[name] for name in ("guest", "disabled", "mailbox")]
    contacts = await _contacts(scene, customer)
    contact = contacts[person[promise.email]]
    assert _said(contact) == promise.fields
    assert (contact["object_id"] is None) == promise.doubled
    assert [other["mail"] in contacts for other in others] == [promise.everybody] * len(others)

    # The directory forgets the job, and somebody writes over the phone number in the PSA.
    await scene.change(customer, person, jobTitle=None)
    await scene.api.patch_contact(customer.id, contact["id"], fields={"business_phone": "+1 000"})
    assert (await scene.sync(customer))["counts"]["updated"] == 1
    contact = (await _contacts(scene, customer))[person[promise.email]]
    assert (contact["job_title"], contact["business_phone"]) == (promise.kept, PERSON["business_phone"])

    # Somebody writes over the address in the PSA.
    elsewhere = f"elsewhere.{person['mail']}"
    await scene.api.patch_contact(customer.id, contact["id"], fields={"email": elsewhere})
    edited = await scene.api.contact(customer.id, contact["id"])
    run = await scene.sync(customer)
    assert (run["counts"]["created"], run["applied"]) == (int(promise.doubled), 1)
    after = await _contacts(scene, customer)
    assert (after[person[promise.email]]["id"] != contact["id"]) == promise.doubled
    assert after.get(elsewhere) == (edited if promise.doubled else None)

    # Who leaves keeps the contact, and nothing is left to do.
    await scene.purge(customer, person)
    assert (await scene.sync(customer))["applied"] == 0
    assert await _contacts(scene, customer) == after


async def test_a_pinned_field_is_the_persons_own(scene: Scene) -> None:
    """Under the standard preset a pin holds against the directory; without it the directory wins again."""
    customer = await scene.connected("quince")
    person = await scene.hire(customer, "Pinned Person", jobTitle="Nurse")
    await scene.sync(customer)
    contact = (await scene.contacts(customer))[person["id"]]
    edit = {"fields": {"job_title": "Head nurse"}, "pins": ["job_title"]}
    await scene.api.patch_contact(customer.id, contact["id"], **edit)
    await scene.change(customer, person, jobTitle="Matron", department="Clinic")
    await scene.sync(customer)
    pinned = (await scene.contacts(customer))[person["id"]]
    assert (pinned["job_title"], pinned["department"]) == ("Head nurse", "Clinic")
    await scene.api.patch_contact(customer.id, contact["id"], pins=[])
    await scene.sync(customer)
    assert (await scene.contacts(customer))[person["id"]]["job_title"] == "Matron"
