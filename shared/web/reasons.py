"""Why a run left somebody out, asks about them, or lets their contact be: the codes in words."""

from shared.core.changes import ConflictReason, LifecycleReason, RejectionReason
from shared.core.scope import SkipReason

_WORDS: dict[str, str] = {
    SkipReason.MEMBER: "Members are not in scope.",
    SkipReason.GUEST: "Guests are not in scope.",
    SkipReason.DISABLED: "The account is disabled.",
    SkipReason.GROUP: "They are in none of the groups in scope.",
    SkipReason.DEPARTMENT: "Their department is not in scope.",
    SkipReason.OFFICE: "Their office is not in scope.",
    SkipReason.DOMAIN: "The domain of their email address is not in scope.",
    SkipReason.UNLICENSED: "They have no licence.",
    SkipReason.SKU: "They have none of the licences in scope.",
    SkipReason.SHARED_MAILBOX: "It is a shared mailbox, a room or equipment.",
    SkipReason.PATTERN: "An exclusion pattern fits.",
    SkipReason.NO_ADDRESS: "There is no email address that a mailbox answers to.",
    SkipReason.NO_SITE: "No site rule names their office or department.",
    SkipReason.DISMISSED: "Somebody decided in the review queue to leave them out.",
    ConflictReason.EMAIL_SHARED: "Several people in the directory have the same email address.",
    ConflictReason.EMAIL_TAKEN: "A contact with this email address belongs to somebody else.",
    ConflictReason.MULTIPLE_CONTACTS: "Several contacts have this email address.",
    ConflictReason.ALIAS_SHARED: "Another person in the directory has one of the same further addresses.",
    ConflictReason.ADDRESS_REUSED: "The contact with this email address belonged to somebody who left.",
    ConflictReason.OBJECT_ID_CHANGED: "The contact belonged to a deleted account of the same name.",
    LifecycleReason.SOFT_DELETED: "The account was deleted and can still be restored.",
    LifecycleReason.HARD_DELETED: "The account was deleted for good.",
    LifecycleReason.ABSENT: "The directory no longer lists the account.",
    LifecycleReason.ABSENT_ONCE: "The directory did not list the account; the next sync looks once more.",
    LifecycleReason.DISABLED: "The account was disabled.",
    LifecycleReason.OUT_OF_SCOPE: "The person is no longer in scope.",
    LifecycleReason.KEPT_ACTIVE: "Somebody decided that the contact stays active.",
    RejectionReason.CONTACT_GONE: (
        "The contact was deleted or merged in the PSA while this sync ran. The next sync finds or makes one."
    ),
    RejectionReason.ADDRESS_TAKEN: (
        "The PSA has another contact with this email address, which is not this person's. "
        "Look for it there, under other customers too."
    ),
    RejectionReason.INVALID: "The PSA does not accept one of the values. Correct it in the directory.",
}


def why(code: str) -> str | None:
    """The sentence, or None for a code that an older or newer version wrote."""
    return _WORDS.get(code)
