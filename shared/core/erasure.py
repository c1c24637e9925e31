"""Everything that is kept of one customer, to be erased on the operator's explicit order."""

from collections.abc import Mapping

import msgspec


class Subject(msgspec.Struct, frozen=True):
    """Whose traces are meant. `psa_account`: names the account's PSA, empty for the built-in destination;
    `endpoints`: ids of the account's webhook endpoints."""

    account_id: str
    customer_id: str
    connection_id: str
    psa_account: str = ""
    endpoints: tuple[str, ...] = ()


class Erasure(msgspec.Struct, frozen=True):
    """What was found, what was deleted, and what another look found afterwards: rows by table.

    `secret_left`: whether the customer's token is still in Key Vault.
    """

    subject: Subject
    found: dict[str, int]
    deleted: dict[str, int]
    left: dict[str, int]
    secret_left: bool

    @property
    def proven(self) -> bool:
        """Whether nothing is left."""
        return not self.secret_left and not any(self.left.values())


def added(counts: Mapping[str, int], table: str, rows: int) -> dict[str, int]:
    """The counts with so many rows more of a table."""
    return {**counts, table: counts.get(table, 0) + rows}
