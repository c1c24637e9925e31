"""Who is in scope, and why somebody is not."""

from dataclasses import replace

import msgspec
import pytest

from shared.core.configuration import (
    Configuration,
    EmailSource,
    Exclusion,
    GroupMode,
    Groups,
    PatternField,
    Scope,
    SharedMailboxes,
)
from shared.core.models import DirectoryUser, UserType, user_type
from shared.core.scope import Filter, SkipReason, looks_shared
from shared.core.supplement import NOTHING, Supplement
from tests.unit.core.builders import EVERYBODY, SKU, user

GROUP = "20000000-0000-4000-8000-000000000001"
OTHER_SKU = "10000000-0000-4000-8000-000000000002"
BUERO = "Bu\u0308ro"  # two characters for the ü
ADA = user(
    "ada",
    "ada@contoso.com",
    user_principal_name="ada@upn.example",
    given_name="Ada",
    department="Sales",
    office_location="Zürich",
    job_title="Analyst",
    company_name="Contoso",
)
TEAM = DirectoryUser("team", mail="team@contoso.com", display_name="Team", user_type="Member", enabled=True)


def left_out(person: DirectoryUser, scope: Scope, supplement: Supplement = NOTHING) -> SkipReason | None:
    return Filter(Configuration(scope=scope), supplement).left_out(person)


def but(**policies: object) -> Scope:
    """Everybody, but for what is said."""
    return replace(EVERYBODY, **policies)  # type: ignore[arg-type]


def changed(**properties: object) -> DirectoryUser:
    """Ada, but for what is said."""
    return msgspec.structs.replace(ADA, **properties)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (None, UserType.MEMBER),
        ("", UserType.MEMBER),
        ("Member", UserType.MEMBER),
        ("Guest", UserType.GUEST),
        ("guest", UserType.GUEST),
        ("GUEST", UserType.GUEST),
    ],
)
def test_accounts_without_a_type_are_members(written: str | None, kind: UserType) -> None:
    """The property is younger than many accounts; its case is not to be relied on."""
    assert user_type(DirectoryUser("1", user_type=written)) is kind


@pytest.mark.parametrize(
    ("scope", "person", "reason"),
    [
        (but(user_types=(UserType.MEMBER,)), ADA, None),
        (but(user_types=(UserType.MEMBER,)), changed(user_type="Guest"), SkipReason.GUEST),
        (but(user_types=(UserType.GUEST,)), changed(user_type="Guest"), None),
        (but(user_types=(UserType.GUEST,)), ADA, SkipReason.MEMBER),
        (but(enabled_only=True), ADA, None),
        (but(enabled_only=True), changed(enabled=None), None),
        (but(enabled_only=True), changed(enabled=False), SkipReason.DISABLED),
        (but(enabled_only=False), changed(enabled=False), None),
        (but(departments=("Sales",)), ADA, None),
        (but(departments=("Sales",)), changed(department="Sales East"), SkipReason.DEPARTMENT),
        (but(departments=("Sales",)), changed(department=None), SkipReason.DEPARTMENT),
        (but(departments=("Sales", "")), changed(department=None), None),
        (but(departments=("Sales", "")), changed(department=" \t"), None),
        (but(offices=("Bern", "Zürich")), ADA, None),
        (but(offices=("Bern",)), ADA, SkipReason.OFFICE),
        (but(offices=("Bern",)), changed(office_location=None), SkipReason.OFFICE),
        (but(domains=("contoso.com",)), ADA, None),
        (but(domains=("contoso.com",)), changed(mail="ada@sub.contoso.com"), SkipReason.DOMAIN),
        (but(domains=("contoso.com",)), changed(mail="ada@notcontoso.com"), SkipReason.DOMAIN),
        (but(domains=("contoso.com",)), changed(mail=None, user_principal_name=None), SkipReason.DOMAIN),
        (but(licensed_only=True), ADA, None),
        (but(licensed_only=True), changed(licences=()), SkipReason.UNLICENSED),
        (but(skus=(SKU,)), changed(licences=(OTHER_SKU, SKU)), None),
        (but(skus=(SKU,)), changed(licences=(OTHER_SKU,)), SkipReason.SKU),
        (but(skus=(SKU,)), changed(licences=()), SkipReason.SKU),
        (but(shared_mailboxes=SharedMailboxes.LEAVE_OUT_LIKELY), ADA, None),
        (but(shared_mailboxes=SharedMailboxes.LEAVE_OUT_LIKELY), TEAM, SkipReason.SHARED_MAILBOX),
        (but(shared_mailboxes=SharedMailboxes.INCLUDE), TEAM, None),
        (but(exclusions=(Exclusion(PatternField.EMAIL, "^ada@"),)), ADA, SkipReason.PATTERN),
        (but(exclusions=(Exclusion(PatternField.EMAIL, "^bob@"),)), ADA, None),
    ],
)
def test_each_filter_leaves_out_for_its_own_reason(
    scope: Scope, person: DirectoryUser, reason: SkipReason | None
) -> None:
    """Alone, with whoever passes it and whoever does not."""
    assert left_out(person, scope) is reason


