"""Which site a user belongs to, and the values from which a technician maps them."""

import pytest

from shared.core.configuration import Configuration, SiteAttribute, SiteRule, Sites, Unmatched
from shared.core.models import DirectoryUser
from shared.core.sites import UNDEFINED, Classifier, ValueCount, value_counts, value_of
from tests.unit.core.builders import contact, lines, only, plan, user

OFFICE, DEPARTMENT = SiteAttribute.OFFICE, SiteAttribute.DEPARTMENT


def site(
    rules: list[SiteRule], unmatched: Unmatched = Unmatched.LEAVE_OUT, **person: str | None
) -> str | None:
    """The site of a person under rules."""
    classifier = Classifier(Sites(tuple(rules), unmatched))
    return classifier.site(
        DirectoryUser("1", office_location=person.get("office"), department=person.get("department"))
    )


def test_a_rule_goes_by_the_office() -> None:
    """Any of its values leads to its site; a department of the same name does not."""
    rules = [SiteRule(OFFICE, ("Bern", "Basel"), "ch"), SiteRule(OFFICE, ("Paris",), "fr")]
    assert site(rules, office="Bern") == site(rules, office="Basel") == "ch"
    assert site(rules, office="Paris") == "fr"
    assert site(rules, department="Bern") is None


def test_a_rule_goes_by_the_department() -> None:
    """An office of the same name does not count."""
    rules = [SiteRule(DEPARTMENT, ("Sales",), "sales")]
    assert site(rules, department="Sales") == "sales"
    assert site(rules, office="Sales") is None


@pytest.mark.parametrize("first", list(SiteAttribute))
def test_of_several_rules_the_first_decides_whatever_it_goes_by(first: SiteAttribute) -> None:
    """Offices do not come before departments, nor the other way round."""
    rules = [SiteRule(OFFICE, ("Bern",), "office"), SiteRule(DEPARTMENT, ("Sales",), "department")]
    ordered = rules if first is OFFICE else rules[::-1]
    assert site(ordered, office="Bern", department="Sales") == first.value
    assert site(ordered, office="Bern", department="Other") == "office"
    assert site(ordered, office="Other", department="Sales") == "department"


def test_the_first_rule_decides_also_where_a_later_site_sorts_before() -> None:
    """It is the order of the rules, not of the sites, that counts."""
    rules = [SiteRule(OFFICE, ("Bern",), "z"), SiteRule(DEPARTMENT, ("Sales",), "a")]
    assert site(rules, office="Bern", department="Sales") == "z"


@pytest.mark.parametrize("person", [{}, {"office": "Rome"}, {"department": "Bern"}])
def test_whoever_no_rule_names_is_left_out_or_has_no_site(person: dict[str, str]) -> None:
    """As the policy says."""
    rules = [SiteRule(OFFICE, ("Bern",), "ch")]
    assert site(rules, Unmatched.LEAVE_OUT, **person) is None
    assert site(rules, Unmatched.NO_SITE, **person) == ""


@pytest.mark.parametrize("empty", [None, "", "  ", "\t\u202e"])
def test_an_empty_value_can_be_mapped_like_any_other(empty: str | None) -> None:
    """It is the value "", shown as "Undefined"."""
    rules = [SiteRule(OFFICE, ("",), "nowhere")]
    assert site(rules, office=empty) == "nowhere"
    assert site(rules, office="Bern") is None


@pytest.mark.parametrize(
    ("mapped", "written"),
    [
        ("Bern", "BERN"),
        ("bern", " Bern "),
        ("Zürich", "ZÜRICH"),
        ("Zürich", "Zu\u0308rich"),
        ("Groß", "GROSS"),
        ("New York", "new\u00a0 york"),
    ],
)
def test_spellings_of_one_value_lead_to_one_site(mapped: str, written: str) -> None:
    """Case, Unicode form and white space do not make another office."""
    assert site([SiteRule(OFFICE, (mapped,), "1")], office=written) == "1"


