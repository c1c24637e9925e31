"""A person of whom the directory knows everything, and what a sync under a preset makes of people."""

from dataclasses import replace

import msgspec
import pytest

from shared.core.configuration import (
    Configuration,
    Preset,
    SyncedField,
)
from shared.core.models import CONTACT_FIELDS, Contact, ContactFields, DirectoryUser
from shared.core.presets import PRESETS
from tests.unit.core.builders import applied, plan

ATERA, SYNCRO, STANDARD = (PRESETS[preset] for preset in (Preset.ATERA, Preset.SYNCRO, Preset.STANDARD))
BUSINESS_BASIC = "3b555118-da6a-4418-894f-7df1e2096870"
BUSINESS_PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
GROUP = "20000000-0000-4000-8000-000000000001"

each_preset = pytest.mark.parametrize("preset", list(Preset))
each_of_the_seeds = pytest.mark.parametrize("preset", [Preset.ATERA, Preset.SYNCRO])

# Which fields each preset fills, besides the email and what enrichments bring.
FILLED = {
    Preset.ATERA: {"first_name", "last_name", "job_title", "mobile_phone", "business_phone"},
    Preset.SYNCRO: {
        "name",
        "street",
        "street_2",
        "city",
        "state",
        "postal_code",
        "business_phone",
        "mobile_phone",
        "job_title",
    },
    Preset.STANDARD: {field.value for field in SyncedField},
}

ADA = DirectoryUser(
    "ada",
    user_principal_name="ada@upn.example",
    mail="ada@mail.example",
    display_name="Ada Lovelace",
    given_name="Ada",
    surname="Lovelace",
    job_title="Analyst",
    department="Engines",
    office_location="London",
    company_name="Contoso",
    mobile_phone="+44 1",
    business_phone="+44 2",
    street="1 Main Street\nSecond floor",
    city="London",
    state="Greater London",
    postal_code="W1",
    country="GB",
    user_type="Member",
    enabled=True,
    licences=(BUSINESS_BASIC, BUSINESS_PREMIUM),
)
BLANK_ADA = DirectoryUser(
    "ada",
    user_principal_name=ADA.user_principal_name,
    mail=ADA.mail,
    display_name=ADA.display_name,
    licences=ADA.licences,
)
OLD = {name: f"old {name}" for name in CONTACT_FIELDS if name != "email"}


def bare(preset: Preset) -> Configuration:
    """The preset without what is read besides the users."""
    return replace(PRESETS[preset], enrichments=())


def address(preset: Preset) -> str:
    """The address that Ada's contact has under the preset."""
    return "ada@upn.example" if preset is Preset.ATERA else "ada@mail.example"


def old_contact(preset: Preset, **properties: object) -> Contact:
    """Ada's contact, full of old values; linked where the preset goes by links."""
    object_id = "ada" if preset is Preset.STANDARD else None
    made = Contact("c1", ContactFields(**OLD | {"email": address(preset)}), object_id)
    return msgspec.structs.replace(made, **properties)


def first_sync(configuration: Configuration, *users: DirectoryUser) -> list[Contact]:
    """The contacts after the first sync of these users."""
    return applied([], plan(users, configuration=configuration))
