"""The presets, policy by policy: what each of them does to contacts."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from shared.core.changes import ChangeKind
from shared.core.configuration import (
    Configuration,
    EmailSource,
    LeaverPolicy,
    Preset,
    Schedule,
    ScheduleKind,
)
from shared.core.models import CONTACT_FIELDS, Contact, ContactFields, RemovalReason, UserType
from shared.core.presets import PRESETS
from tests.unit.core.builders import applied, contact, edited, lines, only, plan, user
from tests.unit.core.preset_cases import (
    ADA,
    ATERA,
    BLANK_ADA,
    FILLED,
    OLD,
    STANDARD,
    SYNCRO,
    address,
    bare,
    each_of_the_seeds,
    each_preset,
    first_sync,
    old_contact,
)

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
