"""What a connection is told to do: the policies, and the presets that fill them in."""

from enum import StrEnum

import msgspec

from shared.core.models import UserType


class EmailSource(StrEnum):
    """Which address of the directory becomes the contact's email."""

    MAIL_ELSE_USER_PRINCIPAL_NAME = "mail_else_user_principal_name"


class BlankPolicy(StrEnum):
    """What a blank in the directory does to a value the contact already has."""

    KEEP = "keep"
    OVERWRITE = "overwrite"


class LeaverPolicy(StrEnum):
    """What happens to the contact of somebody who left the directory or the scope."""

    KEEP = "keep"


class Preset(StrEnum):
    """A named set of policies."""

    STANDARD = "standard"


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every policy of one connection; a preset only fills it in."""

    preset: Preset = Preset.STANDARD
    user_types: frozenset[UserType] = frozenset({UserType.MEMBER})
    enabled_only: bool = True
    email_source: EmailSource = EmailSource.MAIL_ELSE_USER_PRINCIPAL_NAME
    blank_in_directory: BlankPolicy = BlankPolicy.KEEP
    leavers: LeaverPolicy = LeaverPolicy.KEEP


PRESETS: dict[Preset, Configuration] = {Preset.STANDARD: Configuration()}
