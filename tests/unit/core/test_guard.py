"""The guard lets a plan pass at its limit and holds it one above."""

import pytest

from shared.core.changes import Change, ChangeKind, FieldChange
from shared.core.configuration import Guard, Limit
from shared.core.guard import GuardRule, Tripped, blanked_values, tripped
from shared.core.models import BLANK
from shared.core.planning import Plan
from tests.unit.core.builders import contact, deactivating, plan, user

LIMITS = Guard()
OPEN = Limit(1_000_000, 100)


def changes(kind: ChangeKind, number: int) -> tuple[Change, ...]:
    return tuple(Change(kind, f"object-{each}", contact_id=f"c{each}") for each in range(number))


def blanking(number: int, kind: ChangeKind = ChangeKind.UPDATE) -> tuple[Change, ...]:
    """One contact that loses that many values, and gets one."""
    lost = tuple(FieldChange(f"field-{each}", "old", "") for each in range(number))
    return (Change(kind, "ada", fields=BLANK, changed=(*lost, FieldChange("name", "", "new"))),)


def planned(lines: tuple[Change, ...] = (), **sizes: int) -> Plan:
    values = {"users_read": 1_000, "unchanged": 0, "in_scope": 1_000} | sizes
    return Plan(changes=lines, **values)


def rules(plan: Plan, baseline: int | None = 1_000, limits: Guard = LIMITS) -> list[GuardRule]:
    return [item.rule for item in tripped(plan, limits, baseline)]


def test_a_quiet_plan_passes() -> None:
    """Nothing changes, nothing is held."""
    assert rules(planned()) == []


# An empty directory.


@pytest.mark.parametrize("baseline", [None, 0, 50])
def test_an_empty_directory_always_holds_the_run(baseline: int | None) -> None:
    """Whatever was there before, and whatever the limits allow."""
    wide_open = Guard(OPEN, OPEN, OPEN, OPEN)
    assert rules(planned(users_read=0, in_scope=0), baseline, wide_open) == [GuardRule.EMPTY_DIRECTORY]


def test_a_single_user_is_a_directory() -> None:
    """Also one who is out of scope."""
    assert rules(planned(users_read=1, in_scope=0), None) == []


# The scope.


@pytest.mark.parametrize(
    ("baseline", "passes"),
    [(1, 0), (2, 0), (5, 0), (6, 1), (10, 1), (11, 2), (100, 19), (101, 20), (1_000, 199)],
)
def test_a_drop_of_the_scope_by_a_fifth_holds_the_run(baseline: int, passes: int) -> None:
    """The fifth itself is too much already."""
    assert rules(planned(in_scope=baseline - passes), baseline) == []
    (held,) = tripped(planned(in_scope=baseline - passes - 1), LIMITS, baseline)
    assert held == Tripped(GuardRule.SCOPE_DROP, passes, passes + 1, baseline)


def test_a_growing_scope_is_no_drop() -> None:
    """Nor is one that stays."""
    assert rules(planned(in_scope=2_000), 1_000) == rules(planned(in_scope=1_000), 1_000) == []


def test_without_a_scope_before_there_is_no_drop() -> None:
    """The first run, and one after nobody was in scope."""
    assert rules(planned(in_scope=0), None) == rules(planned(in_scope=0), 0) == []


@pytest.mark.parametrize(
    ("limit", "baseline", "passes"),
    [
        (Limit(30, 20), 100, 29),
        (Limit(10, 20), 100, 19),
        (Limit(0, 0), 100, 0),
        (Limit(1, 100), 100, 99),
        (Limit(200, 20), 100, 100),
    ],
)
def test_the_larger_of_number_and_share_limits_the_drop(limit: Limit, baseline: int, passes: int) -> None:
    """A number above the whole scope lets everything pass."""
    limits = Guard(scope_drop=limit)
    assert rules(planned(in_scope=baseline - passes), baseline, limits) == []
    if passes < baseline:
        assert rules(planned(in_scope=baseline - passes - 1), baseline, limits) == [GuardRule.SCOPE_DROP]


# Deactivations, blanked values, creations.


@pytest.mark.parametrize(("linked", "passes"), [(0, 5), (50, 5), (59, 5), (60, 6), (69, 6), (1_000, 100)])
def test_more_deactivations_than_five_and_a_tenth_hold_the_run(linked: int, passes: int) -> None:
    """Of the active contacts that are linked; also in a first run."""
    for baseline in (None, 1_000):
        assert rules(planned(changes(ChangeKind.DEACTIVATE, passes), linked=linked), baseline) == []
        (held,) = tripped(
            planned(changes(ChangeKind.DEACTIVATE, passes + 1), linked=linked), LIMITS, baseline
        )
        assert held == Tripped(GuardRule.DEACTIVATIONS, passes, passes + 1, linked)


