"""The forms of a setup: what they show of a configuration is what they make of it."""

import dataclasses
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.configuration import (
    Configuration,
    Enrichment,
    Exclusion,
    GroupMode,
    Groups,
    LeaverCause,
    LeaverPolicy,
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
)
from shared.core.customer import Site
from shared.core.models import UserType
from shared.core.presets import PRESETS
from shared.core.setup import SetupStep
from shared.core.site_names import proposals
from shared.core.sites import ValueCount
from shared.web.api.configuration import merged
from shared.web.portal.setup import site_table
from shared.web.portal.setup.forms import FORMS, errors_at, pattern_rows
from shared.web.portal.setup.values import Values
from shared.web.problems import ConfigurationInvalid

GROUP = "00000000-0000-4000-8000-00000000000a"
PLACES = (Site("oslo", "Oslo"), Site("berlin", "Berlin"))

some = st.sets(st.sampled_from(sorted(SyncedField)), min_size=1).map(lambda found: tuple(sorted(found)))
scopes = st.builds(
    Scope,
    user_types=st.sampled_from([(UserType.GUEST,), (UserType.MEMBER,), (UserType.GUEST, UserType.MEMBER)]),
    enabled_only=st.booleans(),
    licensed_only=st.booleans(),
    domains=st.sampled_from([(), ("contoso.com",), ("contoso.com", "fabrikam.com")]),
    shared_mailboxes=st.sampled_from(SharedMailboxes),
    groups=st.sampled_from([Groups(), Groups(GroupMode.ALL), Groups(GroupMode.SELECTED, (GROUP,))]),
    departments=st.sampled_from([(), ("Sales",)]),
    exclusions=st.lists(
        st.builds(Exclusion, st.sampled_from(PatternField), st.sampled_from(["^svc-", "a,b", " x "])),
        max_size=3,
    ).map(tuple),
)
configurations = st.builds(
    Configuration,
    preset=st.sampled_from(Preset),
    scope=scopes,
    fields=some,
    leavers=st.sampled_from(LeaverPolicy),
    leaver_causes=st.sampled_from([tuple(sorted(LeaverCause)), (LeaverCause.DELETED,)]),
    enrichments=st.sampled_from([(), (Enrichment.LICENCES, Enrichment.MFA)]),
    schedule=st.sampled_from(
        [Schedule(), Schedule(hours=3), Schedule(ScheduleKind.DAILY, at="01:00", time_zone="Europe/Oslo")]
    ),
)


@given(configurations)
def test_a_form_that_is_sent_as_it_was_shown_changes_nothing(configuration: Configuration) -> None:
    """Whatever the configuration; what a form does not show stays too."""
    for step, form in FORMS.items():
        if step is not SetupStep.PRESET:  # which fills in everything
            shown = form.filled(configuration)
            assert merged(configuration, form.patch(shown), ()) == configuration, step


@pytest.mark.parametrize("preset", Preset)
def test_a_preset_fills_in_every_setting(preset: Preset) -> None:
    """Whatever was chosen before."""
    chosen = Configuration(leavers=LeaverPolicy.DEACTIVATE)
    patch = FORMS[SetupStep.PRESET].patch(Values.of({"preset": preset.value}))
    assert merged(chosen, patch, ()) == PRESETS[preset]


def refused(step: SetupStep, values: Values) -> dict[str, str]:
    """What is wrong, by field."""
    with pytest.raises(ConfigurationInvalid) as error:
        merged(Configuration(), FORMS[step].patch(values), ())
    return errors_at(error.value.errors, pattern_rows(values))


def changed(step: SetupStep, **fields: str | list[str]) -> Values:
    """A form of the default configuration with these fields in place of its own; `__` is a dot."""
    shown, values = FORMS[step].filled(Configuration()), dict[str, str | list[str]]()
    for name in shown.names:
        values[name] = shown.all(name)
    return Values.of(values | {name.replace("__", "."): value for name, value in fields.items()})


def test_what_is_wrong_is_said_at_its_field() -> None:
    """In words that a person can act on."""
    people = changed(
        SetupStep.PEOPLE,
        scope__domains="contoso.com\nno domain; x",
        scope__exclusions__1__attribute="email",
        scope__exclusions__1__pattern="(",
        scope__user_types="",
    )
    assert refused(SetupStep.PEOPLE, people) == {
        "scope.user_types": "Choose one of them.",
        "scope.domains": "No. 2 is not a domain such as contoso.com.",
        "scope.exclusions.1.pattern": "This is no pattern. Look at its brackets and backslashes.",
    }
    groups = refused(SetupStep.GROUPS, Values.of({"scope.groups.mode": "selected"}))
    assert groups == {"scope.groups": "Select at least one group, or choose one of the other two."}
    contacts = changed(SetupStep.CONTACTS, fields=[], matching="email", leavers="deactivate")
    assert set(refused(SetupStep.CONTACTS, contacts)) == {"fields", "leavers"}
    schedule = changed(SetupStep.SCHEDULE, guard__blanked__percent="many", schedule__hours="0")
    assert set(refused(SetupStep.SCHEDULE, schedule)) == {"guard.blanked.percent", "schedule.hours"}
    daily = changed(SetupStep.SCHEDULE, schedule__kind="daily", schedule__at="25:00", schedule__time_zone="x")
    assert set(refused(SetupStep.SCHEDULE, daily)) == {"schedule.at", "schedule.time_zone"}


