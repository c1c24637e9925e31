"""Errors say what happened, who must act, and how."""

from datetime import timedelta

import pytest

from shared.core.errors import (
    ActionRequired,
    Actor,
    Conflict,
    ConsentRefused,
    EnrichmentUnavailable,
    Gone,
    InvalidMove,
    NotFound,
    OperatorError,
    Refused,
    ResyncRequired,
    RetryLater,
    ScopeObjectMissing,
    SourceFault,
    TenantryError,
    VersionConflict,
)

ALL = [
    ActionRequired("code", "What.", "Who and how."),
    OperatorError("code", "What.", "Who and how."),
    RetryLater("code", "What.", timedelta(seconds=5)),
    RetryLater.soon("code", "What."),
    SourceFault("code", "What.", "Who and how."),
    ResyncRequired(),
    ScopeObjectMissing(["group"]),
    EnrichmentUnavailable("code", "What.", "Who and how.", Actor.NOBODY, permanent=True),
    NotFound("customer"),
    Conflict("code", "What.", "Who and how."),
    Gone("code", "What.", "Who and how."),
    VersionConflict(),
    ConsentRefused("code", "What.", "Who and how."),
    InvalidMove("active", "pending"),
]


@pytest.mark.parametrize("error", ALL, ids=lambda error: type(error).__name__)
def test_every_error_has_a_code_and_three_sentences(error: TenantryError) -> None:
    """Programs read the code, people read the rest; the log shows code and title."""
    assert error.code.isidentifier()
    assert error.title.endswith(".")
    assert error.detail.endswith(".")
    assert str(error) == f"{error.code}: {error.title}"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("code", "What.", "How."), 400),
        (ConsentRefused("code", "What.", "How."), 403),
        (NotFound("run"), 404),
        (Conflict("code", "What.", "How."), 409),
        (InvalidMove("a", "b"), 409),
        (Gone("code", "What.", "How."), 410),
        (VersionConflict(), 412),
    ],
)
def test_refusals_have_their_status(error: Refused, status: int) -> None:
    """What a request that cannot be carried out is answered with."""
    assert error.status == status


def test_the_actor_follows_from_the_group() -> None:
    """Our own trouble is never the customer's."""
    assert OperatorError("c", "t", "d").actor is Actor.OPERATOR
    assert RetryLater.soon("c", "t").actor is Actor.NOBODY
    assert ActionRequired("c", "t", "d").actor is Actor.CUSTOMER_ADMIN
    assert ConsentRefused("c", "t", "d").actor is Actor.CUSTOMER_ADMIN
    assert NotFound("run").actor is Actor.TECHNICIAN


def test_later_says_when() -> None:
    """As asked, or in half a minute."""
    assert RetryLater("c", "t", timedelta(minutes=7)).after == timedelta(minutes=7)
    assert RetryLater.soon("c", "t").after == timedelta(seconds=30)


@pytest.mark.parametrize(("number", "rest"), [(1, ""), (10, ""), (11, " and 1 more"), (999, " and 989 more")])
def test_missing_groups_are_named_but_not_all_of_nine_hundred(number: int, rest: str) -> None:
    """The first ten, and how many more there are."""
    groups = [f"group-{each:03d}" for each in range(number)]
    missing = ScopeObjectMissing(groups)
    assert missing.title.endswith(f": {', '.join(groups[:10])}{rest}.")
    assert missing.actor is Actor.TECHNICIAN
