"""Fields of contacts in a destination that does not have a place for all of them."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from shared.adapters.psa.atera_documents import PLAIN_FIELDS as ATERA_FIELDS
from shared.adapters.psa.enrichment import CONTACT_FIELDS as CUSTOM
from shared.adapters.psa.syncro_documents import PLAIN_FIELDS as SYNCRO_FIELDS
from shared.core.configuration import (
    BlankPolicy,
    Configuration,
    Enrichment,
    Preset,
    SiteAttribute,
    SiteRule,
    Sites,
    SyncedField,
)
from shared.core.mapping import Mapper
from shared.core.models import ALL_FIELDS, CONTACT_FIELDS, Contact, ContactFields, DirectoryUser
from shared.core.planning import Plan, make_plan
from shared.core.presets import PRESETS
from shared.core.supplement import NOTHING, Registration, Supplement
from tests.unit.core.builders import applied, snapshot
from tests.unit.core.preset_cases import ADA, BLANK_ADA

ENRICHED = frozenset(CUSTOM)
DESTINATIONS = {
    "atera": ATERA_FIELDS,
    "atera with custom fields": ATERA_FIELDS | ENRICHED,
    "syncro": SYNCRO_FIELDS,
    "syncro with custom fields": SYNCRO_FIELDS | ENRICHED,
    "an address alone": frozenset({"email"}),
    "everything": ALL_FIELDS,
}
each_destination = pytest.mark.parametrize("held", DESTINATIONS.values(), ids=DESTINATIONS)
SITES = Sites((SiteRule(SiteAttribute.OFFICE, ("London",), "department:7"),))
CONFIGURATIONS = {
    **{preset.value: configuration for preset, configuration in PRESETS.items()},
    **{
        f"{preset.value} with everything": replace(
            configuration, sites=SITES, enrichments=tuple(Enrichment), fields=tuple(SyncedField)
        )
        for preset, configuration in PRESETS.items()
    },
}
each_configuration = pytest.mark.parametrize("configuration", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
READ = Supplement(
    registrations={"ada": Registration(capable=True, methods=("fido2",))},
    activity={"ada@upn.example": date(2026, 3, 1)},
    purposes={},
)
NAMELESS = DirectoryUser("nameless", "nameless@upn.example", "nameless@mail.example", enabled=True)
PARTS_ONLY = msgspec.structs.replace(
    NAMELESS,
    id="parts",
    user_principal_name="parts@upn.example",
    mail="parts@mail.example",
    given_name="Grace",
    surname="Hopper",
    licences=ADA.licences,
)
ALL_OF_THEM = [ADA, NAMELESS, PARTS_ONLY]
FULL = ContactFields(**{name: f"old {name}" for name in CONTACT_FIELDS})


def only_held(fields: ContactFields, held: frozenset[str]) -> ContactFields:
    """The fields as the destination can show them."""
    return ContactFields(**{name: getattr(fields, name) for name in held})


def outside(fields: ContactFields, held: frozenset[str]) -> dict[str, str]:
    """What the fields say that the destination has no place for."""
    return {name: value for name in ALL_FIELDS - held if (value := getattr(fields, name))}


def planned(
    users: list[DirectoryUser], contacts: list[Contact], configuration: Configuration, held: frozenset[str]
) -> Plan:
    return make_plan(snapshot(users, supplement=READ), contacts, configuration, held=held)


def mapped(held: frozenset[str], user: DirectoryUser = ADA, *synced: SyncedField) -> ContactFields:
    """What a new contact says, where these fields are synced."""
    return Mapper(Configuration(fields=synced or tuple(SyncedField)), NOTHING, held).fields(user)


# Whatever the destination, under every preset.


@each_destination
@each_configuration
def test_nothing_is_said_or_governed_that_has_no_place(
    configuration: Configuration, held: frozenset[str]
) -> None:
    """Neither of a new contact nor of one that is there, whatever it says."""
    mapper = Mapper(configuration, READ, held)
    assert mapper.governed <= held
    for user in (*ALL_OF_THEM, BLANK_ADA):
        wanted = mapper.named(mapper.fields(user, "department:7"))
        assert outside(wanted, held) == {}
        for current in (ContactFields(email="ada@mail.example"), only_held(FULL, held)):
            assert outside(mapper.merged(current, wanted), held) == {}
            pinned = mapper.merged(current, wanted, CONTACT_FIELDS)
            assert pinned == current


@each_destination
@each_configuration
def test_what_has_a_place_is_the_same_as_where_everything_has(
    configuration: Configuration, held: frozenset[str]
) -> None:
    """But for names, which go where there is a place for them."""
    everything = Mapper(configuration, READ).fields(ADA, "department:7")
    fields = Mapper(configuration, READ, held).fields(ADA, "department:7")
    for name in held - {"name", "first_name", "last_name"}:
        assert getattr(fields, name) == getattr(everything, name)


@each_destination
@each_configuration
def test_a_second_plan_over_the_first_ones_result_is_empty(
    configuration: Configuration, held: frozenset[str]
) -> None:
    """For contacts that were made, and for those that were there with other values."""
    made = planned(ALL_OF_THEM, [], configuration, held)
    assert all(outside(line.fields, held) == {} for line in made.writes() if line.fields is not None)
    assert planned(ALL_OF_THEM, applied([], made), configuration, held).writes() == ()
    old = [
        Contact(str(number), only_held(msgspec.structs.replace(FULL, email=email), held))
        for number, email in enumerate(("ada@upn.example", "nameless@mail.example", "PARTS@upn.example"))
    ]
    first = planned(ALL_OF_THEM, old, configuration, held)
    for line in first.writes():
        assert {change.field for change in line.changed} <= held
    after = applied(old, first)
    assert all(outside(contact.fields, held) == {} for contact in after)
    assert planned(ALL_OF_THEM, after, configuration, held).writes() == ()


@each_destination
@each_configuration
def test_a_value_that_is_edited_there_is_written_over_if_it_is_governed(
    configuration: Configuration, held: frozenset[str]
) -> None:
    """And never one that is not."""
    (contact,) = applied([], planned([ADA], [], configuration, held))
    governed = Mapper(configuration, READ, held).governed
    for name in held - {"email"}:
        fields = msgspec.structs.replace(contact.fields, **{name: "by hand"})
        edited = msgspec.structs.replace(contact, fields=fields)
        writes = planned([ADA], [edited], configuration, held).writes()
        kept = configuration.blank_in_directory is BlankPolicy.KEEP and not getattr(contact.fields, name)
        if name in governed and not kept:
            assert [change.field for line in writes for change in line.changed] == [name]
        elif name not in governed:
            assert writes == ()


# Names.


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (ADA, "Ada Lovelace"),
        (msgspec.structs.replace(ADA, display_name="Countess"), "Ada Lovelace"),
        (msgspec.structs.replace(ADA, given_name=None), "Lovelace"),
        (msgspec.structs.replace(ADA, given_name=None, surname=None), "Ada Lovelace"),
        (NAMELESS, ""),
    ],
)
def test_two_parts_are_one_name_where_there_is_only_that(user: DirectoryUser, name: str) -> None:
    """Joined as people are called; the display name of somebody who has neither."""
    assert mapped(SYNCRO_FIELDS, user, SyncedField.FIRST_NAME, SyncedField.LAST_NAME) == ContactFields(
        name=name, email=user.mail or ""
    )


def test_the_display_name_is_the_one_name_where_it_is_synced() -> None:
    """Whether the parts are synced or not."""
    user = msgspec.structs.replace(ADA, display_name="Countess")
    for synced in ((SyncedField.NAME,), (SyncedField.NAME, SyncedField.FIRST_NAME, SyncedField.LAST_NAME)):
        assert mapped(SYNCRO_FIELDS, user, *synced).name == "Countess"


@pytest.mark.parametrize(
    ("user", "first", "last"),
    [
        (ADA, "Ada", "Lovelace"),
        (msgspec.structs.replace(ADA, display_name="Countess"), "Ada", "Lovelace"),
        (msgspec.structs.replace(ADA, given_name=None), "", "Lovelace"),
        (msgspec.structs.replace(ADA, surname=""), "Ada", ""),
        (msgspec.structs.replace(ADA, given_name=None, surname=None), "Ada", "Lovelace"),
        (
            msgspec.structs.replace(ADA, given_name=None, surname=None, display_name="Lovelace, Ada"),
            "Ada",
            "Lovelace",
        ),
        (msgspec.structs.replace(ADA, given_name=None, surname=None, display_name="Printer"), "Printer", ""),
        (NAMELESS, "", ""),
    ],
)
def test_one_name_is_two_parts_where_there_are_only_those(user: DirectoryUser, first: str, last: str) -> None:
    """Given name and surname; of somebody who has neither, the display name in two."""
    for synced in (
        (SyncedField.NAME,),
        (SyncedField.FIRST_NAME, SyncedField.LAST_NAME),
        (SyncedField.NAME, SyncedField.FIRST_NAME, SyncedField.LAST_NAME),
    ):
        fields = mapped(ATERA_FIELDS, user, *synced)
        assert (fields.name, fields.first_name, fields.last_name) == ("", first, last)


def test_a_part_that_is_not_synced_is_left_alone() -> None:
    """Also where there are only parts."""
    mapper = Mapper(Configuration(fields=(SyncedField.LAST_NAME,)), NOTHING, ATERA_FIELDS)
    assert mapper.governed == {"email", "last_name"}
    current = ContactFields(email="ada@mail.example", first_name="Augusta")
    assert mapper.merged(current, mapper.fields(ADA)).first_name == "Augusta"


@each_destination
def test_names_that_are_not_synced_are_not_synced_anywhere(held: frozenset[str]) -> None:
    """Neither in one part nor in two."""
    mapper = Mapper(Configuration(fields=(SyncedField.CITY,)), NOTHING, held)
    assert not mapper.governed & {"name", "first_name", "last_name"}
    assert mapper.fields(ADA) == ContactFields(
        email="ada@mail.example", city="London" if "city" in held else ""
    )


@pytest.mark.parametrize(("held", "name"), [(SYNCRO_FIELDS, "nameless@mail.example"), (ATERA_FIELDS, "")])
def test_somebody_whom_nothing_names_goes_by_the_address_where_there_is_one_name(
    held: frozenset[str], name: str
) -> None:
    """No part of a name is made of an address."""
    mapper = Mapper(Configuration(), NOTHING, held)
    fields = mapper.named(mapper.fields(NAMELESS))
    assert (fields.name, fields.first_name, fields.last_name) == (name, "", "")


@pytest.mark.parametrize(
    ("held", "kept"),
    [(SYNCRO_FIELDS, {"name": "Old"}), (ATERA_FIELDS, {"first_name": "O", "last_name": "ld"})],
)
def test_a_name_is_kept_where_the_directory_has_none(held: frozenset[str], kept: dict[str, str]) -> None:
    """If blanks keep, in whatever parts it is."""
    mapper = Mapper(Configuration(blank_in_directory=BlankPolicy.KEEP), NOTHING, held)
    current = ContactFields(email="nameless@mail.example", **kept)
    assert mapper.merged(current, mapper.fields(NAMELESS)) == current


# Sites and enrichments.


def test_where_there_are_no_sites_rules_about_them_govern_nothing() -> None:
    """And nobody is moved."""
    configuration = Configuration(sites=SITES)
    assert Mapper(configuration, NOTHING, ATERA_FIELDS).fields(ADA, "department:7").site == "department:7"
    mapper = Mapper(configuration, NOTHING, SYNCRO_FIELDS)
    assert "site" not in mapper.governed
    assert mapper.fields(ADA, "department:7").site == ""


@pytest.mark.parametrize("name", sorted(ENRICHED))
def test_each_enrichment_goes_where_there_is_a_place_for_it(name: str) -> None:
    """One custom field is filled and the others are not missed."""
    configuration = replace(PRESETS[Preset.SYNCRO], enrichments=tuple(Enrichment))
    mapper = Mapper(configuration, READ, SYNCRO_FIELDS | {name})
    assert mapper.governed & ENRICHED == {name}
    fields = mapper.fields(ADA)
    assert {each for each in ENRICHED if getattr(fields, each)} == {name}


@pytest.mark.parametrize("pin", ["name", "first_name", "last_name"])
@pytest.mark.parametrize("held", [ATERA_FIELDS, SYNCRO_FIELDS], ids=["two parts", "one name"])
def test_a_pin_of_a_name_protects_whatever_there_is_of_it(pin: str, held: frozenset[str]) -> None:
    """Whoever pinned it did not know in how many parts the PSA keeps it."""
    mapper = Mapper(Configuration(), held=held)
    typed = {name: "Typed" for name in ("name", "first_name", "last_name") if name in held}
    current = ContactFields(email=ADA.mail or "", **typed)
    merged = mapper.merged(current, mapper.fields(ADA), {pin})
    assert {name: getattr(merged, name) for name in typed} == typed
    assert merged.job_title == ADA.job_title


@pytest.mark.parametrize("pin", ["name", "first_name", "last_name"])
def test_where_a_name_has_all_its_parts_each_is_pinned_alone(pin: str) -> None:
    """As the technician sees them."""
    mapper = Mapper(Configuration())
    current = ContactFields("Typed", ADA.mail or "", "Typed", "Typed")
    merged = mapper.merged(current, mapper.fields(ADA), {pin})
    names = {name: getattr(merged, name) for name in ("name", "first_name", "last_name")}
    assert [name for name, value in names.items() if value == "Typed"] == [pin]
