"""What an operator is told who is nobody yet."""

from __future__ import annotations

from shared.core.errors import RetryLater
from tests.unit.admin.conftest import CommandLine


def test_who_is_not_signed_in_is_told_to(call: CommandLine) -> None:
    """A service would wait for its identity; a person would wait for ever."""
    refusal = RetryLater.soon("identity_unavailable", "There is no token for this service.")
    call.world.audit.refuses = refusal
    error = call.error("accounts", "create", "My MSP", status=4)
    assert "az login" in error["detail"]
    assert error["actor"] == "operator"
