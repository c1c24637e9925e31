"""Who is in scope, and why somebody is not."""

from enum import StrEnum

from shared.core.configuration import Configuration
from shared.core.models import DirectoryUser, UserType


class SkipReason(StrEnum):
    """Why a user of the directory gets no contact."""

    DISABLED = "not_in_scope.disabled"
    MEMBER = "not_in_scope.member"
    GUEST = "not_in_scope.guest"
    NO_ADDRESS = "no_address"


def user_type(user: DirectoryUser) -> UserType:
    """Guest or member; accounts older than the property carry none and are members."""
    return UserType.GUEST if (user.user_type or "").lower() == UserType.GUEST else UserType.MEMBER


def left_out(user: DirectoryUser, configuration: Configuration) -> SkipReason | None:
    """The first reason that keeps the user out of scope, or None when the user is in."""
    kind = user_type(user)
    if kind not in configuration.user_types:
        return SkipReason.GUEST if kind is UserType.GUEST else SkipReason.MEMBER
    if configuration.enabled_only and user.enabled is False:
        return SkipReason.DISABLED
    return None
