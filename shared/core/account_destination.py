"""Where an account's contacts live: with us, or in a PSA that was given an API key for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from shared.core.errors import Actor, DestinationRefused
from shared.core.events import Notice

_MOST_DOMAINS = 10
_ONE_CUSTOMERS = "destination_customer_missing"


class DestinationKind(StrEnum):
    """The built-in destination, or somebody else's PSA."""

    BUILTIN = "builtin"
    ATERA = "atera"
    SYNCRO = "syncro"


class DestinationProblem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why the PSA lets nobody in, in words that may be shown; `closed`: not even asked again before somebody
    has acted here."""

    code: str
    title: str
    detail: str
    actor: str
    since: datetime
    closed: bool = False

    def error(self) -> DestinationRefused:
        """The problem, to be raised."""
        return DestinationRefused(self.code, self.title, self.detail, Actor(self.actor), closed=self.closed)


class AccountDestination(msgspec.Struct, frozen=True, omit_defaults=True):
    """An account's destination.

    `subdomain`: of a Syncro account; `psa_account`: names the account among all accounts of all PSAs; `name`:
    its name there; `secret_name`: of the Key Vault secret with the key. `imported_at`: when its customers
    were read last, `customers` how many there were; `importing_since`: they are being read. `outbox`: notices
    that are not in the feed yet, `noticed` how many there ever were. Times are UTC.
    """

    kind: DestinationKind = DestinationKind.BUILTIN
    subdomain: str | None = None
    psa_account: str = ""
    name: str = ""
    secret_name: str | None = None
    set_at: datetime | None = None
    tested_at: datetime | None = None
    problem: DestinationProblem | None = None
    importing_since: datetime | None = None
    imported_at: datetime | None = None
    customers: int = 0
    outbox: tuple[Notice, ...] = ()
    noticed: int = 0


def problem_of(error: DestinationRefused, since: datetime) -> DestinationProblem:
    """What is kept of a refusal."""
    return DestinationProblem(
        error.code, error.title, error.detail, error.actor.value, since, closed=error.closed
    )


def of_the_account(error: DestinationRefused) -> bool:
    """Whether all customers of the account are refused, rather than the one that was asked about."""
    return error.code != _ONE_CUSTOMERS


def key_missing() -> DestinationRefused:
    """The vault has no key for an account that needs one."""
    return DestinationRefused(
        "destination_key_missing",
        "The API key of the account's PSA is not there any more.",
        "Make a new key in the PSA and paste it into the account's page.",
        closed=True,
    )


def usual_domains(addresses: Iterable[str]) -> tuple[str, ...]:
    """The domains of a customer's email addresses, the commonest first."""
    domains = Counter(address.rpartition("@")[2].strip().lower() for address in addresses if "@" in address)
    del domains[""]
    return tuple(domain for domain, _ in domains.most_common(_MOST_DOMAINS))


def telling_domains(domains: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Customer → those of its domains that no other customer has: what two have, such as a mail provider's,
    tells neither of them."""
    holders = Counter(domain for mine in domains.values() for domain in set(mine))
    return {
        customer: [domain for domain in dict.fromkeys(mine) if holders[domain] == 1]
        for customer, mine in domains.items()
    }
