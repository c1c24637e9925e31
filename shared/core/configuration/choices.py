"""The choices that a policy offers."""

from enum import StrEnum


class Preset(StrEnum):
    """A named set of policies."""

    ATERA = "atera"
    SYNCRO = "syncro"
    STANDARD = "standard"


class EmailSource(StrEnum):
    """Which address of the directory becomes the contact's email.

    The name of a guest is no address, so a guest's is `mail` whatever is chosen.
    """

    MAIL_ELSE_USER_PRINCIPAL_NAME = "mail_else_user_principal_name"
    USER_PRINCIPAL_NAME = "user_principal_name"
    MAIL = "mail"


class Matching(StrEnum):
    """How a user's contact is found: by address alone, or by link, unique address, unique alias."""

    EMAIL = "email"
    IDENTITY = "identity"


class BlankPolicy(StrEnum):
    """What a blank in the directory does to a value the contact already has."""

    KEEP = "keep"
    OVERWRITE = "overwrite"


class LeaverPolicy(StrEnum):
    """What happens to the linked contact of somebody who left."""

    KEEP = "keep"
    DEACTIVATE = "deactivate"


class LeaverCause(StrEnum):
    """Ways to leave: deleted in the directory, sign-in blocked, or no longer within the scope."""

    DELETED = "deleted"
    DISABLED = "disabled"
    OUT_OF_SCOPE = "out_of_scope"


class SyncedField(StrEnum):
    """The fields of a contact that a sync may fill; the email, by which contacts are matched, always is."""

    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    JOB_TITLE = "job_title"
    DEPARTMENT = "department"
    OFFICE = "office"
    COMPANY = "company"
    MOBILE_PHONE = "mobile_phone"
    BUSINESS_PHONE = "business_phone"
    STREET = "street"
    STREET_2 = "street_2"
    CITY = "city"
    STATE = "state"
    POSTAL_CODE = "postal_code"
    COUNTRY = "country"


class GroupMode(StrEnum):
    """Whether membership matters: not at all, in at least one group, or in one of the selected ones."""

    NONE = "none"
    ALL = "all"
    SELECTED = "selected"


class SharedMailboxes(StrEnum):
    """What becomes of mailboxes that belong to nobody.

    `leave_out_likely` goes by what such an account looks like and asks nothing; `leave_out_by_purpose` asks
    Microsoft for the purpose of every mailbox, for which the tenant must grant `MailboxSettings.Read`.
    """

    INCLUDE = "include"
    LEAVE_OUT_LIKELY = "leave_out_likely"
    LEAVE_OUT_BY_PURPOSE = "leave_out_by_purpose"


class PatternField(StrEnum):
    """What an exclusion pattern looks at."""

    EMAIL = "email"
    USER_PRINCIPAL_NAME = "user_principal_name"
    DISPLAY_NAME = "display_name"
    JOB_TITLE = "job_title"
    DEPARTMENT = "department"
    OFFICE = "office"
    COMPANY = "company"


class SiteAttribute(StrEnum):
    """What a site is told by."""

    OFFICE = "office"
    DEPARTMENT = "department"


class Unmatched(StrEnum):
    """What becomes of people whom no site rule names."""

    LEAVE_OUT = "leave_out"
    NO_SITE = "no_site"


class Enrichment(StrEnum):
    """What is read besides the users; each needs a permission of its own."""

    ACTIVITY = "activity"
    LICENCES = "licences"
    MFA = "mfa"
    SECURE_SCORE = "secure_score"


class ScheduleKind(StrEnum):
    """Every so many hours, or daily at a local time."""

    DAILY = "daily"
    EVERY = "every"
