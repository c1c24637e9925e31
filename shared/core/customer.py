"""Accounts and their customers."""

import secrets
from datetime import datetime

import msgspec


class Account(msgspec.Struct, frozen=True):
    """One PSA account: an MSP or an IT department. `return_origins`: sites its portal may lead back to."""

    id: str
    name: str
    created_at: datetime
    return_origins: tuple[str, ...] = ()


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