def test_an_empty_filter_asks_for_nothing() -> None:
    """Somebody of whom nothing is known but the id passes."""
    assert left_out(DirectoryUser("1"), EVERYBODY) is None


@pytest.mark.parametrize(
    ("chosen", "in_the_directory"),
    [
        ("SALES", "sales"),
        ("sales", " Sales "),
        ("büro", BUERO.upper()),
        ("Straße", "STRASSE"),
        (BUERO, "BÜRO"),
    ],
)
def test_departments_and_offices_are_compared_without_case_and_unicode_form(
    chosen: str, in_the_directory: str
) -> None:
    """What people read as one value is one value."""
    chosen = Configuration(scope=Scope(departments=(chosen,))).scope.departments[0]
    assert left_out(changed(department=in_the_directory), but(departments=(chosen,))) is None
    assert left_out(changed(office_location=in_the_directory), but(offices=(chosen,))) is None


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (EmailSource.MAIL_ELSE_USER_PRINCIPAL_NAME, None),
        (EmailSource.MAIL, None),
        (EmailSource.USER_PRINCIPAL_NAME, SkipReason.DOMAIN),
    ],
)
def test_the_domain_is_that_of_the_contacts_email(source: EmailSource, reason: SkipReason | None) -> None:
    """Of the address that the contact would get, not of the other one."""
    configuration = Configuration(scope=but(domains=("contoso.com",)), email_source=source)
    assert Filter(configuration).left_out(ADA) is reason


@pytest.mark.parametrize(
    "chosen", ["bücher.example", "xn--bcher-kva.example", "BÜCHER.example", "bu\u0308cher.example"]
)
@pytest.mark.parametrize(
    "written", ["ada@bücher.example", "ada@XN--BCHER-KVA.example", "ada@bu\u0308cher.example"]
)
def test_the_forms_of_an_international_domain_are_one_domain(chosen: str, written: str) -> None:
    """Microsoft shows one, people write the other."""
    assert left_out(changed(mail=written), but(domains=(chosen,))) is None


@pytest.mark.parametrize("mode", [GroupMode.ALL, GroupMode.SELECTED])
def test_membership_is_what_was_read(mode: GroupMode) -> None:
    """Whoever is not among the members is left out; nobody is where there are none."""
    scope = but(groups=Groups(mode, (GROUP,) if mode is GroupMode.SELECTED else ()))
    assert left_out(ADA, scope, Supplement(group_members=frozenset({"ada", "bob"}))) is None
    assert left_out(ADA, scope, Supplement(group_members=frozenset({"bob"}))) is SkipReason.GROUP
    assert left_out(ADA, scope, Supplement(group_members=frozenset())) is SkipReason.GROUP


def test_without_groups_membership_does_not_matter() -> None:
    """Also where it was read for something else."""
    assert left_out(ADA, EVERYBODY, Supplement(group_members=frozenset())) is None


