"""What a PSA's refusals mean: one message each, which names who must act and how.

The words are chosen here, never taken from an answer, and name neither key nor address.
"""

from datetime import timedelta

from shared.core.errors import DestinationRefused, RetryLater

_UNANSWERED = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)


class Unanswered(RetryLater):
    """A request whose answer nobody saw, or that failed on the other side: it may have had its effect."""


class NotSent(RetryLater):
    """A request that surely had no effect: it did not get there, or was turned away at the door."""


class Unknown(Exception):
    """What was asked for does not exist there (any more); whoever asked knows what it was."""


class Taken(Exception):
    """Another contact has the address already."""

    def __init__(self, said: str = "") -> None:
        """`said`: by the PSA, made safe to show."""
        super().__init__("address taken")
        self.said = said


class Invalid(Exception):
    """A value that the PSA does not accept."""

    def __init__(self, said: str = "") -> None:
        """`said`: by the PSA, made safe to show."""
        super().__init__("invalid")
        self.said = said


def unanswered(psa: str) -> Unanswered:
    """The connection broke, or the answer says that something broke there."""
    return Unanswered("destination_unavailable", f"{psa} is not answering.", _UNANSWERED)


def not_reached(psa: str) -> NotSent:
    """The request did not get there."""
    return NotSent("destination_unavailable", f"{psa} cannot be reached.", _UNANSWERED)


def unintelligible(psa: str) -> Unanswered:
    """An answer that makes no sense, as from a proxy on the way or in the middle of an outage."""
    return Unanswered(
        "destination_unintelligible", f"{psa} answered something else than its API does.", _UNANSWERED
    )


def rationed(psa: str, wait: timedelta) -> NotSent:
    """Our own share of the calls is used up, or the PSA asked everybody to wait."""
    return NotSent("destination_busy", f"{psa} takes only so many calls a minute.", min(wait, _LONGEST_WAIT))


def key_refused(psa: str, where: str, more: str = "") -> DestinationRefused:
    """The key is none (any more)."""
    return DestinationRefused(
        "destination_key_refused",
        f"{psa} refuses the API key: it is wrong, has expired or was revoked.",
        f"Make a new key in {psa} ({where}) and paste it into the account's page.{more}",
        closed=True,
    )


def key_expired(psa: str, where: str, day: str) -> DestinationRefused:
    """The key says itself that it is over."""
    return DestinationRefused(
        "destination_key_expired",
        f"The API key for {psa} expired on {day}.",
        f"Make a new key in {psa} ({where}) and paste it into the account's page.",
        closed=True,
    )


def permission_missing(psa: str, where: str, missing: str) -> DestinationRefused:
    """The key is good, and not for this."""
    return DestinationRefused(
        "destination_permission_missing",
        f"The API key for {psa} lacks a permission: {missing}.",
        f"Give the key that permission in {psa} ({where}), or make a new one that has it.",
    )


def suspended(psa: str, why: str) -> DestinationRefused:
    """Nothing at all may be asked for, with a key that is good."""
    return DestinationRefused(
        "destination_suspended",
        f"{psa} does not let this account use its API.",
        f"{why} Set it right in {psa}, or ask its support; the next sync goes on by itself.",
    )


def account_unknown(psa: str) -> DestinationRefused:
    """There is nobody at the address."""
    return DestinationRefused(
        "destination_account_unknown",
        f"There is no {psa} account at this subdomain.",
        "Look at the address of the PSA in the browser and correct the subdomain.",
        closed=True,
    )


def customer_unknown(psa: str) -> DestinationRefused:
    """The customer is gone there."""
    return DestinationRefused(
        "destination_customer_missing",
        f"The customer does not exist in {psa} any more.",
        f"Connect the customer's organization to the customer that it is in {psa} now, or disconnect it.",
    )
