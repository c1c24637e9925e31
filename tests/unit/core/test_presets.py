"""The presets, policy by policy: what each of them does to a directory and its contacts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest

from shared.core.changes import ChangeKind
from shared.core.configuration import (
    Configuration,
    EmailSource,
    Enrichment,
    Exclusion,
    GroupMode,
    Groups,
    LeaverPolicy,
    PatternField,
    Preset,
    Schedule,
    ScheduleKind,
    SharedMailboxes,
    SiteAttribute,
    SiteRule,
    Sites,
    SyncedField,
)
from shared.core.models import CONTACT_FIELDS, Contact, ContactFields, DirectoryUser, RemovalReason, UserType
from shared.core.presets import PRESETS
from shared.core.report import make_report
from shared.core.sites import value_counts, value_of
from shared.core.supplement import Registration, SecureScore, SubscribedProduct, Supplement
from tests.unit.core.builders import SKU, applied, contact, edited, lines, only, plan, user

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


# The contact's email is.


@pytest.mark.parametrize(
    ("preset", "mail", "name", "email"),
    [
        (Preset.ATERA, "ada@mail.example", "ada@upn.example", "ada@upn.example"),
        (Preset.ATERA, None, "ada@upn.example", "ada@upn.example"),
        (Preset.SYNCRO, "ada@mail.example", "ada@upn.example", "ada@mail.example"),
        (Preset.SYNCRO, None, "ada@upn.example", "ada@upn.example"),
        (Preset.STANDARD, "ada@mail.example", "ada@upn.example", "ada@mail.example"),
        (Preset.STANDARD, None, "ada@upn.example", "ada@upn.example"),
    ],
)
def test_the_email_is_the_upn_for_atera_and_mail_else_upn_for_the_others(
    preset: Preset, mail: str | None, name: str, email: str
) -> None:
    """Of the two addresses the preset's own one is written."""
    person = msgspec.structs.replace(ADA, mail=mail, user_principal_name=name)
    (made,) = first_sync(PRESETS[preset], person)
    assert made.fields.email == email


def test_for_atera_the_email_is_mail_by_option() -> None:
    """Then somebody without mail gets no contact, whatever the UPN."""
    by_mail = replace(ATERA, email_source=EmailSource.MAIL)
    (made,) = first_sync(by_mail, ADA)
    assert made.fields.email == "ada@mail.example"
    planned = plan([msgspec.structs.replace(ADA, mail=None)], configuration=by_mail)
    assert lines(planned) == {"ada": ("skip", None, "no_address")}


@each_preset
def test_a_guest_goes_by_the_mail_of_home(preset: Preset) -> None:
    """The name that a guest has in this tenant is nobody's address."""
    configuration = PRESETS[preset]
    everybody = replace(configuration, scope=replace(configuration.scope, user_types=tuple(UserType)))
    guest = user(
        "gus",
        "gus@home.example",
        user_principal_name="gus_home.example#EXT#@contoso.onmicrosoft.com",
        user_type="Guest",
    )
    (made,) = first_sync(everybody, guest)
    assert made.fields.email == "gus@home.example"


# Matched by.


@each_of_the_seeds
def test_the_seeds_match_by_email_only(preset: Preset) -> None:
    """The contact with the address is the user's, whatever it is linked to; the link leads nowhere."""
    by_address = old_contact(preset, object_id="somebody else")
    by_link = msgspec.structs.replace(
        old_contact(preset), id="c2", object_id="ada", fields=ContactFields(email="other@mail.example")
    )
    planned = plan([ADA], [by_address, by_link], configuration=PRESETS[preset])
    assert lines(planned) == {"ada": ("update", "c1", None)}


@each_of_the_seeds
def test_the_seeds_never_write_a_link(preset: Preset) -> None:
    """A contact they create or update carries none afterwards that it did not carry before."""
    bob = user("bob", user_principal_name="bob@example.com")
    contacts = [old_contact(preset)]
    planned = plan([ADA, bob], contacts, configuration=PRESETS[preset])
    assert lines(planned) == {"ada": ("update", "c1", None), "bob": ("create", None, None)}
    assert {one.object_id for one in applied(contacts, planned)} == {None}


