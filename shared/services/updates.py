"""Changing a stored value that others may change at the same time."""

from collections.abc import Callable

from shared.core.connection import Connection
from shared.core.errors import ConcurrentUpdate, NotFound, RetryLater
from shared.ports import ConnectionStore, Stored

_ATTEMPTS = 10


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
