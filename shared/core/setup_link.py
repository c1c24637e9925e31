"""A setup link: an address that may be mailed, and opens one customer's set-up until that is finished."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

import msgspec

from shared.core.errors import Actor, Conflict, Gone

LONGEST_LIFETIME = timedelta(days=30)
"""After this at the latest a setup link ends by itself."""

_TEXT = re.compile(r"setup_([0-9a-f]{16})_(([0-9a-f]{16})[0-9a-f]{8})_([0-9a-f]{64})")


class SetupLink(msgspec.Struct, frozen=True):
    """The setup link of a connection; of its secret only the SHA-256 is kept (it is 256 bits of chance)."""

    id: str
    secret_hash: str
    created_at: datetime
    expires_at: datetime

    def accepts(self, secret: str) -> bool:
        """Whether the secret is this link's."""
        return hmac.compare_digest(_hash(secret), self.secret_hash)


class SetupLinkText(msgspec.Struct, frozen=True):
    """What the text of a link says: where to look it up, and the secret that proves it."""

    account_id: str
    connection_id: str
    link_id: str
    secret: str


def new_setup_link(
    account_id: str, connection_id: str, now: datetime, lifetime: timedelta
) -> tuple[SetupLink, str]:
    """A fresh link and its text, which is shown once and never kept. Its id begins with the connection's."""
    link_id, secret = connection_id + secrets.token_hex(4), secrets.token_hex(32)
    link = SetupLink(link_id, _hash(secret), now, now + min(lifetime, LONGEST_LIFETIME))
    return link, f"setup_{account_id}_{link_id}_{secret}"


def parse_setup_link(text: str) -> SetupLinkText | None:
    """What the text says, or None when it is no link of ours."""
    found = _TEXT.fullmatch(text)
    return None if found is None else SetupLinkText(found[1], found[3], found[2], found[4])


def connection_of_link(link_id: str) -> str:
    """The connection that a link's id names."""
    return link_id[:16]


def setup_link_ended() -> Gone:
    """The refusal of a link that opens nothing, for whatever reason: nobody learns which."""
    return Gone(
        "setup_link_ended",
        "This link does not open anything any more.",
        "It has expired, was replaced or withdrawn, or the set-up is finished."
        " Ask whoever sent it for a new one. Nothing was changed.",
        Actor.CUSTOMER_ADMIN,
    )


def already_set_up() -> Conflict:
    """The refusal to make a link for a customer whose set-up is finished."""
    return Conflict(
        "already_set_up",
        "The customer is set up already, so there is nothing that a setup link could open.",
        "Use a portal session to change the set-up; or disconnect the customer and set it up again.",
        Actor.TECHNICIAN,
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
