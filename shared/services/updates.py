"""Changing a stored value that others may change at the same time."""

from collections.abc import Callable

from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.errors import ConcurrentUpdate, NotFound, RetryLater
from shared.core.run import Run
from shared.ports import ConnectionStore, RunStore, Stored

_ATTEMPTS = 10


async def stored_connection(store: ConnectionStore, customer: Customer) -> Stored[Connection]:
    """The customer's connection. Raises NotFound when connecting was never begun."""
    stored = await store.get(customer.account_id, customer.connection_id)
    if stored is None:
        raise NotFound("connection")
    return stored


async def update(
    store: ConnectionStore, stored: Stored[Connection], change: Callable[[Connection], Connection]
) -> Stored[Connection]:
    """Write `change(connection)`; when somebody else was quicker, apply it to what they wrote."""
    for _ in range(_ATTEMPTS):
        try:
            return await store.replace(stored, change(stored.value))
        except ConcurrentUpdate:
            found = await store.get(stored.value.account_id, stored.value.id)
            if found is None:
                raise NotFound("connection") from None
            stored = found
    raise RetryLater.soon("busy", "The connection is being changed by several others at once.")


async def update_run(runs: RunStore, run_id: str, change: Callable[[Run], Run]) -> Run | None:
    """Write `change(run)` unless the run has ended, for what has ended never changes.

    Returns the run as it is then, None where there is no such run.
    """
    while (run := await runs.get(run_id)) is not None and not run.state.ended:
        changed = change(run)
        if await runs.swap(run, changed):
            return changed
    return run
