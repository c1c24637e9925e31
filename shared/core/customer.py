"""Accounts, their API keys, and their customers."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime

import msgspec

_KEY = re.compile(r"tnt_([0-9a-f]{16})_([0-9a-f]{8})_([0-9a-f]{64})")


class Account(msgspec.Struct, frozen=True):
    """One PSA account: an MSP or an IT department."""

    id: str
    name: str
    created_at: datetime


class ApiKey(msgspec.Struct, frozen=True):
    """An API key; of its secret only the SHA-256 is kept (it is 256 bits of chance, so that is enough)."""

    id: str
    account_id: str
    label: str
    secret_hash: str
    created_at: datetime
    revoked_at: datetime | None = None

    def accepts(self, secret: str) -> bool:
        """Whether the secret is this key's and the key still counts."""
        return self.revoked_at is None and hmac.compare_digest(_hash(secret), self.secret_hash)


class Site(msgspec.Struct, frozen=True):
    """A place inside a customer."""

    id: str
    name: str


class ProposedTenant(msgspec.Struct, frozen=True):
    """A tenant that is probably the customer's, as it answers to the `domain` of its email addresses."""

    id: str
    domain: str


class Customer(msgspec.Struct, frozen=True):
    """A customer as in the PSA. `connection_id` names its connection, whether or not there is one yet.

    `domains`: of its email addresses, as far as the PSA knows; `proposed`: the tenant they lead to.
    """

    id: str
    account_id: str
    name: str
    connection_id: str
    created_at: datetime
    sites: tuple[Site, ...] = ()
    domains: tuple[str, ...] = ()
    proposed: ProposedTenant | None = None


def new_account_id() -> str:
    """16 hexadecimal digits of chance."""
    return secrets.token_hex(8)


def new_api_key(account_id: str, label: str, now: datetime) -> tuple[ApiKey, str]:
    """A fresh key and its text, which is shown once and never kept."""
    key_id, secret = secrets.token_hex(4), secrets.token_hex(32)
    key = ApiKey(key_id, account_id, label, _hash(secret), now)
    return key, f"tnt_{account_id}_{key_id}_{secret}"


def parse_api_key(text: str) -> tuple[str, str, str] | None:
    """(account id, key id, secret), or None when the text is no key of ours."""
    found = _KEY.fullmatch(text)
    return (found[1], found[2], found[3]) if found else None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