def test_standard_matches_by_link_then_unique_email_else_review() -> None:
    """The link wins, a unique address is adopted, anything else is for a person to decide."""
    users = [
        user("linked", "new@x.example"),
        user("adopted", "hand@x.example"),
        user("unclear", "two@x.example"),
    ]
    contacts = [
        contact("c1", "old@x.example", "linked"),
        contact("c2", "HAND@x.example"),
        contact("c3", "two@x.example"),
        contact("c4", "two@x.example"),
    ]
    assert lines(plan(users, contacts, configuration=STANDARD)) == {
        "linked": ("update", "c1", None),
        "adopted": ("link", "c2", None),
        "unclear": ("conflict", None, "match.multiple_contacts"),
    }


# Fields.


@each_preset
def test_exactly_the_fields_of_the_preset_change(preset: Preset) -> None:
    """Every other field of the contact keeps what it has, the site included."""
    line = only(plan([ADA], [old_contact(preset)], configuration=bare(preset)))
    assert {change.field for change in line.changed} == FILLED[preset]
    assert line.fields is not None
    for name in CONTACT_FIELDS:
        if name not in {*FILLED[preset], "email"}:
            assert getattr(line.fields, name) == OLD[name]


@each_preset
def test_a_new_contact_has_exactly_the_fields_of_the_preset(preset: Preset) -> None:
    """And the email, by which it is found again."""
    line = only(plan([ADA], configuration=bare(preset)))
    assert {change.field for change in line.modified} == FILLED[preset] | {"email"}


def test_syncro_has_two_lines_of_the_address() -> None:
    """The first line of the street is address 1, what follows is address 2."""
    (made,) = first_sync(SYNCRO, ADA)
    assert (made.fields.street, made.fields.street_2) == ("1 Main Street", "Second floor")


# Blank in Entra.


def test_atera_overwrites_with_blanks() -> None:
    """Every field of the preset is emptied, and no other."""
    line = only(plan([BLANK_ADA], [old_contact(Preset.ATERA)], configuration=ATERA))
    assert {change.field: change.new for change in line.changed} == dict.fromkeys(FILLED[Preset.ATERA], "")


@pytest.mark.parametrize("preset", [Preset.SYNCRO, Preset.STANDARD])
def test_syncro_and_standard_keep_what_is_blank_in_entra(preset: Preset) -> None:
    """Only the name, which the directory has, is written."""
    line = only(plan([BLANK_ADA], [old_contact(preset)], configuration=bare(preset)))
    assert {change.field: change.new for change in line.changed} == {"name": "Ada Lovelace"}


# A field changed in the PSA.


@each_preset
def test_a_field_changed_in_the_psa_is_overwritten_at_the_next_sync(preset: Preset) -> None:
    """What the directory says is written again, and nothing besides."""
    (made,) = first_sync(PRESETS[preset], ADA)
    line = only(plan([ADA], [edited(made, job_title="Changed")], configuration=PRESETS[preset]))
    assert line.kind is ChangeKind.UPDATE
    assert [(change.field, change.old, change.new) for change in line.changed] == [
        ("job_title", "Changed", "Analyst")
    ]


def test_a_pinned_field_changed_in_the_psa_is_not_overwritten_by_standard() -> None:
    """The other fields of the same contact are."""
    (made,) = first_sync(STANDARD, ADA)
    pinned = msgspec.structs.replace(edited(made, job_title="Changed"), pins=frozenset({"job_title"}))
    assert plan([ADA], [pinned], configuration=STANDARD).changes == ()
    line = only(plan([ADA], [edited(pinned, city="Changed")], configuration=STANDARD))
    assert [change.field for change in line.changed] == ["city"]


# Email changed in the PSA.


@each_of_the_seeds
def test_after_an_email_change_in_the_psa_the_seeds_make_a_new_contact(preset: Preset) -> None:
    """The old one stays as it is, and the sync after that has nothing to do."""
    (made,) = first_sync(PRESETS[preset], ADA)
    changed = edited(made, email="changed@psa.example", job_title="Changed")
    planned = plan([ADA], [changed], configuration=PRESETS[preset])
    assert lines(planned) == {"ada": ("create", None, None)}
    after = applied([changed], planned)
    assert {one.fields.email for one in after} == {"changed@psa.example", address(preset)}
    assert changed in after
    assert plan([ADA], after, configuration=PRESETS[preset]).changes == ()


def test_after_an_email_change_in_the_psa_the_link_of_standard_holds() -> None:
    """The same contact gets its address back; there is no duplicate."""
    (made,) = first_sync(STANDARD, ADA)
    changed = edited(made, email="changed@psa.example")
    planned = plan([ADA], [changed], configuration=STANDARD)
    assert lines(planned) == {"ada": ("update", made.id, None)}
    assert applied([changed], planned) == [made]


