"""What a technician may configure: everything else is refused, and the refusal names the field."""

from dataclasses import fields, replace

import msgspec
import pytest
from pydantic import ValidationError

from shared.core.configuration import (
    Configuration,
    Enrichment,
    Exclusion,
    GroupMode,
    Groups,
    Guard,
    LeaverPolicy,
    Limit,
    PatternField,
    Preset,
    Schedule,
    ScheduleKind,
    Scope,
    SharedMailboxes,
    SiteAttribute,
    SiteRule,
    Sites,
    SyncedField,
    Unmatched,
)
from shared.core.models import UserType
from shared.core.presets import PRESETS
from tests.unit.core.configuration_documents import GUIDS, adapter, nested, refused, sent

FULL = Configuration(
    scope=Scope(
        user_types=(UserType.GUEST, UserType.MEMBER),
        groups=Groups(GroupMode.SELECTED, (GUIDS[1], GUIDS[2])),
        departments=("", "Sales"),
        offices=("Zürich",),
        domains=("contoso.com",),
        licensed_only=True,
        skus=(GUIDS[3],),
        shared_mailboxes=SharedMailboxes.LEAVE_OUT_BY_PURPOSE,
        exclusions=(Exclusion(PatternField.EMAIL, "^no-?reply@"),),
    ),
    sites=Sites((SiteRule(SiteAttribute.OFFICE, ("Bern", "Zürich"), "site-1"),), Unmatched.NO_SITE),
    fields=(SyncedField.NAME,),
    leavers=LeaverPolicy.DEACTIVATE,
    guard=Guard(deactivations=Limit(0, 100)),
    enrichments=(Enrichment.MFA,),
    schedule=Schedule(ScheduleKind.DAILY, at="23:59", time_zone="Europe/Berlin"),
)


# What is accepted.


def test_nothing_but_defaults_is_the_standard_preset() -> None:
    """An empty document is a whole configuration."""
    assert sent({}) == Configuration() == PRESETS[Preset.STANDARD]


@pytest.mark.parametrize("preset", list(Preset))
def test_every_preset_may_be_sent_and_comes_back_as_it_was(preset: Preset) -> None:
    """What people are shown they can send again."""
    configuration = PRESETS[preset]
    assert adapter.validate_json(adapter.dump_json(configuration)) == configuration


@pytest.mark.parametrize("configuration", [*PRESETS.values(), FULL], ids=[*Preset, "full"])
def test_a_stored_configuration_comes_back_as_it_was(configuration: Configuration) -> None:
    """Also in the packed form, and as the same kinds of values all the way down."""
    as_json = msgspec.json.decode(msgspec.json.encode(configuration), type=Configuration)
    packed = msgspec.msgpack.decode(msgspec.msgpack.encode(configuration), type=Configuration)
    assert as_json == packed == configuration
    assert repr(as_json) == repr(configuration)


def test_what_a_release_before_stored_gets_the_new_policies_as_they_are_by_default() -> None:
    """A stored configuration may lack what did not exist yet, and know what does not any more."""
    stored = b'{"preset":"atera","matching":"email","scope":{"enabled_only":false},"gone":1}'
    read = msgspec.json.decode(stored, type=Configuration)
    assert read == Configuration(
        preset=Preset.ATERA, matching=PRESETS[Preset.ATERA].matching, scope=Scope(enabled_only=False)
    )


def test_a_schema_describes_every_policy() -> None:
    """Programs can read what may be sent: each field, and that there are no others."""
    schema = adapter.json_schema()
    assert set(schema["properties"]) == {field.name for field in fields(Configuration)}
    assert schema["additionalProperties"] is False
    groups = schema["$defs"]["Groups"]["properties"]
    assert groups["ids"]["maxItems"] == 999
    assert schema["$defs"]["Scope"]["properties"]["departments"]["maxItems"] == 1000
    assert schema["$defs"]["Exclusion"]["properties"]["pattern"]["maxLength"] == 200
    assert schema["$defs"]["Schedule"]["properties"]["hours"]["maximum"] == 168


