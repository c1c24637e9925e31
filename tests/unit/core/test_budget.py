"""What is kept of an allowance, who is granted a part of it, and who waits for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.budget import Budget, Granted

NOW = datetime(2026, 3, 2, tzinfo=UTC)
WINDOW = timedelta(minutes=1)
NOTHING = timedelta(0)
AN_EIGHTH, A_TENTH = WINDOW / 8, WINDOW / 10
OLD_ROW = b'{"grants":[[1772409600000000,3],[1772409601000000,4]],"paused_until":"2026-03-02T00:05:00Z"}'


class GrantBefore(msgspec.Struct, array_like=True):
    """A grant as it was kept without names."""

    at: int
    amount: int


class RowBefore(msgspec.Struct):
    """A row as whoever keeps no names reads it."""

    grants: list[GrantBefore]


class Shared:
    """One budget of ten calls, or another limit, with a clock."""

    def __init__(self, limit: int = 10) -> None:
        self.budget, self.limit, self.now = Budget(), limit, NOW

    def ask(self, by: str, amount: int = 1, worth: int = 0) -> timedelta:
        """How long to wait; zero where it was granted."""
        self.budget, wait = self.budget.reserved(amount, self.limit, WINDOW, self.now, by=by, worth=worth)
        return wait

    def take(self, by: str, worth: int = 0) -> int:
        """How many calls one is granted that asks until refused."""
        count = 0
        while self.ask(by, worth=worth) == NOTHING:
            count += 1
        return count

    def after(self, time: timedelta) -> Shared:
        """The same, later."""
        self.now += time
        return self


@pytest.fixture
def shared() -> Shared:
    return Shared()


@pytest.fixture
def contended(shared: Shared) -> Shared:
    """One took all of it, the other was refused; a window later, when both may come."""
    assert shared.take("first") == 10
    assert shared.ask("second") == WINDOW
    return shared.after(WINDOW)


def test_a_row_without_names_is_read() -> None:
    """What was granted by whoever keeps no names counts, to nobody in particular."""
    budget = msgspec.json.decode(OLD_ROW, type=Budget)
    assert budget.grants == (Granted(1772409600000000, 3), Granted(1772409601000000, 4))
    assert budget.pause_left(NOW) == timedelta(minutes=5)
    assert budget.waiting == ()
    now = NOW + timedelta(minutes=5)
    assert budget.reserved(10, 10, timedelta(minutes=10), now, by="first")[1] == timedelta(
        minutes=5, seconds=1
    )


def test_a_row_with_names_is_read_by_whoever_keeps_none(contended: Shared) -> None:
    """While two versions of the app share it."""

    row = msgspec.json.decode(msgspec.json.encode(contended.budget), type=RowBefore)
    assert sum(grant.amount for grant in row.grants) == 10


@pytest.mark.parametrize("amount", [-1, 0, 11])
def test_what_can_never_be_granted_is_an_error(shared: Shared, amount: int) -> None:
    """Waiting for it would never end."""
    with pytest.raises(ValueError, match="10"):
        shared.ask("first", amount)


def test_without_a_name_nobody_is_remembered(shared: Shared) -> None:
    """Neither when granted nor when refused; a refusal changes nothing."""
    assert shared.take("") == 10
    kept = shared.budget
    assert shared.ask("") == WINDOW
    assert shared.budget is kept
    assert {grant.by for grant in kept.grants} == {""}


def test_whoever_is_refused_is_remembered_once(shared: Shared) -> None:
    """Asking again before it is time changes nothing, and so writes nothing."""
    shared.take("first")
    shared.ask("second")
    kept = shared.budget
    assert shared.after(WINDOW / 2).ask("second") == WINDOW / 2
    assert shared.budget == kept
    assert [one.amount for one in kept.waiting] == [1, 1]


def test_nobody_is_remembered_because_of_a_pause(shared: Shared) -> None:
    """It is not the others that they wait for."""
    shared.budget = shared.budget.paused(NOW + WINDOW)
    assert shared.ask("first") == WINDOW
    assert shared.budget.waiting == ()


def test_a_shorter_pause_does_not_end_a_longer_one(shared: Shared) -> None:
    """The later moment counts."""
    longer = shared.budget.paused(NOW + WINDOW)
    assert longer.paused(NOW) is longer


def test_one_alone_may_use_the_whole_limit_window_after_window(shared: Shared) -> None:
    """That it was refused itself takes nothing from it."""
    for _ in range(3):
        assert shared.take("first") == 10
        shared.after(WINDOW)


def test_those_who_want_more_share_equally(contended: Shared) -> None:
    """However many calls the faster one asks for."""
    assert contended.take("first") == 5
    assert contended.take("second") == 5


def test_one_who_did_not_say_is_taken_to_want_its_share_for_an_eighth_of_a_window(
    contended: Shared,
) -> None:
    """So that one who asks call by call is not overtaken in between; then the rest is the other's."""
    assert contended.ask("second") == NOTHING
    assert contended.take("first") == 5
    assert contended.ask("first") == AN_EIGHTH
    contended.after(AN_EIGHTH - timedelta(microseconds=1))
    assert contended.take("first") == 0
    contended.after(timedelta(microseconds=1))
    assert contended.take("first") == 4


