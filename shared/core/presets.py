"""The presets: what Atera's and Syncro's own integrations do, policy by policy, and what we advise."""

from shared.core.account_destination import DestinationKind
from shared.core.configuration import (
    BlankPolicy,
    Configuration,
    EmailSource,
    Enrichment,
    LeaverPolicy,
    Matching,
    Preset,
    Schedule,
    ScheduleKind,
    Scope,
    SharedMailboxes,
    SyncedField,
)
from shared.core.models import UserType

_EVERYBODY = Scope(
    user_types=(UserType.GUEST, UserType.MEMBER),
    enabled_only=False,
    shared_mailboxes=SharedMailboxes.INCLUDE,
)

PRESETS: dict[Preset, Configuration] = {
    Preset.ATERA: Configuration(
        preset=Preset.ATERA,
        scope=_EVERYBODY,
        email_source=EmailSource.USER_PRINCIPAL_NAME,
        matching=Matching.EMAIL,
        fields=(
            SyncedField.FIRST_NAME,
            SyncedField.LAST_NAME,
            SyncedField.JOB_TITLE,
            SyncedField.MOBILE_PHONE,
            SyncedField.BUSINESS_PHONE,
        ),
        blank_in_directory=BlankPolicy.OVERWRITE,
        leavers=LeaverPolicy.KEEP,
        schedule=Schedule(kind=ScheduleKind.EVERY, hours=12),
    ),
    Preset.SYNCRO: Configuration(
        preset=Preset.SYNCRO,
        scope=_EVERYBODY,
        email_source=EmailSource.MAIL_ELSE_USER_PRINCIPAL_NAME,
        matching=Matching.EMAIL,
        fields=(
            SyncedField.NAME,
            SyncedField.STREET,
            SyncedField.STREET_2,
            SyncedField.CITY,
            SyncedField.STATE,
            SyncedField.POSTAL_CODE,
            SyncedField.BUSINESS_PHONE,
            SyncedField.MOBILE_PHONE,
            SyncedField.JOB_TITLE,
        ),
        blank_in_directory=BlankPolicy.KEEP,
        leavers=LeaverPolicy.KEEP,
        enrichments=(Enrichment.ACTIVITY, Enrichment.LICENCES, Enrichment.MFA, Enrichment.SECURE_SCORE),
        schedule=Schedule(kind=ScheduleKind.DAILY, at="01:00", time_zone="America/Los_Angeles"),
    ),
    Preset.STANDARD: Configuration(),
}

_OF_A_PSA = {DestinationKind.ATERA: Preset.ATERA, DestinationKind.SYNCRO: Preset.SYNCRO}


def default_configuration(kind: DestinationKind) -> Configuration:
    """What a new connection goes by: what people know from their PSA itself, else what we advise."""
    return PRESETS[_OF_A_PSA.get(kind, Preset.STANDARD)]