@pytest.mark.parametrize("mode", [GroupMode.ALL, GroupMode.SELECTED])
def test_a_scope_by_groups_that_nobody_read_is_an_error(mode: GroupMode) -> None:
    """Rather than a directory in which nobody is in scope."""
    scope = but(groups=Groups(mode, (GROUP,) if mode is GroupMode.SELECTED else ()))
    with pytest.raises(ValueError, match="groups"):
        Filter(Configuration(scope=scope))


# Shared mailboxes.


@pytest.mark.parametrize(
    ("person", "looks"),
    [
        (TEAM, True),
        (msgspec.structs.replace(TEAM, enabled=False), True),
        (msgspec.structs.replace(TEAM, given_name=" ", surname="\t"), True),
        (msgspec.structs.replace(TEAM, licences=(SKU,)), False),
        (msgspec.structs.replace(TEAM, given_name="Ada"), False),
        (msgspec.structs.replace(TEAM, surname="Lovelace"), False),
        (msgspec.structs.replace(TEAM, mail=None), False),
        (msgspec.structs.replace(TEAM, user_type="Guest"), False),
    ],
)
def test_a_shared_mailbox_has_an_address_but_no_licence_and_no_persons_name(
    person: DirectoryUser, looks: bool
) -> None:
    """People have one of the three; guests are licensed at home."""
    assert looks_shared(person) is looks


@pytest.mark.parametrize(
    ("purpose", "reason"),
    [
        ("shared", SkipReason.SHARED_MAILBOX),
        ("room", SkipReason.SHARED_MAILBOX),
        ("equipment", SkipReason.SHARED_MAILBOX),
        ("user", None),
        ("linked", None),
        ("others", None),
        ("unknownFutureValue", None),
    ],
)
@pytest.mark.parametrize("person", [ADA, TEAM], ids=["looks like a person", "looks shared"])
def test_a_known_purpose_beats_the_looks(
    person: DirectoryUser, purpose: str, reason: SkipReason | None
) -> None:
    """Both ways: a licensed mailbox may be shared, and a bare account somebody's."""
    scope = but(shared_mailboxes=SharedMailboxes.LEAVE_OUT_BY_PURPOSE)
    assert left_out(person, scope, Supplement(purposes={person.id: purpose})) is reason


@pytest.mark.parametrize("purposes", [None, {}, {"somebody else": "user"}])
def test_where_the_purpose_is_not_known_the_looks_decide(purposes: dict[str, str] | None) -> None:
    """Not every mailbox answers."""
    scope = but(shared_mailboxes=SharedMailboxes.LEAVE_OUT_BY_PURPOSE)
    assert left_out(ADA, scope, Supplement(purposes=purposes)) is None
    assert left_out(TEAM, scope, Supplement(purposes=purposes)) is SkipReason.SHARED_MAILBOX


def test_purposes_count_only_where_they_are_asked_for() -> None:
    """A purpose that was read under another configuration decides nothing."""
    supplement = Supplement(purposes={"ada": "shared", "team": "user"})
    likely = but(shared_mailboxes=SharedMailboxes.LEAVE_OUT_LIKELY)
    assert left_out(ADA, likely, supplement) is None
    assert left_out(TEAM, likely, supplement) is SkipReason.SHARED_MAILBOX
    assert left_out(ADA, EVERYBODY, supplement) is None


# Patterns.


@pytest.mark.parametrize(
    ("attribute", "pattern"),
    [
        (PatternField.EMAIL, "^ada@contoso"),
        (PatternField.USER_PRINCIPAL_NAME, "@upn"),
        (PatternField.DISPLAY_NAME, "^name ada$"),
        (PatternField.JOB_TITLE, "analyst"),
        (PatternField.DEPARTMENT, "sales"),
        (PatternField.OFFICE, "ZÜRICH"),
        (PatternField.COMPANY, "^contoso$"),
    ],
)
def test_a_pattern_looks_at_its_own_field_only(attribute: PatternField, pattern: str) -> None:
    """Without regard to case; the other fields of the same user are not searched."""
    assert left_out(ADA, but(exclusions=(Exclusion(attribute, pattern),))) is SkipReason.PATTERN
    for other in set(PatternField) - {attribute}:
        assert left_out(ADA, but(exclusions=(Exclusion(other, pattern),))) is None