@pytest.mark.parametrize("unmatched", list(Unmatched))
def test_without_rules_nobody_is_left_out_and_nobody_has_a_site(unmatched: Unmatched) -> None:
    """Sites are not used at all."""
    assert site([], unmatched, office="Bern") == site([], unmatched) == ""


def test_without_rules_the_sites_of_contacts_are_left_alone() -> None:
    """They are the PSA's."""
    placed = contact("c1", "ada@example.com", "ada", site="by hand", office="Bern")
    assert plan([user("ada", office_location="Bern")], [placed]).changes == ()


def test_with_rules_a_contact_moves_to_the_site_of_its_user() -> None:
    """The move is a change of its own kind, and says what else changes with it."""
    configuration = Configuration(sites=Sites((SiteRule(OFFICE, ("Bern",), "ch"),)))
    placed = contact("c1", "ada@example.com", "ada", site="fr", job_title="Old")
    line = only(plan([user("ada", office_location="Bern", job_title="New")], [placed], None, configuration))
    assert (line.kind.value, [change.field for change in line.changed]) == (
        "move_site",
        ["job_title", "office", "site"],
    )


def test_whoever_no_rule_names_loses_the_site_or_the_contacts_upkeep() -> None:
    """With `no_site` the contact stays in step without a site; with `leave_out` it is left as it is."""
    rules = (SiteRule(OFFICE, ("Bern",), "ch"),)
    placed = contact("c1", "ada@example.com", "ada", site="ch")
    line = only(plan([user("ada")], [placed], None, Configuration(sites=Sites(rules, Unmatched.NO_SITE))))
    assert (line.kind.value, [(change.field, change.new) for change in line.changed]) == (
        "move_site",
        [("site", "")],
    )
    planned = plan([user("ada")], [placed], None, Configuration(sites=Sites(rules)))
    assert lines(planned) == {"ada": ("skip", None, "not_in_scope.site")}


def test_a_pinned_site_stays() -> None:
    """Like any other pinned field."""
    configuration = Configuration(sites=Sites((SiteRule(OFFICE, ("",), "ch"),)))
    placed = contact("c1", "ada@example.com", "ada", site="fr", pins=("site",))
    assert plan([user("ada")], [placed], None, configuration).changes == ()


def test_values_are_counted_most_users_first() -> None:
    """Equal numbers go by the value."""
    values = ["Rome", "Bern", "Oslo", "Bern", "Rome", "Bern"]
    assert value_counts(values) == (
        ValueCount("Bern", "Bern", 3),
        ValueCount("Rome", "Rome", 2),
        ValueCount("Oslo", "Oslo", 1),
    )
    assert [item.value for item in value_counts(["b", "c", "a"])] == ["a", "b", "c"]
    assert value_counts([]) == ()


def test_spellings_that_differ_in_case_are_one_value_under_the_most_frequent() -> None:
    """Of equally frequent ones the first in order, whatever order they come in."""
    assert value_counts(["bern", "BERN", "Bern", "Bern"]) == (ValueCount("Bern", "Bern", 4),)
    for values in (["bern", "BERN"], ["BERN", "bern"]):
        assert value_counts(values) == (ValueCount("BERN", "BERN", 2),)


def test_an_empty_value_is_shown_as_undefined() -> None:
    """Its value is what a rule names, its label is what people see; an office of that name is another one."""
    users = [
        DirectoryUser("1"),
        DirectoryUser("2", office_location=" "),
        DirectoryUser("3", office_location="Undefined"),
    ]
    assert value_counts(value_of(one, OFFICE) for one in users) == (
        ValueCount("", UNDEFINED, 2),
        ValueCount("Undefined", "Undefined", 1),
    )


def test_what_is_listed_is_what_a_rule_matches() -> None:
    """A rule made of a listed value finds everybody who was counted under it."""
    users = [
        DirectoryUser(str(n), office_location=name)
        for n, name in enumerate(["Bern", " BERN", None, "Büro\x00"])
    ]
    for item in value_counts(value_of(one, OFFICE) for one in users):
        classifier = Classifier(Sites((SiteRule(OFFICE, (item.value,), "site"),)))
        assert sum(classifier.site(one) == "site" for one in users) == item.users
