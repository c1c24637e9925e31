"""Spans: what is being done, for whom, how long it takes and how it ends.

An error leaves its code on the span, never its text or its stack: texts may name people. Where nobody
listens to spans, they cost next to nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, NoOpTracer, Span, SpanKind, StatusCode

from shared import __version__
from shared.core.errors import AttemptFailed, Stop, code_of
from shared.telemetry import metrics
from shared.telemetry.ids import PREFIX, ids

P = ParamSpec("P")
T = TypeVar("T")

NOBODY = NoOpTracer()
"""For libraries whose own spans say too much."""
STATUS = "http.response.status_code"
_tracer = trace.get_tracer("tenantry", __version__)
_ANSWERS = frozenset({404, 409, 410, 412})  # those that callers ask for, and understand


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, str | int] | None = None,
    *,
    parent: Context | None = None,
    links: Sequence[Link] = (),
) -> Iterator[Span]:
    """What follows is a part of the work. `name` holds nothing but words of the code."""
    known = {f"{PREFIX}{what}": value for what, value in ids().items()}
    with _tracer.start_as_current_span(
        name,
        parent,
        kind,
        {**known, **(attributes or {})},
        links,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            if not isinstance(error, Stop):
                failed(current)
            current.set_attribute(f"{PREFIX}code", _code(error))
            raise


def spanned(
    name: str,
) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Coroutine[Any, Any, T]]]:
    """Every call of the coroutine function is a part of the work."""

    def wrapped(function: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        @wraps(function)
        async def within(*arguments: P.args, **options: P.kwargs) -> T:
            with span(name):
                return await function(*arguments, **options)

        return within

    return wrapped


def tell(**facts: str | int | None) -> None:
    """Say more of the work at hand: `kind`, `trigger`, `destination`, `outcome`, `code`, `actor`, an id."""
    current = trace.get_current_span()
    for name, value in facts.items():
        if value is not None:
            current.set_attribute(f"{PREFIX}{name}", value)


def failed(current: Span) -> None:
    """What the span is of did not succeed."""
    current.set_status(StatusCode.ERROR)


class Call:
    """One call to the outside."""

    def __init__(self, current: Span) -> None:
        """`current`: its span."""
        self._span = current
        self.status: int | None = None

    def answered(self, status: int, *, is_question: bool = False) -> None:
        """Note the status of the answer. One that says how things are is no error: 404, 409, 410, 412.

        `is_question`: nor is one that only asks who we are.
        """
        self.status = status
        self._span.set_attribute(STATUS, status)
        if status >= HTTPStatus.BAD_REQUEST and status not in _ANSWERS and not is_question:
            failed(self._span)


@contextmanager
def calling(system: str, method: str, **attributes: str) -> Iterator[Call]:
    """What follows is one call to the outside, and is counted.

    `system`: such as graph; no part of an address is kept.
    """
    facts = {"peer.service": system, "http.request.method": method, **attributes}
    with span(f"{system} {method}", SpanKind.CLIENT, facts) as current:
        call = Call(current)
        try:
            yield call
        finally:
            metrics.called(system, call.status)


def _code(error: BaseException) -> str:
    if isinstance(error, AttemptFailed):
        return str(error)  # which is a code
    if isinstance(error, Stop):
        return error.code
    if isinstance(error, Exception):
        return code_of(error)
    return "canceled" if isinstance(error, asyncio.CancelledError) else type(error).__name__
