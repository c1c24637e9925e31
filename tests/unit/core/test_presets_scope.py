"""The presets: whom each of them imports, and with what besides the users."""

from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest

from shared.core.changes import ChangeKind
from shared.core.configuration import (
    Configuration,
    Enrichment,
    Exclusion,
    GroupMode,
    Groups,
    PatternField,
    Preset,
    SharedMailboxes,
    SiteAttribute,
    SiteRule,
    Sites,
)
from shared.core.models import DirectoryUser, UserType
from shared.core.presets import PRESETS
from shared.core.report import make_report
from shared.core.sites import value_counts, value_of
from shared.core.supplement import Registration, SecureScore, SubscribedProduct, Supplement
from tests.unit.core.builders import SKU, applied, lines, only, plan, user
from tests.unit.core.preset_cases import (
    ADA,
    ATERA,
    BUSINESS_PREMIUM,
    GROUP,
    STANDARD,
    SYNCRO,
    each_of_the_seeds,
)

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
