"""Spans say what was done, for whom and how it ended, and nothing of what an error's text holds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from shared.core.errors import AttemptFailed, LeaseLost, RetryLater
from shared.services.leases import Busy
from shared.telemetry.ids import about, ids
from shared.telemetry.spans import calling, span, spanned, tell
from tests.fakes.telemetry import Heard, listening

NAMES = "Ada Lovelace <ada@contoso.example> eyJ0eXAi https://graph.example/users?$deltatoken=secret"


@pytest.fixture
def heard() -> Iterator[Heard]:
    with listening() as spans:
        yield spans


def test_spans_carry_the_ids_of_the_work_at_hand(heard: Heard) -> None:
    """In threads and in tasks too; what is inside adds to what is around it, and only there."""

    def part(name: str) -> None:
        with span(name):
            pass

    async def work() -> None:
        with about(account="a", connection="c"):
            with about(run="r", customer=None):
                await asyncio.to_thread(part, "inner")
            await asyncio.create_task(asyncio.to_thread(part, "outer"))

    asyncio.run(work())
    assert heard.one("inner").attributes == {
        "tenantry.account": "a",
        "tenantry.connection": "c",
        "tenantry.run": "r",
    }
    assert heard.one("outer").attributes == {"tenantry.account": "a", "tenantry.connection": "c"}
    assert ids() == {}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError(NAMES), "unexpected.ValueError"),
        (ExceptionGroup(NAMES, [KeyError(NAMES)]), "unexpected.ExceptionGroup"),
        (RetryLater("graph_unavailable", NAMES, timedelta(0)), "graph_unavailable"),
        (AttemptFailed("unexpected.KeyError"), "unexpected.KeyError"),
        (asyncio.CancelledError(NAMES), "canceled"),
        (KeyboardInterrupt(NAMES), "KeyboardInterrupt"),
    ],
)
async def test_an_error_leaves_its_code_and_nothing_else(
    heard: Heard, error: BaseException, code: str
) -> None:
    """Texts and stacks may name people; with their cause and in every span that it comes through."""

    @spanned("inner")
    async def fails() -> None:
        raise error from KeyError(NAMES)

    with pytest.raises(type(error)), span("outer"):
        await fails()
    assert [one.name for one in heard] == ["inner", "outer"]
    for one in heard:
        assert one.status.status_code is StatusCode.ERROR
        assert one.status.description is None
        assert one.attributes == {"tenantry.code": code}
        assert one.events == ()


@pytest.mark.parametrize(("stop", "code"), [(LeaseLost(), "lease_lost"), (Busy(timedelta(0)), "busy")])
def test_work_that_somebody_else_has_did_not_fail(heard: Heard, stop: Exception, code: str) -> None:
    """Two messages about one connection are an everyday thing, and no alarm."""
    with pytest.raises(type(stop)), span("run.lease"):
        raise stop
    one = heard.one("run.lease")
    assert one.status.status_code is StatusCode.UNSET
    assert one.attributes == {"tenantry.code": code}


async def test_a_spanned_function_is_still_itself(heard: Heard) -> None:
    """It takes and gives what it did, and what it tells is told of its own span."""

    @spanned("work")
    async def double(number: int, *, plus: int = 0) -> int:
        """Twice."""
        tell(kind="sync", outcome=None)
        return number * 2 + plus

    assert await double(2, plus=1) == 5
    assert (double.__name__, double.__doc__) == ("double", "Twice.")
    assert heard.one("work").attributes == {"tenantry.kind": "sync"}


@pytest.mark.parametrize(
    ("status", "is_error"),
    [
        *((status, False) for status in (200, 204, 304, 404, 409, 410, 412)),
        *((status, True) for status in (400, 401, 403, 429, 500, 503)),
    ],
)
def test_a_call_to_the_outside_says_how_it_was_answered(heard: Heard, status: int, is_error: bool) -> None:
    """An answer that says how things are is not a failure."""
    with calling("graph", "GET") as call:
        call.answered(status)
    one = heard.one("graph GET")
    assert one.kind is SpanKind.CLIENT
    assert one.attributes == {
        "peer.service": "graph",
        "http.request.method": "GET",
        "http.response.status_code": status,
    }
    assert (one.status.status_code is StatusCode.ERROR) == is_error
