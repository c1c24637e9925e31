"""What a sign-in asks for."""

from shared.adapters.entra.sign_in import DELEGATED_PERMISSIONS


def test_only_reading_is_asked_for() -> None:
    """No permission to write anything, whoever adds one."""
    assert DELEGATED_PERMISSIONS
    assert [name for name in DELEGATED_PERMISSIONS if not name.endswith((".Read", ".Read.All"))] == []