def test_an_email_pinned_in_the_psa_stays_and_makes_no_duplicate() -> None:
    """The link still tells whose contact it is."""
    (made,) = first_sync(STANDARD, ADA)
    pinned = msgspec.structs.replace(edited(made, email="psa@psa.example"), pins=frozenset({"email"}))
    assert plan([ADA], [pinned], configuration=STANDARD).changes == ()


# In the PSA, not in Entra.


@each_preset
@pytest.mark.parametrize("leavers", list(LeaverPolicy))
def test_a_contact_nobody_in_entra_has_is_untouched(preset: Preset, leavers: LeaverPolicy) -> None:
    """A contact that was never linked belongs to the PSA, whatever the policy for leavers."""
    configuration = PRESETS[preset]
    if preset is Preset.STANDARD:
        configuration = replace(configuration, leavers=leavers)
    assert plan([], [contact("c1", "hand@x.example")], configuration=configuration).changes == ()


@each_of_the_seeds
@pytest.mark.parametrize("reason", list(RemovalReason))
def test_the_contact_of_a_leaver_is_untouched_by_the_seeds(preset: Preset, reason: RemovalReason) -> None:
    """However somebody left, also where the contact carries a link from before."""
    contacts = [old_contact(preset), contact("c2", "bob@x.example", "bob")]
    planned = plan([], contacts, {"ada": reason, "bob": reason}, PRESETS[preset])
    assert planned.changes == ()


def test_standard_keeps_the_contacts_of_leavers_by_default() -> None:
    """A line says so, and nothing is written."""
    leaver = contact("c1", "ada@x.example", "ada")
    planned = plan([], [leaver], {"ada": RemovalReason.SOFT_DELETED}, STANDARD)
    assert lines(planned) == {"ada": ("keep", "c1", "lifecycle.soft_deleted")}
    assert planned.writes() == ()


def test_standard_deactivates_the_contacts_of_leavers_by_option() -> None:
    """Only the linked one: the contact beside it with the same address is the PSA's."""
    configuration = replace(STANDARD, leavers=LeaverPolicy.DEACTIVATE)
    contacts = [contact("c1", "ada@x.example", "ada"), contact("c2", "ada@x.example")]
    planned = plan([], contacts, {"ada": RemovalReason.SOFT_DELETED}, configuration)
    assert lines(planned) == {"ada": ("deactivate", "c1", "lifecycle.soft_deleted")}


# Scope.


@each_of_the_seeds
@pytest.mark.parametrize(
    "person",
    [
        msgspec.structs.replace(ADA, enabled=False),
        msgspec.structs.replace(ADA, user_type="Guest"),
        msgspec.structs.replace(ADA, licences=()),
        DirectoryUser("team", user_principal_name="team@x.example", mail="team@x.example"),
    ],
    ids=["disabled", "guest", "unlicensed", "shared mailbox"],
)
def test_the_seeds_import_everybody(preset: Preset, person: DirectoryUser) -> None:
    """Members and guests, enabled or not, licensed or not, shared mailboxes included."""
    assert only(plan([person], configuration=PRESETS[preset])).kind is ChangeKind.CREATE


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (ADA, None),
        (msgspec.structs.replace(ADA, enabled=False), "not_in_scope.disabled"),
        (msgspec.structs.replace(ADA, user_type="Guest"), "not_in_scope.guest"),
        (msgspec.structs.replace(ADA, licences=()), None),
        (
            DirectoryUser("team", user_principal_name="team@x.example", mail="team@x.example"),
            "not_in_scope.shared_mailbox",
        ),
    ],
    ids=["member", "disabled", "guest", "unlicensed", "shared mailbox"],
)
def test_standard_imports_enabled_members_and_no_shared_mailboxes(
    person: DirectoryUser, reason: str | None
) -> None:
    """A licence is not asked for."""
    kind = ChangeKind.CREATE if reason is None else ChangeKind.SKIP
    assert only(plan([person], configuration=STANDARD)).reason == reason
    assert only(plan([person], configuration=STANDARD)).kind is kind


