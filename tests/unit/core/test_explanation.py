"""What a one-user run says about itself, step by step."""

import pytest

from shared.core.configuration import Configuration, SiteAttribute, SiteRule, Sites
from shared.core.explanation import NOT_FOUND, Clause, Step, StepName, StepResult, explained
from shared.core.models import Contact, DirectoryUser, RemovalReason
from shared.core.reviews import Decision, ReviewAction
from shared.core.supplement import NOTHING
from tests.unit.core.builders import BY_EMAIL, STANDARD, contact, deactivating, plan, user

DONE, STOPPED, NOT_NEEDED = StepResult.DONE, StepResult.STOPPED, StepResult.NOT_NEEDED
MET = (
    Clause("not_in_scope.member", met=True),
    Clause("not_in_scope.disabled", met=True),
    Clause("not_in_scope.shared_mailbox", met=True),
)
LINKED = contact("c1", "ada@example.com", "ada")


def steps(
    person: DirectoryUser | None,
    contacts: list[Contact] | None = None,
    configuration: Configuration = STANDARD,
    decisions: dict[str, Decision] | None = None,
    *,
    others: tuple[DirectoryUser, ...] = (),
    applied: bool = True,
) -> tuple[Step, ...]:
    """The steps of a run for Ada."""
    users = [*others] if person is None else [person, *others]
    departed = {} if person is not None else {"ada": RemovalReason.SOFT_DELETED}
    planned = plan(users, contacts or [], departed, configuration, decisions or {})
    changes = tuple(line for line in planned.changes if line.object_id == "ada")
    return explained(person, changes, configuration, NOTHING, applied=applied)


def told(found: tuple[Step, ...]) -> list[tuple[StepResult, str]]:
    """Result and detail of each step, in order."""
    assert [step.step for step in found] == list(StepName)
    return [(step.result, step.detail) for step in found]


def test_somebody_unchanged_needs_nothing() -> None:
    """Found, in scope, matched, and as the directory has it."""
    assert told(steps(user("ada"), [LINKED])) == [
        (DONE, "present"),
        (DONE, "in_scope"),
        (DONE, "found"),
        (DONE, "unchanged"),
        (NOT_NEEDED, ""),
    ]


@pytest.mark.parametrize(
    ("person", "contacts", "configuration", "match", "planned"),
    [
        (user("ada"), [], STANDARD, "no_contact", "create"),
        (user("ada"), [contact("c1", "ada@example.com")], STANDARD, "adopted", "link"),
        (user("ada", job_title="New"), [LINKED], STANDARD, "found", "update"),
        (user("ada"), [contact("c1", "ada@example.com")], BY_EMAIL, "found", "update"),
        (
            user("ada"),
            [contact("c1", "ada@example.com", "ada", active=False, deactivated_by_sync=True)],
            STANDARD,
            "found",
            "reactivate",
        ),
        (
            user("ada"),
            [LINKED],
            Configuration(sites=Sites((SiteRule(SiteAttribute.OFFICE, ("",), "ch"),))),
            "found",
            "move_site",
        ),
    ],
)
@pytest.mark.parametrize("applied", [True, False])
def test_every_write_says_how_the_contact_was_found_and_what_was_done(
    person: DirectoryUser,
    contacts: list[Contact],
    configuration: Configuration,
    match: str,
    planned: str,
    applied: bool,
) -> None:
    """And whether it was carried out."""
    assert told(steps(person, contacts, configuration, applied=applied)) == [
        (DONE, "present"),
        (DONE, "in_scope"),
        (DONE, match),
        (DONE, planned),
        (DONE if applied else STOPPED, ""),
    ]


def test_the_scope_step_has_every_condition_and_whether_it_is_met() -> None:
    """In the order in which they decide."""
    assert steps(user("ada"))[1].clauses == MET
    left_out = steps(user("ada", enabled=False, licences=()))[1]
    assert left_out.clauses == (
        Clause("not_in_scope.member", met=True),
        Clause("not_in_scope.disabled", met=False),
        Clause("not_in_scope.shared_mailbox", met=False),
    )


def test_somebody_out_of_scope_is_stopped_there() -> None:
    """With the first reason; nothing is matched and nothing is applied."""
    assert told(steps(user("ada", enabled=False))) == [
        (DONE, "present"),
        (STOPPED, "not_in_scope.disabled"),
        (NOT_NEEDED, ""),
        (DONE, "skip"),
        (NOT_NEEDED, ""),
    ]


@pytest.mark.parametrize(
    ("person", "configuration", "decisions", "reason"),
    [
        (user("ada", ""), STANDARD, {}, "no_address"),
        (
            user("ada"),
            Configuration(sites=Sites((SiteRule(SiteAttribute.OFFICE, ("Bern",), "ch"),))),
            {},
            "not_in_scope.site",
        ),
        (user("ada"), STANDARD, {"ada": Decision(ReviewAction.DISMISS)}, "review.dismissed"),
    ],
)
def test_a_reason_that_is_no_filter_is_a_clause_of_its_own(
    person: DirectoryUser, configuration: Configuration, decisions: dict[str, Decision], reason: str
) -> None:
    """After those that are met."""
    scope = steps(person, [], configuration, decisions)[1]
    assert (scope.result, scope.detail) == (STOPPED, reason)
    assert scope.clauses == (*MET, Clause(reason, met=False))


def test_somebody_who_left_the_scope_is_deactivated_by_option() -> None:
    """The plan tells both, and the write was carried out."""
    found = steps(user("ada", enabled=False), [LINKED], deactivating())
    assert told(found) == [
        (DONE, "present"),
        (STOPPED, "not_in_scope.disabled"),
        (NOT_NEEDED, ""),
        (DONE, "deactivate, skip"),
        (DONE, ""),
    ]


def test_a_conflict_stops_at_the_match() -> None:
    """With its reason; nothing is applied."""
    contacts = [contact("c1", "ada@example.com"), contact("c2", "ada@example.com")]
    assert told(steps(user("ada"), contacts)) == [
        (DONE, "present"),
        (DONE, "in_scope"),
        (STOPPED, "match.multiple_contacts"),
        (DONE, "conflict"),
        (NOT_NEEDED, ""),
    ]


@pytest.mark.parametrize(
    ("contacts", "configuration", "planned", "done"),
    [
        ([LINKED], STANDARD, "keep", NOT_NEEDED),
        ([LINKED], deactivating(), "deactivate", DONE),
        ([], deactivating(), "unchanged", NOT_NEEDED),
    ],
)
def test_somebody_who_left_the_directory_is_neither_judged_nor_matched(
    contacts: list[Contact], configuration: Configuration, planned: str, done: StepResult
) -> None:
    """There is nobody to be in scope."""
    assert told(steps(None, contacts, configuration)) == [
        (DONE, "removed"),
        (NOT_NEEDED, ""),
        (NOT_NEEDED, ""),
        (DONE, planned),
        (done, ""),
    ]


def test_somebody_nobody_knows_is_not_found() -> None:
    """The other steps have nothing to do."""
    assert told(NOT_FOUND) == [(STOPPED, "user_not_found"), *[(NOT_NEEDED, "")] * 4]