@pytest.mark.parametrize(("contacts", "passes"), [(0, 10), (40, 10), (43, 10), (44, 11), (1_000, 250)])
def test_more_blanked_values_than_ten_and_a_quarter_of_the_contacts_hold_the_run(
    contacts: int, passes: int
) -> None:
    """Counted by value, not by contact."""
    assert rules(planned(blanking(passes), contacts=contacts)) == []
    (held,) = tripped(planned(blanking(passes + 1), contacts=contacts), LIMITS, 1_000)
    assert held == Tripped(GuardRule.BLANKED, passes, passes + 1, contacts)


@pytest.mark.parametrize(("baseline", "passes"), [(0, 50), (100, 50), (101, 50), (102, 51), (1_000, 500)])
def test_more_creations_than_fifty_and_half_hold_the_run(baseline: int, passes: int) -> None:
    """Of the users who were in scope before."""
    assert rules(planned(changes(ChangeKind.CREATE, passes)), baseline) == []
    (held,) = tripped(planned(changes(ChangeKind.CREATE, passes + 1)), LIMITS, baseline)
    assert held == Tripped(GuardRule.CREATIONS, passes, passes + 1, baseline)


def test_the_first_run_may_create_as_much_as_it_likes() -> None:
    """A hundred thousand people are a first import."""
    assert rules(planned(changes(ChangeKind.CREATE, 100_000)), None) == []


@pytest.mark.parametrize(
    "kind", [ChangeKind.LINK, ChangeKind.UPDATE, ChangeKind.MOVE_SITE, ChangeKind.REACTIVATE]
)
def test_a_value_is_blanked_by_any_write(kind: ChangeKind) -> None:
    """A value that is replaced, or new, is not."""
    assert blanked_values(planned(blanking(3, kind))) == 3
    assert blanked_values(planned((Change(kind, "ada", changed=(FieldChange("name", "old", "new"),)),))) == 0


@pytest.mark.parametrize("kind", [ChangeKind.SKIP, ChangeKind.KEEP, ChangeKind.CONFLICT, ChangeKind.CREATE])
def test_whatever_takes_no_value_from_a_contact_blanks_none(kind: ChangeKind) -> None:
    """A new contact had none, and the others are not written."""
    lines = blanking(3, kind) if kind is not ChangeKind.CREATE else (Change(kind, "ada", fields=BLANK),)
    assert blanked_values(planned(lines)) == 0


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        (GuardRule.DEACTIVATIONS, changes(ChangeKind.DEACTIVATE, 8)),
        (GuardRule.BLANKED, blanking(8)),
        (GuardRule.CREATIONS, changes(ChangeKind.CREATE, 8)),
    ],
)
@pytest.mark.parametrize(
    ("limit", "held"),
    [
        (Limit(8, 0), False),
        (Limit(7, 0), True),
        (Limit(0, 80), False),
        (Limit(0, 79), True),
        (Limit(7, 80), False),
        (Limit(8, 1), False),
        (Limit(0, 0), True),
    ],
)
def test_the_larger_of_number_and_share_of_the_configuration_counts(
    rule: GuardRule, lines: tuple[Change, ...], limit: Limit, held: bool
) -> None:
    """For each rule its own limit; the others do not matter."""
    name = rule.value.removeprefix("guard.")
    limits = Guard(**{"deactivations": OPEN, "blanked": OPEN, "creations": OPEN} | {name: limit})
    found = rules(planned(lines, in_scope=10, linked=10, contacts=10), 10, limits)
    assert found == ([rule] if held else [])


def test_several_rules_are_told_in_a_fixed_order() -> None:
    """Whatever order the lines of the plan are in."""
    lines = (*changes(ChangeKind.CREATE, 60), *blanking(20), *changes(ChangeKind.DEACTIVATE, 10))
    for ordered in (lines, lines[::-1]):
        assert rules(planned(ordered, users_read=0, in_scope=0), 10) == list(GuardRule)


def test_the_sizes_that_limits_go_by_are_those_of_the_plan() -> None:
    """Active linked contacts, contacts that belong to somebody, users in scope."""
    users = [user("ada"), user("bob"), user("off", enabled=False)]
    contacts = [
        contact("c1", "ada@example.com", "ada"),
        contact("c2", "bob@example.com"),
        contact("c3", "left@example.com", "left", active=False),
        contact("c4", "gone@example.com", "gone"),
        contact("c5", "hand@example.com"),
    ]
    made = plan(users, contacts, None, deactivating())
    assert (made.users_read, made.in_scope, made.contacts, made.linked) == (3, 2, 2, 2)
