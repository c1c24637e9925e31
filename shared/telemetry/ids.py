"""Whom the work at hand is for. Spans and log lines take it from here, so nobody has to hand it on.

Nothing but the standard library is imported: log lines are written before anything slow is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

PREFIX = "tenantry."
"""Of every attribute that is Tenantry's own."""
_NOBODY: Mapping[str, str] = {}
_ids: ContextVar[Mapping[str, str]] = ContextVar("tenantry_ids", default=_NOBODY)


@contextmanager
def about(
    *,
    account: str | None = None,
    customer: str | None = None,
    connection: str | None = None,
    run: str | None = None,
) -> Iterator[None]:
    """What follows, in this task and its threads, is for these; what is not given stays as it was."""
    given = {"account": account, "customer": customer, "connection": connection, "run": run}
    token = _ids.set({**_ids.get(), **{name: value for name, value in given.items() if value}})
    try:
        yield
    finally:
        _ids.reset(token)


def ids() -> Mapping[str, str]:
    """The ids of the work at hand, by `account`, `customer`, `connection` and `run`; those that are known."""
    return _ids.get()