def test_one_who_said_what_it_wants_leaves_the_rest_at_once(shared: Shared) -> None:
    """Before it came and afterwards."""
    shared.take("first")
    shared.ask("second", worth=3)
    shared.after(WINDOW)
    assert shared.take("first") == 7
    assert [shared.ask("second", worth=left) for left in (3, 2, 1)] == [NOTHING] * 3


def test_one_who_wants_more_than_it_was_granted_is_left_that_much(contended: Shared) -> None:
    """For a window after it last asked."""
    assert contended.ask("second", worth=3) == NOTHING
    assert contended.after(WINDOW / 2).take("first") == 7
    assert [contended.ask("second", worth=left) for left in (2, 1)] == [NOTHING] * 2


def test_one_who_does_not_come_back_is_forgotten_a_window_later(contended: Shared) -> None:
    """Until then its share is kept, afterwards it is the others'."""
    assert contended.take("first") == 5
    contended.after(WINDOW - timedelta(microseconds=1))
    assert contended.take("first") == 0
    contended.after(timedelta(microseconds=1))
    assert contended.take("first") == 10


def test_what_somebody_leaves_of_a_share_is_divided_among_the_others() -> None:
    """One took two of thirty and is content: the others have fourteen each."""
    shared = Shared(30)
    for _ in range(2):
        shared.ask("content")
    shared.take("first")
    shared.ask("second")
    shared.after(WINDOW)
    shared.budget, _ = shared.budget.reserved(2, 30, WINDOW, shared.now, by="content", worth=2)
    assert shared.take("first") == 14
    assert shared.take("second") == 14


def test_what_does_not_divide_evenly_is_used() -> None:
    """Five for three: two, two and one; and in steps of three, six and three of ten."""
    shared = Shared(5)
    shared.take("first")
    for by in ("second", "third"):
        shared.ask(by)
    shared.after(WINDOW)
    assert [shared.take(by) for by in ("first", "second", "third")] == [2, 2, 1]
    shared = Shared(10)
    shared.ask("first", 10)
    shared.ask("second", 3)
    shared.after(WINDOW)
    assert [shared.ask("first", 3) == NOTHING for _ in range(3)] == [True, True, False]
    assert [shared.ask("second", 3) == NOTHING for _ in range(2)] == [True, False]


def test_a_first_call_is_granted_where_a_share_is_less_than_that() -> None:
    """Five want three calls: they take turns, in the order in which they were first refused."""
    shared = Shared(3)
    shared.ask("first", 3)
    names = ["a", "b", "c", "d", "e"]
    for by in names:
        shared.ask(by)
    for turn in (["a", "b", "c"], ["a", "d", "e"]):
        shared.after(WINDOW)
        assert [by for by in names if shared.ask(by) == NOTHING] == turn


def test_who_was_refused_first_is_served_first(shared: Shared) -> None:
    """Somebody new does not take what became free for them, although it is there."""
    shared.ask("first", 10)
    shared.ask("second", 8, worth=8)
    shared.after(WINDOW)
    assert shared.ask("third", 3, worth=3) > NOTHING
    assert shared.ask("third", 2, worth=2) == NOTHING
    assert shared.ask("second", 8, worth=8) == NOTHING


def test_a_first_call_is_granted_whatever_others_say_they_want(shared: Shared) -> None:
    """As long as they find what they come for first."""
    shared.ask("first", 10)
    shared.ask("second", 1, worth=3)
    assert shared.after(WINDOW).ask("third", 8) == NOTHING


def test_asking_too_early_costs_nobody_their_place(shared: Shared) -> None:
    """The one who was refused first still is the first one."""
    shared.ask("large", 10)
    for by in ("first", "second", "first"):
        shared.ask(by, 6, worth=6)
    shared.after(WINDOW)
    assert [shared.ask(by, 6, worth=6) == NOTHING for by in ("second", "first")] == [False, True]


def test_one_who_was_served_waits_behind_the_others(shared: Shared) -> None:
    """Who was refused later, and not served since, comes before their next call."""
    shared.ask("large", 10)
    for by in ("first", "second"):
        shared.ask(by, 3)
    shared.after(WINDOW)
    assert shared.ask("first", 3) == NOTHING
    assert shared.ask("first", 6) > NOTHING
    assert [one.amount for one in shared.budget.waiting] == [3, 6]


