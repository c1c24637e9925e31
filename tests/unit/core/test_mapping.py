"""From a user of the directory to the fields of a contact."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from shared.core.configuration import (
    BlankPolicy,
    Configuration,
    EmailSource,
    Enrichment,
    SiteAttribute,
    SiteRule,
    Sites,
    SyncedField,
)
from shared.core.mapping import UNKNOWN, Mapper, email_of, method_name
from shared.core.models import CONTACT_FIELDS, ContactFields, DirectoryUser
from shared.core.supplement import NOTHING, Gap, Registration, SubscribedProduct, Supplement

DEFAULT = EmailSource.MAIL_ELSE_USER_PRINCIPAL_NAME
BUSINESS_BASIC = "3b555118-da6a-4418-894f-7df1e2096870"
UNNAMED = "11111111-2222-4333-8444-555555555555"
SITES = Sites((SiteRule(SiteAttribute.OFFICE, ("Bern",), "ch"),))
EVERYTHING = Configuration(sites=SITES, enrichments=tuple(Enrichment))
ENRICHED = {
    Enrichment.LICENCES: {"licence", "licences"},
    Enrichment.MFA: {"mfa_status", "mfa_methods"},
    Enrichment.ACTIVITY: {"last_activity"},
}
READ = Supplement(registrations={}, activity={})


def gap(enrichment: Enrichment, *, permanent: bool) -> Gap:
    return Gap(enrichment.value, "code", "What.", "How.", "nobody", permanent=permanent)


def mapped(
    user: DirectoryUser, supplement: Supplement = NOTHING, enrichment: Enrichment | None = None
) -> ContactFields:
    """What a new contact of the user says."""
    enrichments = () if enrichment is None else (enrichment,)
    return Mapper(Configuration(enrichments=enrichments), supplement).fields(user)


@pytest.mark.parametrize(
    ("mail", "name", "email"),
    [
        ("ada@mail.example", "ada@upn.example", "ada@mail.example"),
        (None, "ada@upn.example", "ada@upn.example"),
        ("", "ada@upn.example", "ada@upn.example"),
        ("not an address", "ada@upn.example", "ada@upn.example"),
        (" Ada@Mail.Example ", None, "Ada@Mail.Example"),
        (None, "ada_mail.example#EXT#@contoso.onmicrosoft.com", ""),
        ("ada@mail.example", "ada_mail.example#EXT#@contoso.onmicrosoft.com", "ada@mail.example"),
        (None, None, ""),
        (None, "ada", ""),
    ],
)
def test_the_email_is_mail_else_the_user_principal_name(
    mail: str | None, name: str | None, email: str
) -> None:
    """The first of the two that a mailbox answers to, spelled as in the directory."""
    assert email_of(DirectoryUser("1", user_principal_name=name, mail=mail), DEFAULT) == email


@pytest.mark.parametrize(
    ("source", "mail", "name", "member", "guest"),
    [
        (EmailSource.MAIL, "m@x.example", "u@x.example", "m@x.example", "m@x.example"),
        (EmailSource.MAIL, None, "u@x.example", "", ""),
        (EmailSource.USER_PRINCIPAL_NAME, "m@x.example", "u@x.example", "u@x.example", "m@x.example"),
        (EmailSource.USER_PRINCIPAL_NAME, "m@x.example", None, "", "m@x.example"),
        (EmailSource.USER_PRINCIPAL_NAME, "m@x.example", "m_x.example#EXT#@y.example", "", "m@x.example"),
        (EmailSource.USER_PRINCIPAL_NAME, None, "m_x.example#EXT#@y.example", "", ""),
    ],
)
def test_another_source_of_the_email_may_be_chosen_but_a_guests_name_is_no_address(
    source: EmailSource, mail: str | None, name: str | None, member: str, guest: str
) -> None:
    """The name of a member is; a guest goes by mail whatever is chosen."""
    for kind, email in (("Member", member), (None, member), ("Guest", guest)):
        user = DirectoryUser("1", user_principal_name=name, mail=mail, user_type=kind)
        assert email_of(user, source) == email


def test_every_field_has_its_property() -> None:
    """Each property of the directory ends up in its own field."""
    user = DirectoryUser(
        "1",
        user_principal_name="upn@example.com",
        mail="mail@example.com",
        display_name="name",
        given_name="first_name",
        surname="last_name",
        job_title="job_title",
        department="department",
        office_location="office",
        company_name="company",
        mobile_phone="mobile_phone",
        business_phone="business_phone",
        street="street\nstreet_2",
        city="city",
        state="state",
        postal_code="postal_code",
        country="country",
    )
    values = {field.value: field.value for field in SyncedField} | {
        "email": "mail@example.com",
        "site": "site",
    }
    assert Mapper(Configuration()).fields(user, "site") == ContactFields(**values)


@pytest.mark.parametrize(
    ("display", "given", "surname", "name"),
    [
        ("Ada Lovelace", "A", "L", "Ada Lovelace"),
        (None, "Ada", "Lovelace", "Ada Lovelace"),
        (" \x00 ", "Ada", None, "Ada"),
        (None, None, "Lovelace", "Lovelace"),
        (None, None, None, "ada@example.com"),
    ],
)
def test_nobody_is_without_a_name(
    display: str | None, given: str | None, surname: str | None, name: str
) -> None:
    """Display name, else first and last name, else the address."""
    user = DirectoryUser("1", mail="ada@example.com", display_name=display, given_name=given, surname=surname)
    mapper = Mapper(Configuration())
    assert mapper.named(mapper.fields(user)).name == name


def test_hostile_values_are_cleaned() -> None:
    """No field carries a line break or a reordering mark."""
    user = DirectoryUser("1", mail="a@example.com", department="Sales\r\n\u202eX", city="A  B\tC")
    fields = mapped(user)
    assert (fields.department, fields.city) == ("Sales X", "A B C")


@pytest.mark.parametrize(
    ("street", "first", "second"),
    [
        (None, "", ""),
        ("", "", ""),
        ("1  Main\tSt", "1 Main St", ""),
        ("1 Main St\nSuite 5", "1 Main St", "Suite 5"),
        ("1 Main St\r\nSuite 5\r\nBuilding C", "1 Main St", "Suite 5, Building C"),
        ("\n \n1 Main St\n\n\x00\nSuite 5\n", "1 Main St", "Suite 5"),
        ("1 Main St\u2028Suite 5", "1 Main St", "Suite 5"),
    ],
)
def test_the_first_line_of_the_street_stands_alone(street: str | None, first: str, second: str) -> None:
    """The other lines share the second field; lines with nothing in them do not count."""
    fields = mapped(DirectoryUser("1", street=street))
    assert (fields.street, fields.street_2) == (first, second)


# Which fields a run fills.


@pytest.mark.parametrize("field", list(SyncedField))
def test_a_run_fills_the_email_and_the_fields_it_is_told_to(field: SyncedField) -> None:
    """Nothing else, so that whatever the PSA has there stays."""
    mapper = Mapper(Configuration(fields=(field,)))
    assert mapper.governed == {"email", field.value}
    current = ContactFields(**{name: f"old {name}" for name in CONTACT_FIELDS})
    wanted = ContactFields(**{name: f"new {name}" for name in CONTACT_FIELDS})
    after = mapper.merged(current, wanted)
    new = {name for name in CONTACT_FIELDS if getattr(after, name).startswith("new")}
    assert new == {"email", field.value}


def test_a_run_fills_the_site_only_where_there_are_rules() -> None:
    """Otherwise nobody said what the sites are."""
    assert "site" not in Mapper(Configuration()).governed
    assert "site" in Mapper(Configuration(sites=SITES)).governed


@pytest.mark.parametrize("field", list(SyncedField))
def test_a_blank_keeps_or_overwrites_as_the_policy_says(field: SyncedField) -> None:
    """Field by field; what the directory has wins under both policies."""
    current = ContactFields(**{field.value: "old"}, email="a@x")
    blank = ContactFields(email="a@x")
    new = ContactFields(**{field.value: "new"}, email="a@x")
    keeping, overwriting = (Mapper(Configuration(blank_in_directory=policy)) for policy in BlankPolicy)
    assert getattr(keeping.merged(current, blank), field.value) == "old"
    nothing = "a@x" if field is SyncedField.NAME else ""  # nobody is without a name
    assert getattr(overwriting.merged(current, blank), field.value) == nothing
    assert getattr(keeping.merged(current, new), field.value) == "new"
    assert getattr(overwriting.merged(current, new), field.value) == "new"


def test_the_address_is_nobodys_name_who_has_one() -> None:
    """A directory that lost all names of somebody does not rename the contact, unless blanks overwrite."""
    nameless, known = ContactFields(email="a@x"), ContactFields(name="Ada", email="a@x")
    assert Mapper(Configuration()).merged(known, nameless).name == "Ada"
    assert Mapper(Configuration()).merged(nameless, nameless).name == "a@x"


def test_a_site_and_an_enrichment_are_overwritten_with_a_blank_under_either_policy() -> None:
    """A kept site would be a wrong one, and a kept licence one that somebody lost."""
    current = ContactFields(site="old", licence="old", mfa_methods="old", last_activity="old")
    for policy in BlankPolicy:
        configuration = replace(EVERYTHING, blank_in_directory=policy)
        assert Mapper(configuration, READ).merged(current, ContactFields()) == ContactFields()


@pytest.mark.parametrize("name", CONTACT_FIELDS)
@pytest.mark.parametrize("policy", list(BlankPolicy))
def test_a_pinned_field_stays_whatever_the_directory_says(name: str, policy: BlankPolicy) -> None:
    """The others change; a pinned blank stays blank."""
    mapper = Mapper(replace(EVERYTHING, blank_in_directory=policy), READ)
    current = ContactFields(**{other: f"old {other}" for other in CONTACT_FIELDS})
    wanted = ContactFields(**{other: f"new {other}" for other in CONTACT_FIELDS})
    after = mapper.merged(current, wanted, {name})
    assert after == msgspec.structs.replace(wanted, **{name: f"old {name}"})
    blank = msgspec.structs.replace(current, **{name: ""})
    assert getattr(mapper.merged(blank, wanted, {name}), name) == ""


# Enrichment.


@pytest.mark.parametrize("enrichment", list(ENRICHED))
def test_an_enrichment_that_was_read_fills_its_fields(enrichment: Enrichment) -> None:
    """And no others."""
    mapper = Mapper(Configuration(enrichments=(enrichment,)), READ)
    assert mapper.governed & set().union(*ENRICHED.values()) == ENRICHED[enrichment]


@pytest.mark.parametrize("enrichment", [Enrichment.MFA, Enrichment.ACTIVITY])
def test_an_enrichment_that_was_not_read_leaves_its_fields(enrichment: Enrichment) -> None:
    """A run that did not ask knows nothing, so it says nothing."""
    mapper = Mapper(Configuration(enrichments=(enrichment,)), NOTHING)
    assert mapper.governed.isdisjoint(ENRICHED[enrichment])


@pytest.mark.parametrize("enrichment", list(ENRICHED))
def test_a_passing_gap_leaves_the_fields_as_they_are(enrichment: Enrichment) -> None:
    """Better the value of yesterday than none; also where part of it was read before."""
    for read in (NOTHING, READ):
        supplement = msgspec.structs.replace(read, gaps=(gap(enrichment, permanent=False),))
        mapper = Mapper(Configuration(enrichments=tuple(Enrichment)), supplement)
        assert mapper.governed.isdisjoint(ENRICHED[enrichment])
        old = ContactFields(**dict.fromkeys(ENRICHED[enrichment], "yesterday"))
        after = mapper.merged(old, mapper.fields(DirectoryUser("1", mail="a@example.com")))
        assert {getattr(after, name) for name in ENRICHED[enrichment]} == {"yesterday"}


@pytest.mark.parametrize(
    ("enrichment", "said"),
    [
        (Enrichment.MFA, {"mfa_status": UNKNOWN, "mfa_methods": ""}),
        (Enrichment.ACTIVITY, {"last_activity": UNKNOWN}),
        (Enrichment.LICENCES, {"licence": "Microsoft 365 Business Basic"}),
    ],
)
def test_a_permanent_gap_says_unknown(enrichment: Enrichment, said: dict[str, str]) -> None:
    """The tenant can never have it; licences come with the users and lose only their own names."""
    supplement = Supplement(gaps=(gap(enrichment, permanent=True),))
    fields = mapped(DirectoryUser("1", licences=(BUSINESS_BASIC,)), supplement, enrichment)
    assert {name: getattr(fields, name) for name in said} == said


def test_a_gap_of_one_enrichment_is_none_of_another() -> None:
    """Each has a permission of its own."""
    supplement = Supplement(registrations={}, gaps=(gap(Enrichment.ACTIVITY, permanent=False),))
    governed = Mapper(Configuration(enrichments=tuple(Enrichment)), supplement).governed
    assert governed >= ENRICHED[Enrichment.MFA] | ENRICHED[Enrichment.LICENCES]
    assert governed.isdisjoint(ENRICHED[Enrichment.ACTIVITY])


@pytest.mark.parametrize(
    ("registrations", "status", "methods"),
    [
        (
            {"1": Registration(capable=True, methods=("mobilePhone", "fido2"))},
            "enabled",
            "FIDO2 security key, Mobile phone",
        ),
        ({"1": Registration(capable=False, methods=("email",))}, "disabled", "Email"),
        ({"1": Registration(capable=False)}, "disabled", ""),
        ({"other": Registration(capable=True)}, UNKNOWN, ""),
    ],
)
def test_the_mfa_status_is_what_the_registration_says(
    registrations: dict[str, Registration], status: str, methods: str
) -> None:
    """Somebody without a registration is not known to have none."""
    fields = mapped(DirectoryUser("1"), Supplement(registrations=registrations), Enrichment.MFA)
    assert (fields.mfa_status, fields.mfa_methods) == (status, methods)


@pytest.mark.parametrize(
    ("activity", "shown"),
    [
        ({"ada@x.example": date(2026, 3, 1)}, "2026-03-01"),
        ({"ada@x.example": None}, ""),
        ({"bob@x.example": date(2026, 3, 1)}, ""),
        ({}, ""),
    ],
)
def test_the_last_activity_is_a_day_and_blank_for_somebody_who_never_was(
    activity: dict[str, date | None], shown: str
) -> None:
    """The report goes by the user principal name, in whatever case the directory has it."""
    user = DirectoryUser("1", user_principal_name="Ada@X.example", mail="other@x.example")
    assert mapped(user, Supplement(activity=activity), Enrichment.ACTIVITY).last_activity == shown


def test_somebody_without_a_user_principal_name_has_no_activity() -> None:
    """And is not taken for somebody else."""
    fields = mapped(DirectoryUser("1"), Supplement(activity={"a@x": date(2026, 3, 1)}), Enrichment.ACTIVITY)
    assert fields.last_activity == ""


def test_licences_have_the_tenants_own_names_where_nobody_knows_another() -> None:
    """The highest of the four stands alone, all of them in a list."""
    supplement = Supplement(products=(SubscribedProduct(UNNAMED, "NEW_THING", 5, 1),))
    user = DirectoryUser("1", licences=(UNNAMED, BUSINESS_BASIC))
    fields = mapped(user, supplement, Enrichment.LICENCES)
    assert fields.licence == "Microsoft 365 Business Basic"
    assert fields.licences == "Microsoft 365 Business Basic; NEW THING"
    assert mapped(DirectoryUser("1"), supplement, Enrichment.LICENCES) == ContactFields()


@pytest.mark.parametrize(
    ("method", "shown"),
    [
        ("microsoftAuthenticatorPush", "Microsoft Authenticator"),
        ("softwareOneTimePasscode", "Authenticator app code"),
        ("windowsHelloForBusiness", "Windows Hello for Business"),
        ("someNewMethod", "someNewMethod"),
        ("hostile\r\n\u202emethod", "hostile method"),
    ],
)
def test_methods_are_named_in_a_technicians_words(method: str, shown: str) -> None:
    """One that is not known keeps Graph's word, cleaned."""
    assert method_name(method) == shown