def test_one_pattern_of_several_is_enough() -> None:
    """In whatever order they stand."""
    hit, miss = Exclusion(PatternField.JOB_TITLE, "Analyst"), Exclusion(PatternField.EMAIL, "^svc-")
    assert left_out(ADA, but(exclusions=(hit, miss))) is SkipReason.PATTERN
    assert left_out(ADA, but(exclusions=(miss, hit))) is SkipReason.PATTERN
    assert left_out(ADA, but(exclusions=(miss, miss))) is None


def test_a_hostile_pattern_over_a_hostile_text_comes_to_an_end() -> None:
    """Neither keeps a worker busy."""
    scope = but(exclusions=(Exclusion(PatternField.DISPLAY_NAME, "(a+)+$"),))
    assert left_out(changed(display_name="a" * 100_000 + "!"), scope) is None


# Several filters at once.

NARROW = Scope(
    groups=Groups(GroupMode.ALL),
    departments=("Sales",),
    offices=("Zürich",),
    domains=("contoso.com",),
    licensed_only=True,
    skus=(SKU,),
    exclusions=(Exclusion(PatternField.DISPLAY_NAME, "^Service"),),
)
MEMBERS = Supplement(group_members=frozenset({"in"}))
NOBODY = DirectoryUser(
    "out", mail="service@x.example", display_name="Service", user_type="Guest", enabled=False
)
IN_ORDER: list[tuple[SkipReason, dict[str, object]]] = [
    (SkipReason.GUEST, {"user_type": "Member"}),
    (SkipReason.DISABLED, {"enabled": True}),
    (SkipReason.GROUP, {"id": "in"}),
    (SkipReason.DEPARTMENT, {"department": "Sales"}),
    (SkipReason.OFFICE, {"office_location": "Zürich"}),
    (SkipReason.DOMAIN, {"mail": "service@contoso.com"}),
    (SkipReason.UNLICENSED, {"licences": (OTHER_SKU,)}),
    (SkipReason.SKU, {"licences": ()}),
    (SkipReason.SHARED_MAILBOX, {"licences": (SKU,)}),
    (SkipReason.PATTERN, {"display_name": "Ada"}),
]


def test_of_several_reasons_the_first_is_told_in_a_fixed_order() -> None:
    """Somebody who meets no condition comes to meet them one by one."""
    relaxed = replace(NARROW, licensed_only=False, skus=())
    person, told = NOBODY, []
    for reason, remedy in IN_ORDER:
        scope = relaxed if reason is SkipReason.SHARED_MAILBOX else NARROW
        told.append(left_out(person, scope, MEMBERS))
        person = msgspec.structs.replace(person, **remedy)
    assert told == [reason for reason, _ in IN_ORDER]
    assert left_out(person, NARROW, MEMBERS) is None


def test_the_clauses_are_all_conditions_in_force_each_with_its_own_answer() -> None:
    """In the order in which they decide, also after the first that is not met."""
    clauses = Filter(Configuration(scope=NARROW), MEMBERS).clauses
    reasons = [reason for reason, _ in IN_ORDER]
    assert [reason for reason, _ in clauses(NOBODY)] == reasons
    assert dict(clauses(NOBODY)) == dict.fromkeys(reasons, False) | {SkipReason.SHARED_MAILBOX: True}
    member = msgspec.structs.replace(NOBODY, user_type="Member", enabled=True)
    assert next(iter(clauses(member))) == (SkipReason.MEMBER, True)
    assert dict(clauses(member))[SkipReason.DISABLED] is True


def test_a_scope_that_asks_for_little_has_few_clauses() -> None:
    """Only the kind of user is always asked for."""
    assert list(Filter(Configuration(scope=EVERYBODY)).clauses(ADA)) == [(SkipReason.MEMBER, True)]
    standard = [reason for reason, _ in Filter(Configuration()).clauses(ADA)]
    assert standard == [SkipReason.MEMBER, SkipReason.DISABLED, SkipReason.SHARED_MAILBOX]
