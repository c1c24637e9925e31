"""API keys: what each may do, how long it counts, and how it is followed by another."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from shared.core.errors import Actor, Conflict

LONGEST_OVERLAP = timedelta(days=7)
"""How long a key may go on counting beside the one that follows it."""
_LIVE_AT_ONCE = 2  # keys of one lineage
_USE_NOTED_EVERY = timedelta(hours=1)
_KEY = re.compile(r"tnt_([0-9a-f]{16})_([0-9a-f]{8})_([0-9a-f]{64})")


class Resource(StrEnum):
    """A part of the API that a key may be let into."""

    ACCOUNT = "account"
    CUSTOMERS = "customers"
    CONNECTIONS = "connections"
    RUNS = "runs"
    CONTACTS = "contacts"
    REVIEWS = "reviews"
    REPORTS = "reports"
    ISSUES = "issues"
    EVENTS = "events"
    WEBHOOKS = "webhooks"
    PORTAL = "portal"
    KEYS = "keys"


class KeyScope(StrEnum):
    """What a key may do: one part of the API, to read or to write. Writing does not include reading."""

    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    CONNECTIONS_READ = "connections:read"
    CONNECTIONS_WRITE = "connections:write"
    RUNS_READ = "runs:read"
    RUNS_WRITE = "runs:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    REVIEWS_READ = "reviews:read"
    REVIEWS_WRITE = "reviews:write"
    REPORTS_READ = "reports:read"
    ISSUES_READ = "issues:read"
    EVENTS_READ = "events:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    PORTAL_READ = "portal:read"
    PORTAL_WRITE = "portal:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"


class ApiKey(msgspec.Struct, frozen=True):
    """An API key; of its secret only the SHA-256 is kept (it is 256 bits of chance, so that is enough).

    `scopes` None: everything, also what later versions add. `lineage`: the id of the key that this one
    follows, through however many rotations. `last_used_at` is right to the hour.
    """

    id: str
    account_id: str
    label: str
    secret_hash: str
    created_at: datetime
    revoked_at: datetime | None = None
    scopes: tuple[KeyScope, ...] | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    lineage: str | None = None

    def live(self, now: datetime) -> bool:
        """Whether the key counts."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    def accepts(self, secret: str, now: datetime) -> bool:
        """Whether the secret is this key's and the key still counts."""
        return hmac.compare_digest(_hash(secret), self.secret_hash) and self.live(now)

    def allows(self, scopes: Iterable[KeyScope] | None) -> bool:
        """Whether the key may do all of that; None stands for everything."""
        if self.scopes is None or scopes is None:
            return self.scopes is None
        return set(scopes) <= set(self.scopes)

    @property
    def first(self) -> str:
        """The id of the first key of its lineage."""
        return self.lineage or self.id

    def lasts(self, now: datetime) -> bool:
        """Whether the key counts until somebody ends it."""
        return self.live(now) and self.expires_at is None


def new_api_key(
    account_id: str,
    label: str,
    now: datetime,
    scopes: Iterable[KeyScope] | None = None,
    lineage: str | None = None,
) -> tuple[ApiKey, str]:
    """A fresh key and its text, which is shown once and never kept."""
    key_id, secret = secrets.token_hex(4), secrets.token_hex(32)
    kept = None if scopes is None else tuple(sorted(set(scopes)))
    key = ApiKey(key_id, account_id, label, _hash(secret), now, scopes=kept, lineage=lineage)
    return key, f"tnt_{account_id}_{key_id}_{secret}"


def parse_api_key(text: str) -> tuple[str, str, str] | None:
    """(account id, key id, secret), or None when the text is no key of ours."""
    found = _KEY.fullmatch(text)
    return (found[1], found[2], found[3]) if found else None


def scope_for(resource: Resource, *, writes: bool) -> KeyScope:
    """The scope that a request to a part of the API needs. Raises ValueError where there is none."""
    return KeyScope(f"{resource}:{'write' if writes else 'read'}")


def used(key: ApiKey, now: datetime) -> ApiKey | None:
    """The key with a new time of use; None where the one it has is right to the hour."""
    if key.last_used_at is not None and now - key.last_used_at < _USE_NOTED_EVERY:
        return None
    return msgspec.structs.replace(key, last_used_at=now)


def check_rotation(key: ApiKey, keys: Sequence[ApiKey], overlap: timedelta, now: datetime) -> None:
    """Raises Conflict where the key has ended, or a third one of its lineage would count."""
    if not key.live(now):
        raise Conflict(
            "key_ended",
            "The key does not count any more, so nothing can follow it.",
            "Create a new key.",
            Actor.TECHNICIAN,
        )
    stays = [other for other in keys if other.first == key.first and other.live(now)]
    if len(stays) + (overlap > timedelta(0)) > _LIVE_AT_ONCE:
        raise rotated_already()


def rotated_already() -> Conflict:
    """The refusal of a third live key of one lineage."""
    return Conflict(
        "key_rotated_already",
        "The key was rotated already, and the one before it or after it still counts.",
        "Wait until the older one ends, or delete the one that is not used.",
        Actor.TECHNICIAN,
    )


def check_deletion(key: ApiKey, keys: Sequence[ApiKey], now: datetime) -> None:
    """Raises Conflict where nobody could make keys through the API any more."""
    rest = [other for other in keys if other.id != key.id]
    if _manages(key, now) and not any(_manages(other, now) for other in rest):
        raise Conflict(
            "last_key",
            "This is the account's last lasting key that may manage keys.",
            "Create another key with keys:write first; or ask the operator, who may revoke it all the same.",
            Actor.TECHNICIAN,
        )


def _manages(key: ApiKey, now: datetime) -> bool:
    return key.lasts(now) and key.allows((KeyScope.KEYS_WRITE,))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