# Unknown fields, wrong types, values out of range.


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("scope",),
        ("scope", "groups"),
        ("scope", "exclusions", 0),
        ("sites",),
        ("sites", "rules", 0),
        ("guard",),
        ("guard", "creations"),
        ("schedule",),
    ],
    ids=lambda path: ".".join(map(str, path)) or "configuration",
)
def test_an_unknown_field_is_refused_by_name(path: tuple[str | int, ...]) -> None:
    """At every depth, so that a misspelled policy does not go unnoticed."""
    assert (*path, "surprise") in refused(nested(path, {"surprise": 1}))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("preset",), "halo"),
        (("preset",), 1),
        (("scope",), []),
        (("scope", "user_types"), "member"),
        (("scope", "user_types"), []),
        (("scope", "user_types", 0), "robot"),
        (("scope", "user_types", 0), "Member"),
        (("scope", "enabled_only"), "yes"),
        (("scope", "enabled_only"), 1),
        (("scope", "groups", "mode"), "some"),
        (("scope", "groups", "ids", 0), "sales"),
        (("scope", "groups", "ids", 0), 7),
        (("scope", "departments"), "Sales"),
        (("scope", "departments", 0), None),
        (("scope", "departments", 0), "x" * 321),
        (("scope", "departments"), [str(number) for number in range(1001)]),
        (("scope", "offices", 0), 1),
        (("scope", "domains", 0), "contoso"),
        (("scope", "domains", 0), "https://contoso.com"),
        (("scope", "domains", 0), "a@contoso.com"),
        (("scope", "domains", 0), "con toso.com"),
        (("scope", "domains", 0), "contoso..com"),
        (("scope", "domains", 0), f"{'a' * 64}.com"),
        (("scope", "domains", 0), ".".join(["a" * 60] * 5)),
        (("scope", "domains", 0), ""),
        (("scope", "licensed_only"), None),
        (("scope", "skus", 0), "SPB"),
        (("scope", "shared_mailboxes"), "leave_out"),
        (("scope", "exclusions"), [{"attribute": "email", "pattern": str(n)} for n in range(51)]),
        (("scope", "exclusions", 0, "attribute"), "mail"),
        (("scope", "exclusions", 0, "pattern"), ""),
        (("scope", "exclusions", 0, "pattern"), "x" * 201),
        (("scope", "exclusions", 0, "pattern"), 5),
        (("sites", "rules"), {}),
        (("sites", "rules", 0, "attribute"), "city"),
        (("sites", "rules", 0, "values"), []),
        (("sites", "rules", 0, "site"), ""),
        (("sites", "rules", 0, "site"), "x" * 129),
        (("sites", "rules", 0, "site"), 1),
        (("sites", "unmatched"), "keep"),
        (("email_source",), "upn"),
        (("matching",), "name"),
        (("fields",), []),
        (("fields", 0), "email"),
        (("fields", 0), "site"),
        (("blank_in_directory",), None),
        (("leavers",), "delete"),
        (("leaver_causes",), []),
        (("leaver_causes", 0), "retired"),
        (("guard", "deactivations", "count"), -1),
        (("guard", "deactivations", "count"), 1_000_001),
        (("guard", "deactivations", "count"), 1.5),
        (("guard", "deactivations", "count"), True),
        (("guard", "blanked", "percent"), -1),
        (("guard", "blanked", "percent"), 101),
        (("guard", "creations", "percent"), "50"),
        (("enrichments", 0), "photos"),
        (("schedule", "kind"), "weekly"),
        (("schedule", "hours"), 0),
        (("schedule", "hours"), 169),
        (("schedule", "hours"), "12"),
    ],
    ids=lambda part: ".".join(map(str, part)) if isinstance(part, tuple) else None,
)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(
    path: tuple[str | int, ...], value: object
) -> None:
    """A wrong type, an unknown word, a number out of range: nothing is guessed or rounded."""
    assert path in refused(nested(path, value))


