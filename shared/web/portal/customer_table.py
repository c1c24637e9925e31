"""A page of the account's table of customers."""

import asyncio
from datetime import datetime
from functools import partial

import msgspec

from shared.bootstrap import App
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer
from shared.core.reasons import reason
from shared.core.text import clean
from shared.ports import Page
from shared.web.scanning import fitting

ROWS = 25
_AT_ONCE = 500  # customers of a look
_MOST_LOOKS = 20  # before an answer is given with what was found so far


class Row(msgspec.Struct, frozen=True):
    """One customer; `reason`: why somebody must act, in one sentence."""

    customer: Customer
    connection: Connection | None
    state: ConnectionState
    reason: str | None
    next_sync: datetime | None


async def rows(app: App, account_id: str, search: str, after: str | None) -> Page[Row]:
    """At most `ROWS` customers whose name has `search` in it, whatever its case, ordered by id.

    Where they are rare the page may be shorter though there are more.
    """
    if search:
        page = await _named(app, account_id, search, after)
    else:
        page = await app.customers.list(account_id, ROWS, after)
    return Page(tuple(await asyncio.gather(*(_row(app, customer) for customer in page.items))), page.after)


async def _row(app: App, customer: Customer) -> Row:
    stored = await app.customers.find_connection(customer)
    if stored is None:
        return Row(customer, None, ConnectionState.PENDING, None, None)
    connection = stored.value
    return Row(
        customer,
        connection,
        connection.state_at(app.clock.now()),
        None if connection.reason is None else reason(connection.reason).title,
        app.customers.next_sync(connection),
    )


async def _named(app: App, account_id: str, search: str, after: str | None) -> Page[Customer]:
    wanted = search.casefold()
    return await fitting(
        partial(app.customers.list, account_id),
        lambda customer: wanted in clean(customer.name).casefold(),
        ROWS,
        after,
        at_once=_AT_ONCE,
        most_looks=_MOST_LOOKS,
    )
