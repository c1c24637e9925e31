"""Who is in scope, and why somebody is not."""

import msgspec
import pytest

from shared.core.configuration import Configuration
from shared.core.models import DirectoryUser, UserType
from shared.core.scope import SkipReason, left_out, user_type

EVERYBODY = Configuration(user_types=frozenset(UserType), enabled_only=False)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (None, UserType.MEMBER),
        ("", UserType.MEMBER),
        ("Member", UserType.MEMBER),
        ("Guest", UserType.GUEST),
        ("guest", UserType.GUEST),
        ("GUEST", UserType.GUEST),
    ],
)
def test_accounts_without_a_type_are_members(written: str | None, kind: UserType) -> None:
    """The property is younger than many accounts; its case is not to be relied on."""
    assert user_type(DirectoryUser("1", user_type=written)) is kind


@pytest.mark.parametrize(
    ("configuration", "user", "reason"),
    [
        (Configuration(), DirectoryUser("1", enabled=True), None),
        (Configuration(), DirectoryUser("1", enabled=None), None),
        (Configuration(), DirectoryUser("1", enabled=False), SkipReason.DISABLED),
        (Configuration(), DirectoryUser("1", user_type="Guest", enabled=True), SkipReason.GUEST),
        (Configuration(), DirectoryUser("1", user_type="Guest", enabled=False), SkipReason.GUEST),
        (
            Configuration(user_types=frozenset({UserType.GUEST})),
            DirectoryUser("1", enabled=True),
            SkipReason.MEMBER,
        ),
        (Configuration(enabled_only=False), DirectoryUser("1", enabled=False), None),
        (EVERYBODY, DirectoryUser("1", user_type="Guest", enabled=False), None),
    ],
)
def test_the_first_reason_is_told(
    configuration: Configuration, user: DirectoryUser, reason: SkipReason | None
) -> None:
    """Type comes before enabled; without a reason the user is in."""
    assert left_out(user, configuration) is reason


def test_nobody_is_in_scope_of_no_type() -> None:
    """An empty set of types leaves everybody out, with the reason of each."""
    nobody = msgspec.structs.replace(EVERYBODY, user_types=frozenset())
    assert left_out(DirectoryUser("1"), nobody) is SkipReason.MEMBER
    assert left_out(DirectoryUser("1", user_type="Guest"), nobody) is SkipReason.GUEST