@pytest.mark.parametrize("document", [None, [], "standard", 1])
def test_what_is_no_object_is_refused(document: object) -> None:
    """The whole document is what is wrong."""
    assert refused(document) == [()]


# Contradictions.


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"scope": {"groups": {"mode": "selected"}}}, ("scope", "groups")),
        ({"scope": {"groups": {"mode": "all", "ids": GUIDS[:1]}}}, ("scope", "groups")),
        ({"scope": {"groups": {"ids": GUIDS[:1]}}}, ("scope", "groups")),
        ({"matching": "email", "leavers": "deactivate"}, ("leavers",)),
        ({"schedule": {"kind": "daily"}}, ("schedule",)),
        ({"schedule": {"kind": "daily", "at": "01:00"}}, ("schedule",)),
        ({"schedule": {"kind": "daily", "time_zone": "Europe/Berlin"}}, ("schedule",)),
        ({"schedule": {"at": "01:00"}}, ("schedule",)),
        ({"schedule": {"kind": "every", "time_zone": "Europe/Berlin"}}, ("schedule",)),
    ],
)
def test_values_at_odds_with_each_other_are_refused(document: object, where: tuple[str, ...]) -> None:
    """The refusal names the part in which the contradiction is."""
    assert refused(document) == [where]


def test_deactivating_needs_links_whatever_order_the_fields_are_sent_in() -> None:
    """Contacts that are matched by email alone have none."""
    assert refused({"leavers": "deactivate", "matching": "email"}) == [("leavers",)]
    with pytest.raises(ValidationError):
        replace(PRESETS[Preset.ATERA], leavers=LeaverPolicy.DEACTIVATE)
    assert sent({"leavers": "deactivate"}).leavers is LeaverPolicy.DEACTIVATE


# Groups, labels, domains.


def test_999_groups_may_be_selected_and_a_thousand_may_not() -> None:
    """The same holds for SKUs."""
    assert len(sent({"scope": {"groups": {"mode": "selected", "ids": GUIDS[:999]}}}).scope.groups.ids) == 999
    assert refused({"scope": {"groups": {"mode": "selected", "ids": GUIDS}}}) == [("scope", "groups", "ids")]
    assert len(sent({"scope": {"skus": GUIDS[:999]}}).scope.skus) == 999
    assert refused({"scope": {"skus": GUIDS}}) == [("scope", "skus")]


def test_a_group_that_is_named_twice_counts_once() -> None:
    """Whatever the case of its id."""
    mixed = ["ABCDEFAB-0000-4000-8000-000000000000", "abcdefab-0000-4000-8000-000000000000", *GUIDS[:998]]
    groups = sent({"scope": {"groups": {"mode": "selected", "ids": mixed}}}).scope.groups
    assert len(groups.ids) == 999
    assert mixed[1] in groups.ids


def test_a_value_that_is_named_twice_counts_once_against_its_limit() -> None:
    """Departments, offices and domains may come with duplicates from a list that was pasted."""
    names = [f"name-{number}.example" for number in range(1000)]
    for field in ("departments", "offices", "domains"):
        found = getattr(sent({"scope": {field: [*names, *names]}}).scope, field)
        assert len(found) == 1000
        assert refused({"scope": {field: [*names, "one.more"]}}) == [("scope", field)]


def test_the_order_of_a_list_that_has_none_does_not_matter() -> None:
    """Two documents that ask for the same are one configuration."""
    one = {
        "scope": {"departments": ["b", "a", "b"], "user_types": ["member", "guest"]},
        "fields": ["city", "name"],
    }
    other = {
        "scope": {"departments": ["a", "b"], "user_types": ["guest", "member"]},
        "fields": ["name", "city"],
    }
    assert sent(one) == sent(other)


def test_names_are_cleaned_and_domains_are_written_in_one_way() -> None:
    """As what they are compared with is."""
    scope = sent({"scope": {"departments": [" Sales \t East "], "domains": [" @Contoso.COM "]}}).scope
    assert (scope.departments, scope.domains) == (("Sales East",), ("contoso.com",))