@pytest.mark.parametrize("step", FORMS)
@pytest.mark.parametrize("text", ["", "<b>", "\ud800", "9" * 5000, "\x00"])
def test_a_form_that_nobody_could_have_filled_in_so_breaks_nothing(step: SetupStep, text: str) -> None:
    """It is refused, or it makes a configuration that is valid."""
    names = [*FORMS[step].filled(Configuration()).names, "scope.exclusions.9999999.pattern", "group"]
    values = Values.of(dict.fromkeys(names, text))
    with suppress(ConfigurationInvalid):
        assert merged(Configuration(), FORMS[step].patch(values), ()).fields


def test_rows_that_a_page_does_not_show_keep_their_sites() -> None:
    """And a row that is set to no site loses it."""
    sites = Sites((SiteRule(SiteAttribute.OFFICE, ("Oslo", "Bergen", ""), "oslo"),))
    before = site_table.mapped(sites, SiteAttribute.OFFICE)
    form = {"row.0.value": "OSLO", "row.0.site": "", "row.1.value": "Graz", "row.1.site": "berlin"}
    after = site_table.entered(before, Values.of(form))
    patch = site_table.patch(sites, SiteAttribute.OFFICE, after, "no_site")
    rules = merged(Configuration(sites=sites), patch, PLACES).sites.rules
    assert {(rule.site, rule.values) for rule in rules} == {("oslo", ("", "Bergen")), ("berlin", ("Graz",))}


def test_one_attribute_takes_the_place_of_the_other() -> None:
    """But rules by both, which a program can make, stay together."""
    office = SiteRule(SiteAttribute.OFFICE, ("Oslo",), "oslo")
    department = SiteRule(SiteAttribute.DEPARTMENT, ("Sales",), "berlin")
    chosen = {"it": ("IT", "oslo")}
    for rules, kinds in (((office,), 1), ((office, department), 2)):
        patch = site_table.patch(Sites(rules), SiteAttribute.DEPARTMENT, chosen, "leave_out")
        found = merged(Configuration(), patch, PLACES).sites.rules
        assert len({rule.attribute for rule in found}) == kinds
    assert site_table.patch(Sites((office,)), None, {}, "leave_out")["sites"]["rules"] == []


def test_more_values_than_a_rule_takes_are_several_rules() -> None:
    """A site may have thousands of departments."""
    chosen = {f"d{number}": (f"d{number}", "oslo") for number in range(2500)}
    patch = site_table.patch(Sites(), SiteAttribute.DEPARTMENT, chosen, "leave_out")
    found = merged(Configuration(), patch, PLACES).sites
    assert [len(rule.values) for rule in found.rules] == [1000, 1000, 500]
    assert site_table.mapped(found, SiteAttribute.DEPARTMENT).keys() == chosen.keys()


@pytest.mark.parametrize("number", [-1, 0, 1, 2, 3, 99])
def test_there_is_always_a_page_of_the_table(number: int) -> None:
    """The nearest one that there is; with the search only what fits."""
    values = [ValueCount(f"Office {place}", f"Office {place}", 1) for place in range(70)]
    page = site_table.table_page(values, "", number)
    assert page.number == min(max(number, 1), 2)
    assert page.rows
    assert site_table.table_page(values, "OFFICE 6", number).fitting == 11


def test_sites_are_proposed_by_equal_and_nearly_equal_names() -> None:
    """And nobody guesses where two are as near."""
    sites = [Site("1", "Oslo"), Site("2", "São Paulo"), Site("3", "Branch 1"), Site("4", "Branch 2")]
    sites += [Site("5", "Lager Nord"), Site("6", "Nord, Lager")]
    found = proposals(["OSLO office", "Sao Paolo", "branch 2", "Lager-Nord", "Rome", "", "office"], sites)
    assert found == {"OSLO office": "1", "Sao Paolo": "2", "branch 2": "4"}


def test_the_configuration_has_no_policy_that_no_form_knows() -> None:
    """Whoever adds one decides where it is chosen."""
    everything = PRESETS[Preset.SYNCRO]
    shown = {name.partition(".")[0] for form in FORMS.values() for name in form.filled(everything).names}
    fields = {field.name for field in dataclasses.fields(Configuration)}
    assert fields - shown == {"sites"}  # which are a table