@pytest.mark.parametrize("kinds", [(UserType.MEMBER,), (UserType.GUEST,), tuple(UserType)])
def test_atera_takes_members_guests_or_both(kinds: tuple[UserType, ...]) -> None:
    """Those of the other kind are left out with their kind as the reason."""
    configuration = replace(ATERA, scope=replace(ATERA.scope, user_types=kinds))
    people = {
        UserType.MEMBER: ADA,
        UserType.GUEST: user("gus", "gus@home.example", user_type="Guest"),
    }
    for kind, person in people.items():
        line = only(plan([person], configuration=configuration))
        if kind in kinds:
            assert line.kind is ChangeKind.CREATE
        else:
            assert line.reason == f"not_in_scope.{kind.value}"


@pytest.mark.parametrize(
    ("groups", "imported"),
    [
        (Groups(), {"in", "out"}),
        (Groups(GroupMode.ALL), {"in"}),
        (Groups(GroupMode.SELECTED, (GROUP,)), {"in"}),
    ],
    ids=["none", "all", "selected"],
)
def test_atera_takes_everybody_or_those_in_groups(groups: Groups, imported: set[str]) -> None:
    """Without groups membership is not asked for; with any or some, only members are imported."""
    configuration = replace(ATERA, scope=replace(ATERA.scope, groups=groups))
    users = [user(name, user_principal_name=f"{name}@x.example") for name in ("in", "out")]
    supplement = Supplement(group_members=frozenset({"in"}))
    planned = plan(users, configuration=configuration, supplement=supplement)
    assert {line.object_id for line in planned.writes()} == imported
    assert {line.reason for line in planned.changes if not line.writes} <= {"not_in_scope.group"}


@pytest.mark.parametrize("attribute", list(SiteAttribute))
def test_atera_maps_offices_or_departments_to_sites(attribute: SiteAttribute) -> None:
    """Whoever is not mapped is not imported; an empty value can be mapped and is shown as "Undefined"."""

    def person(name: str, value: str | None) -> DirectoryUser:
        placed = {"office_location" if attribute is SiteAttribute.OFFICE else "department": value}
        return user(name, user_principal_name=f"{name}@x.example", **placed)

    rules = (SiteRule(attribute, ("London",), "site-1"), SiteRule(attribute, ("",), "site-2"))
    users = [person("mapped", "London"), person("unmapped", "Paris"), person("empty", None)]
    planned = plan(users, configuration=replace(ATERA, sites=Sites(rules)))
    assert lines(planned)["unmapped"] == ("skip", None, "not_in_scope.site")
    sites = {line.object_id: line.fields.site for line in planned.writes() if line.fields is not None}
    assert sites == {"mapped": "site-1", "empty": "site-2"}
    shown = {item.label for item in value_counts(value_of(one, attribute) for one in users)}
    assert shown == {"London", "Paris", "Undefined"}


@pytest.mark.parametrize(
    ("narrowed", "reason"),
    [
        ({"user_types": (UserType.GUEST,)}, "not_in_scope.member"),
        ({"groups": Groups(GroupMode.ALL)}, "not_in_scope.group"),
        ({"offices": ("Paris",)}, "not_in_scope.office"),
        ({"departments": ("Sales",)}, "not_in_scope.department"),
        ({"domains": ("other.example",)}, "not_in_scope.domain"),
        ({"skus": (SKU,)}, "not_in_scope.sku"),
        ({"exclusions": (Exclusion(PatternField.EMAIL, "^ada@"),)}, "excluded.pattern"),
    ],
)
def test_every_filter_is_available_in_standard(narrowed: dict[str, object], reason: str) -> None:
    """Type, group, office, department, domain, SKU and pattern; a licence is tested below."""
    scope = replace(STANDARD.scope, **narrowed)  # type: ignore[arg-type]
    supplement = Supplement(group_members=frozenset())
    planned = plan([ADA], configuration=replace(STANDARD, scope=scope), supplement=supplement)
    assert lines(planned) == {"ada": ("skip", None, reason)}


def test_standard_takes_only_licensed_users_by_option() -> None:
    """One licence of any kind is enough."""
    configuration = replace(STANDARD, scope=replace(STANDARD.scope, licensed_only=True))
    unlicensed = msgspec.structs.replace(ADA, licences=())
    assert lines(plan([unlicensed], configuration=configuration))["ada"][2] == "not_in_scope.unlicensed"
    assert lines(plan([ADA], configuration=configuration)) == {"ada": ("create", None, None)}


def test_standard_takes_shared_mailboxes_by_option() -> None:
    """All of them, or all but those whose purpose Microsoft tells."""
    team = DirectoryUser("team", mail="team@x.example")
    included = replace(STANDARD.scope, shared_mailboxes=SharedMailboxes.INCLUDE)
    assert only(plan([team], configuration=replace(STANDARD, scope=included))).kind is ChangeKind.CREATE


