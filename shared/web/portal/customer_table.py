"""A page of the account's table of customers, and the whole of it for a spreadsheet."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

import msgspec

from shared.app import App
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer
from shared.core.reasons import reason
from shared.core.text import clean
from shared.ports import Page
from shared.web.scanning import fitting
from shared.web.words import utc

ROWS = 25
COLUMNS = (
    "customer_id",
    "customer",
    "state",
    "needs_action",
    "organization",
    "domain",
    "connected_at",
    "last_sync",
    "late",
    "next_sync",
)
_AT_ONCE = 500  # customers of a look
_MOST_LOOKS = 20  # before an answer is given with what was found so far


class Only(StrEnum):
    """Which customers are asked for."""

    ALL = "all"
    NEEDS_ACTION = "needs_action"
    NOT_CONNECTED = "not_connected"
    LATE = "late"


_NOT_CONNECTED = frozenset(
    {ConnectionState.PENDING, ConnectionState.CONSENTING, ConnectionState.DISCONNECTED}
)


class Row(msgspec.Struct, frozen=True):
    """One customer; `reason`: why somebody must act, in a sentence; `overdue`: since when a sync is late."""

    customer: Customer
    connection: Connection | None
    state: ConnectionState
    reason: str | None = None
    next_sync: datetime | None = None
    freshness: timedelta | None = None
    overdue: datetime | None = None

    def fits(self, only: Only) -> bool:
        """Whether the customer is one of those that are asked for."""
        match only:
            case Only.NEEDS_ACTION:
                held = self.connection is not None and self.connection.held_run is not None
                return self.reason is not None or (held and self.state is ConnectionState.ACTIVE)
            case Only.NOT_CONNECTED:
                return self.state in _NOT_CONNECTED
            case Only.LATE:
                return self.overdue is not None
        return True


async def rows(app: App, account_id: str, search: str, only: Only, after: str | None) -> Page[Row]:
    """At most `ROWS` customers whose name has `search` in it, whatever its case, ordered by id.

    Where they are rare the page may be shorter though there are more.
    """
    if only is not Only.ALL:  # then every connection has to be known, which is a query for a thousand
        connections = await app.overview.connected(account_id)
        page = await _fitting(
            app,
            account_id,
            lambda customer: (
                _named(customer, search)
                and _row(app, customer, connections.get(customer.connection_id)).fits(only)
            ),
            after,
        )
        found = tuple(_row(app, one, connections.get(one.connection_id)) for one in page.items)
        return Page(found, page.after)
    if search:
        page = await _fitting(app, account_id, partial(_named, search=search), after)
    else:
        page = await app.customers.list(account_id, ROWS, after)
    return Page(tuple(await asyncio.gather(*(_read(app, customer) for customer in page.items))), page.after)


async def lines(app: App, account_id: str, search: str, only: Only) -> AsyncIterator[list[str]]:
    """The lines of the table, of every customer that is asked for."""
    connections = await app.overview.connected(account_id)
    async for customer in app.overview.every_customer(account_id):
        row = _row(app, customer, connections.get(customer.connection_id))
        if _named(customer, search) and row.fits(only):
            yield _line(row)


def _line(row: Row) -> list[str]:
    connection = row.connection
    connected_at = None if connection is None else connection.connected_at
    synced_at = None if connection is None else connection.synced_at
    return [
        row.customer.id,
        row.customer.name,
        row.state.value,
        "yes" if row.fits(Only.NEEDS_ACTION) else "no",
        (connection and connection.tenant_name) or "",
        (connection and connection.tenant_domain) or "",
        "" if connected_at is None else utc(connected_at),
        "" if synced_at is None else utc(synced_at),
        "no" if row.overdue is None else "yes",
        "" if row.next_sync is None else utc(row.next_sync),
    ]


async def _read(app: App, customer: Customer) -> Row:
    stored = await app.customers.find_connection(customer)
    return _row(app, customer, None if stored is None else stored.value)


def _row(app: App, customer: Customer, connection: Connection | None) -> Row:
    if connection is None:
        return Row(customer, None, ConnectionState.PENDING)
    now = app.clock.now()
    return Row(
        customer,
        connection,
        connection.state_at(now),
        _reason(connection),
        app.customers.next_sync(connection),
        None if connection.synced_at is None else now - connection.synced_at,
        app.customers.overdue_since(connection),
    )


def _reason(connection: Connection) -> str | None:
    if connection.reason is not None:
        return reason(connection.reason).title
    trouble = connection.trouble
    if connection.state is ConnectionState.ACTIVE and trouble and trouble.run_id == connection.last_run:
        return trouble.title
    return None


def _named(customer: Customer, search: str) -> bool:
    return search.casefold() in clean(customer.name).casefold()


async def _fitting(
    app: App, account_id: str, fits: Callable[[Customer], bool], after: str | None
) -> Page[Customer]:
    listed = partial(app.customers.list, account_id)
    return await fitting(listed, fits, ROWS, after, at_once=_AT_ONCE, most_looks=_MOST_LOOKS)
