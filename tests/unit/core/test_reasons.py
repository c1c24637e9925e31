"""The words for why a connection needs somebody to act."""

import pytest

from shared.core.errors import Actor
from shared.core.reasons import reason

CODES = [
    "consent_revoked",
    "consent_unproven",
    "permission_missing",
    "tenant_not_found",
    "tenant_mismatch",
    "conditional_access_blocked",
    "sign_in_expired",
]


@pytest.mark.parametrize("code", CODES)
def test_every_reason_says_what_who_and_how(code: str) -> None:
    """In sentences of its own: none falls back to what an unknown code says."""
    known, unknown = reason(code), reason("from_a_newer_version")
    assert known.code == code
    assert known.title != unknown.title
    assert known.title.endswith(".")
    assert known.detail.endswith(".")
    assert known.actor is not Actor.NOBODY


def test_an_unknown_reason_still_says_what_to_try() -> None:
    """A connection may carry a code that another version of the app wrote."""
    unknown = reason("from_a_newer_version")
    assert unknown.code == "from_a_newer_version"
    assert "connect the organization again" in unknown.detail