# Enrichment.

KNOWN = Supplement(
    registrations={"ada": Registration(capable=True, methods=("fido2", "mobilePhone"))},
    activity={"ada@upn.example": date(2026, 3, 1)},
    products=(SubscribedProduct(BUSINESS_PREMIUM, "SPB", 10, 3),),
    secure_score=SecureScore(30.0, 60.0, date(2026, 3, 1)),
)
ENRICHED = {
    "licence": "Microsoft 365 Business Premium",
    "licences": "Microsoft 365 Business Basic; Microsoft 365 Business Premium",
    "mfa_status": "enabled",
    "mfa_methods": "FIDO2 security key, Mobile phone",
    "last_activity": "2026-03-01",
}


def enriched(configuration: Configuration) -> dict[str, str]:
    """What a new contact says in the fields of the enrichments, as far as it says anything."""
    (made,) = applied([], plan([ADA], configuration=configuration, supplement=KNOWN))
    return {name: value for name in ENRICHED if (value := getattr(made.fields, name))}


def test_atera_and_standard_enrich_nothing_unless_told_to() -> None:
    """Also where it was read."""
    assert enriched(ATERA) == enriched(STANDARD) == {}


def test_syncro_has_the_highest_of_the_four_licences_mfa_and_the_last_activity() -> None:
    """With the methods, and the names of all licences."""
    assert enriched(SYNCRO) == ENRICHED


@pytest.mark.parametrize(
    ("enrichment", "names"),
    [
        (Enrichment.LICENCES, {"licence", "licences"}),
        (Enrichment.MFA, {"mfa_status", "mfa_methods"}),
        (Enrichment.ACTIVITY, {"last_activity"}),
        (Enrichment.SECURE_SCORE, set()),
    ],
)
def test_standard_has_each_enrichment_by_option(enrichment: Enrichment, names: set[str]) -> None:
    """One brings its own fields and no others; the secure score is the customer's, not a contact's."""
    found = enriched(replace(STANDARD, enrichments=(enrichment,)))
    assert found == {name: ENRICHED[name] for name in names}


def test_syncro_has_secure_score_licensed_and_active_users_of_the_customer() -> None:
    """The report is made of the same read."""
    assert Enrichment.SECURE_SCORE in SYNCRO.enrichments
    report = make_report([ADA, user("bob", licences=())], KNOWN, datetime(2026, 3, 2, tzinfo=UTC))
    assert (report.licensed_users, report.active_users) == (1, 1)
    assert report.secure_score is not None
    assert report.secure_score.percent == 50.0


# Schedule, and the rest.


@pytest.mark.parametrize(
    ("preset", "schedule"),
    [
        (Preset.ATERA, Schedule(ScheduleKind.EVERY, hours=12)),
        (Preset.SYNCRO, Schedule(ScheduleKind.DAILY, at="01:00", time_zone="America/Los_Angeles")),
        (Preset.STANDARD, Schedule(ScheduleKind.EVERY, hours=12)),
    ],
)
def test_each_preset_has_its_schedule(preset: Preset, schedule: Schedule) -> None:
    """Every twelve hours, but for Syncro daily at one in the morning in Los Angeles."""
    assert PRESETS[preset].schedule == schedule


@each_preset
def test_a_preset_says_its_own_name(preset: Preset) -> None:
    """The configuration of a connection can be traced to it."""
    assert PRESETS[preset].preset is preset


def test_what_nobody_chose_is_standard() -> None:
    """A connection without a word about policies gets what is advised."""
    assert PRESETS[Preset.STANDARD] == Configuration()


@each_preset
@pytest.mark.parametrize(
    "happens",
    [lambda one: one, lambda one: edited(one, email=one.fields.email.upper())],
    ids=["nothing", "another spelling"],
)
def test_the_sync_after_the_next_one_writes_nothing(
    preset: Preset, happens: Callable[[Contact], Contact]
) -> None:
    """Under every preset a quiet source means a quiet sync."""
    configuration = PRESETS[preset]
    people = [ADA, user("bob", user_principal_name="bob@example.com")]
    contacts = [happens(one) for one in first_sync(configuration, *people)]
    contacts = applied(contacts, plan(people, contacts, configuration=configuration))
    assert plan(people, contacts, configuration=configuration).changes == ()
