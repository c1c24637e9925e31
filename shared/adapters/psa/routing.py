"""Leads every connection to where its account's contacts live."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from typing import NamedTuple

import msgspec

from shared.adapters.psa.accounts import Psas
from shared.adapters.psa.contacts import PsaContacts
from shared.adapters.psa.destination import PsaDestination
from shared.core.account_destination import (
    AccountDestination,
    DestinationKind,
    key_missing,
    of_the_account,
    problem_of,
)
from shared.core.changes import Change, Rejection
from shared.core.connection import Connection
from shared.core.errors import ConcurrentUpdate, DestinationRefused, RetryLater
from shared.core.links import book_name
from shared.core.models import Contact
from shared.core.report import TenantReport
from shared.core.supplement import Gap
from shared.logs import log
from shared.ports import (
    AccountDestinationStore,
    Clock,
    ContactStore,
    Destination,
    Destinations,
    LinkStore,
    Secrets,
    Stored,
)

_REMEMBERED = 10.0  # seconds for which an account without a PSA is not looked up again
_MOST_REMEMBERED = 10_000


class _Led(NamedTuple):
    """Where a connection leads, and since when."""

    destination: Destination
    chosen_at: datetime | None


class AccountRoutes:
    """Implements Destinations and ContactStores."""

    def __init__(
        self,
        builtin: Destinations,
        builtin_contacts: ContactStore,
        psas: Psas,
        *,
        accounts: AccountDestinationStore,
        links: LinkStore,
        secrets: Secrets,
        clock: Clock,
    ) -> None:
        """`builtin`: for accounts that have no PSA."""
        self._builtin, self._builtin_contacts, self._psas = builtin, builtin_contacts, psas
        self._accounts, self._links, self._secrets, self._clock = accounts, links, secrets, clock
        self._without: dict[str, float] = {}

    def open(self, connection: Connection, *, looking: bool = False) -> Destination:
        """See Destinations."""
        return _Route(connection, partial(self._lead, looking=looking), self._note)

    async def of(self, account_id: str) -> ContactStore:
        """See ContactStores."""
        stored = await self._stored(account_id)
        if stored is None or stored.value.kind is DestinationKind.BUILTIN:
            return self._builtin_contacts
        return PsaContacts(self._links, stored.value.psa_account, stored.value.kind.value)

    async def _stored(self, account_id: str) -> Stored[AccountDestination] | None:
        now = self._clock.monotonic()
        if self._without.get(account_id, now) > now:
            return None
        stored = await self._accounts.get(account_id)
        if stored is None or stored.value.kind is DestinationKind.BUILTIN:
            if len(self._without) >= _MOST_REMEMBERED:
                self._without.clear()
            self._without[account_id] = now + _REMEMBERED
        return stored

    async def _lead(self, connection: Connection, *, looking: bool) -> _Led:
        stored = await self._stored(connection.account_id)
        if stored is None or stored.value.kind is DestinationKind.BUILTIN:
            return _Led(self._builtin.open(connection, looking=looking), None)
        try:
            return _Led(await self._psa(connection, stored, looking=looking), stored.value.set_at)
        except DestinationRefused as error:
            await self._note(connection.account_id, error, stored.value.set_at)
            raise

    async def _psa(
        self, connection: Connection, stored: Stored[AccountDestination], *, looking: bool
    ) -> Destination:
        destination = stored.value
        if destination.problem is not None and destination.problem.closed:
            raise destination.problem.error()
        key = await self._secrets.get(destination.secret_name or "")
        if key is None:
            now = await self._accounts.get(connection.account_id)
            if now is not None and now.value.set_at != destination.set_at:
                raise RetryLater.soon("busy", "The account's destination is being changed.")
            raise key_missing()
        if destination.problem is not None:
            account = self._psas.open(destination.kind, key, destination.subdomain, connection.account_id)
            await account.check()
            healed = msgspec.structs.replace(destination, problem=None)
            await self._write(connection.account_id, stored, healed)
        return PsaDestination(
            self._psas.contacts(destination, key, connection),
            connection,
            book_name(connection.id, destination.psa_account),
            links=self._links,
            listings=self._psas.listings,
            clock=self._clock,
            looking=looking,
        )

    async def _note(self, account_id: str, error: DestinationRefused, chosen_at: datetime | None) -> None:
        """Keep what is wrong with the account, so that its other customers are not tried one by one.

        `chosen_at`: when the key was pasted; of one that another has taken the place of since, nothing is
        kept.
        """
        if not of_the_account(error):
            return
        stored = await self._accounts.get(account_id)
        if stored is None or stored.value.kind is DestinationKind.BUILTIN or stored.value.set_at != chosen_at:
            return
        problem = problem_of(error, self._clock.now())
        known = stored.value.problem
        if known is not None and msgspec.structs.replace(known, since=problem.since) == problem:
            return
        log("destination.refused", account=account_id, code=error.code)
        await self._write(account_id, stored, msgspec.structs.replace(stored.value, problem=problem))

    async def _write(
        self, account_id: str, stored: Stored[AccountDestination], value: AccountDestination
    ) -> None:
        with suppress(ConcurrentUpdate):  # somebody set the account up anew, or found the same
            await self._accounts.put(account_id, stored, value)


class _Route:
    """Implements Destination: finds out where it leads when it is first asked something."""

    def __init__(
        self,
        connection: Connection,
        lead: Callable[[Connection], Awaitable[_Led]],
        note: Callable[[str, DestinationRefused, datetime | None], Awaitable[None]],
    ) -> None:
        self._connection, self._lead, self._note = connection, lead, note
        self._found: _Led | None = None

    @property
    def batch_size(self) -> int:
        return self._known.batch_size

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return self._known.gaps

    async def fields(self) -> frozenset[str]:
        async with self._there() as destination:
            return await destination.fields()

    async def contacts(self, since: datetime) -> AsyncIterator[list[Contact]]:
        async with self._there() as destination:
            async for page in destination.contacts(since):
                yield page

    async def publish(self, report: TenantReport) -> None:
        async with self._there() as destination:
            await destination.publish(report)

    async def apply(self, changes: Sequence[Change], run_id: str) -> Sequence[Rejection]:
        async with self._there() as destination:
            return await destination.apply(changes, run_id)

    @property
    def _known(self) -> Destination:
        if self._found is None:
            raise RuntimeError("`fields` comes first")
        return self._found.destination

    @asynccontextmanager
    async def _there(self) -> AsyncIterator[Destination]:
        if self._found is None:
            self._found = await self._lead(self._connection)
        try:
            yield self._found.destination
        except DestinationRefused as error:
            await self._note(self._connection.account_id, error, self._found.chosen_at)
            raise