def test_one_who_comes_back_too_late_has_lost_their_place(shared: Shared) -> None:
    """A window after the moment they were told they are anybody, and wait for those who are before them."""
    shared.limit = 20
    shared.ask("large", 20)
    shared.ask("late", 3)
    assert shared.after(WINDOW * 3 / 2).ask("large", 17) == NOTHING
    assert shared.ask("second", 3) > NOTHING
    assert shared.after(WINDOW / 2).ask("late", 18) == WINDOW
    assert shared.after(WINDOW / 2).ask("late", 18) > NOTHING
    assert shared.ask("second", 3) == NOTHING


def test_of_those_who_hold_as_much_the_first_refused_is_served_first(shared: Shared) -> None:
    """Two hold one each of three, and a third becomes free."""
    shared.limit = 3
    shared.ask("large")
    shared.after(WINDOW / 2)
    assert [shared.ask(by) for by in ("first", "second")] == [NOTHING] * 2
    assert shared.ask("first") == WINDOW / 2
    shared.after(WINDOW / 2)
    assert shared.ask("second") > NOTHING
    assert shared.ask("first") == NOTHING


def test_what_is_free_until_others_come_is_granted_if_they_still_find_theirs(shared: Shared) -> None:
    """Two are free now and five in half a window, when the other comes for four of them."""
    shared.ask("first", 5)
    shared.after(WINDOW / 2).ask("first", 3)
    assert shared.ask("second", 4, worth=4) == WINDOW / 2
    assert shared.ask("third", 2, worth=2) == NOTHING
    assert shared.after(WINDOW / 2).ask("second", 4, worth=4) == NOTHING


def test_who_holds_less_comes_before_who_holds_more(shared: Shared) -> None:
    """Although the one who holds more was refused before, and told to come."""
    shared.limit = 9
    shared.ask("first", 2)
    shared.after(WINDOW / 2).ask("first", 6, worth=6)
    assert shared.ask("first", 2, worth=2) == WINDOW / 2
    shared.ask("second", 1)
    assert shared.after(WINDOW / 4).ask("second", 1) > NOTHING  # nothing is free
    shared.after(WINDOW / 4)
    assert shared.ask("second", 1) == NOTHING
    assert shared.ask("second", 1) == NOTHING


def test_the_wait_is_until_a_share_where_more_is_wanted(contended: Shared) -> None:
    """What it could not be granted at once it does not wait for."""
    contended.take("first", worth=100)
    contended.take("second", worth=100)
    third = contended.ask("third", worth=100)
    assert third == WINDOW
    assert contended.after(third).take("third", worth=100) == 4  # three and a third


def test_nobody_waits_for_more_than_a_share(shared: Shared) -> None:
    """Where five of ten become free and three are a share, these are what they come for."""
    shared.ask("first", 5)
    shared.after(WINDOW / 2).ask("second", 5)
    assert shared.ask("third", worth=100) == WINDOW / 2


def test_nobody_waits_for_more_while_a_tenth_of_the_limit_is_unused(shared: Shared) -> None:
    """Fewer visits are not worth that: nine of ten are free long before the last one."""
    shared.ask("first", 9)
    shared.after(WINDOW / 2).ask("first")
    wait = shared.ask("first", worth=10)
    assert WINDOW / 2 + A_TENTH <= wait <= WINDOW / 2 + A_TENTH * 10 / 9 + WINDOW / 32
    assert shared.after(wait).take("first") == 9


def test_no_wait_is_longer_than_a_window_when_clocks_differ(shared: Shared) -> None:
    """What a worker whose clock is ahead was granted ends later than that."""
    shared.ask("first", 10)
    shared.now -= timedelta(seconds=5)
    assert shared.ask("second") == WINDOW
    assert shared.ask("") == WINDOW


def test_a_bounded_number_is_remembered() -> None:
    """Of a hundred who wait and of two hundred who were granted something; everything granted counts."""
    shared = Shared(200)
    for number in range(200):
        assert shared.ask(f"granted {number}") == NOTHING
        shared.after(WINDOW / 1000)
    for number in range(100):
        shared.ask(f"waiting {number}")
    assert len(shared.budget.waiting) == 64
    assert sum(bool(grant.by) for grant in shared.budget.grants) == 96
    assert all(grant.by for grant in shared.budget.grants[-96:])
    assert shared.budget.held(shared.now, WINDOW) == 200
    assert len(msgspec.json.encode(shared.budget)) < 8_000


def test_what_is_over_no_longer_counts(shared: Shared) -> None:
    """A window after its moment, to the microsecond."""
    shared.ask("first", 4)
    assert shared.budget.held(NOW + WINDOW - timedelta(microseconds=1), WINDOW) == 4
    assert shared.budget.held(NOW + WINDOW, WINDOW) == 0
