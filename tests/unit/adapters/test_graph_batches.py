"""Batches: each question gets its own answer, and only what failed is asked again."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import stamina

from shared.adapters.graph.limits import SharedLimits
from shared.core.errors import ActionRequired, RetryLater, SourceFault
from tests.fakes import FakeClock
from tests.fakes.budgets import FakeBudgets
from tests.unit.adapters.scripted_graph import TOKEN, URL, BatchingGraph, ScriptedGraph, found

ATTEMPTS = 5


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


@pytest.fixture
def waits() -> Iterator[list[float]]:
    """How long is waited before each retry, in seconds."""
    waits: list[float] = []
    stamina.instrumentation.set_on_retry_hooks([lambda details: waits.append(details.wait_for)])
    yield waits
    stamina.instrumentation.set_on_retry_hooks(None)


def paths(count: int) -> list[str]:
    return [f"users/{number}" for number in range(count)]


def failing(status: int, code: str = "x", **headers: object) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"status": status, "headers": named, "body": {"error": {"code": code}}}


async def test_answers_come_in_the_order_of_the_questions() -> None:
    """Whatever order the batch has, and however many batches it takes."""
    graph = BatchingGraph(found)
    transport = graph.open()
    answers = await transport.batch(paths(45), headers={"ConsistencyLevel": "eventual"})
    assert [json.loads(answer.body)["asked"] for answer in answers] == [f"/{path}" for path in paths(45)]
    assert sorted(len(asked) for asked in graph.asked) == [5, 20, 20]
    assert transport.requests == len(graph.requests) == 3
    assert {(request.method, str(request.url)) for request in graph.requests} == {
        ("POST", f"{URL}/v1.0/$batch")
    }
    assert all(request.headers["Authorization"].startswith(f"Bearer {TOKEN}") for request in graph.requests)
    for member in graph.members:
        assert (member["method"], member["headers"]) == ("GET", {"ConsistencyLevel": "eventual"})


async def test_no_questions_are_no_request() -> None:
    """Nothing is sent."""
    graph = BatchingGraph(found)
    assert await graph.open().batch([]) == []
    assert graph.requests == []


@pytest.mark.parametrize("status", [429, 408, 500, 502, 503, 504, 509])
async def test_only_members_that_failed_are_asked_again(status: int) -> None:
    """The others keep the answers they got."""
    asked: Counter[str] = Counter()

    def member(url: str) -> dict[str, Any]:
        asked[url] += 1
        if url in ("/users/3", "/users/7") and asked[url] < 3:
            return failing(status, Retry_After="2")
        return found(url)

    graph = BatchingGraph(member)
    answers = await graph.open().batch(paths(10))
    assert [json.loads(answer.body)["asked"] for answer in answers] == [f"/{path}" for path in paths(10)]
    assert graph.asked[1:] == [["/users/3", "/users/7"]] * 2


async def test_a_member_that_keeps_failing_is_left_to_the_queue() -> None:
    """After a handful of attempts."""
    graph = BatchingGraph(lambda url: failing(503) if url == "/users/1" else found(url))
    with pytest.raises(RetryLater) as missed:
        await graph.open().batch(paths(3))
    assert missed.value.code == "graph_unavailable"
    assert graph.asked[1:] == [["/users/1"]] * (ATTEMPTS - 1)


@pytest.mark.parametrize("header", [{"Retry-After": "300"}, {"retry-after": 300}, {"RETRY-AFTER": "300"}])
async def test_the_longest_wait_of_the_members_counts(header: dict[str, object]) -> None:
    """A long one is left to the queue at once."""

    def member(url: str) -> dict[str, Any]:
        headers = {"/users/0": {"Retry-After": "1"}, "/users/1": header, "/users/2": {"Retry-After": "60"}}
        return {"status": 429, "headers": headers[url], "body": {}}

    graph = BatchingGraph(member)
    with pytest.raises(RetryLater) as missed:
        await graph.open().batch(paths(3))
    assert (missed.value.code, missed.value.after) == ("graph_throttled", timedelta(seconds=300))
    assert len(graph.requests) == 1


async def test_a_short_wait_of_a_member_is_waited_out(
    monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    """The longest of them, before the members are asked again."""
    asked: Counter[str] = Counter()

    def member(url: str) -> dict[str, Any]:
        asked[url] += 1
        return found(url) if asked[url] > 1 else failing(429, Retry_After=str(len(asked)))

    async def no_sleep(_: float) -> None:
        """Let no time pass."""

    with stamina.set_testing(False):
        monkeypatch.setattr(asyncio, "sleep", no_sleep)
        await BatchingGraph(member).open().batch(paths(4))
    assert waits == [4.0]


async def test_a_refused_token_is_replaced_once() -> None:
    """Only those who refused it are asked with the next one."""
    graph = BatchingGraph(
        lambda url: failing(401) if url == "/users/1" and not graph.credential.forgotten else found(url)
    )
    answers = await graph.open().batch(paths(3))
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert graph.asked == [["/users/0", "/users/1", "/users/2"], ["/users/1"]]
    assert graph.credential.forgotten == 1


async def test_tokens_that_are_all_refused_mean_that_the_consent_is_gone() -> None:
    """Also where it is only a member that says so."""
    with pytest.raises(ActionRequired) as missed:
        await BatchingGraph(lambda _: failing(401)).open().batch(paths(3))
    assert missed.value.code == "consent_revoked"


async def test_an_object_that_is_not_there_is_not_a_tenant_that_is_gone() -> None:
    """The same code says both; with a token that was just made it is the object."""
    graph = BatchingGraph(lambda _: failing(404, "Directory_ObjectNotFound"))
    answers = await graph.open().batch(paths(2), accept={404})
    assert [answer.status for answer in answers] == [404, 404]
    assert graph.credential.forgotten == 1


async def test_what_was_not_expected_of_a_member_is_raised() -> None:
    """A missing permission outweighs a member that only has to wait."""
    answers = {
        "/users/0": failing(429, Retry_After="300"),
        "/users/1": failing(403),
        "/users/2": failing(404),
    }
    with pytest.raises(ActionRequired) as missed:
        await BatchingGraph(answers.__getitem__).open().batch(paths(3), accept={404})
    assert missed.value.code == "permission_missing"
    with pytest.raises(SourceFault) as fault:
        await BatchingGraph(lambda _: failing(424)).open().batch(paths(3), accept={404, 403})
    assert fault.value.code == "graph_refused"


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_batch_that_fails_as_a_whole_is_sent_again(status: int) -> None:
    """As any other request."""
    graph = ScriptedGraph(
        lambda request: httpx.Response(status) if len(graph.requests) < 3 else answered(request)
    )
    assert len(await graph.open().batch(paths(3))) == 3
    assert len(graph.requests) == 3


def answered(request: httpx.Request) -> httpx.Response:
    members = json.loads(request.content)["requests"]
    return httpx.Response(
        200, json={"responses": [{"id": member["id"], **found(member["url"])} for member in members]}
    )


WRONG: dict[str, Any] = {
    "nothing": {},
    "null": {"responses": None},
    "one is missing": {"responses": [{"id": "0", "status": 200, "body": {}}]},
    "one is somebody else's": {
        "responses": [{"id": "0", "status": 200, "body": {}}, {"id": "7", "status": 200, "body": {}}]
    },
    "numbers for ids": {"responses": [{"id": 0, "status": 200}, {"id": 1, "status": 200}]},
    "no status": {"responses": [{"id": "0"}, {"id": "1"}]},
    "a word for a status": {"responses": [{"id": "0", "status": "ok"}, {"id": "1", "status": "ok"}]},
    "a list of headers": {"responses": [{"id": "0", "status": 200, "headers": ["a certain text"]}]},
    "text": "a certain text",
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_answers_that_fit_no_question_are_nonsense(wrong: str) -> None:
    """Nobody is taken for missing because of them."""
    graph = ScriptedGraph(lambda _: httpx.Response(200, json=WRONG[wrong]))
    with pytest.raises(SourceFault) as fault:
        await graph.open().batch(paths(2), accept={404})
    assert fault.value.code == "graph_unreadable"
    assert "a certain text" not in f"{fault.value} {fault.value.__dict__} {fault.value.__cause__}"
    assert len(graph.requests) == 1


async def test_a_member_without_a_body_is_asked_again() -> None:
    """An answer of nothing is none."""
    graph = BatchingGraph(lambda url: found(url) if len(graph.asked) > 1 else {"status": 200})
    assert len(await graph.open().batch(paths(2))) == 2
    assert len(graph.requests) == 2


async def test_a_few_batches_are_under_way_at_once() -> None:
    """More than one, for speed, and never more than four."""
    under_way = most = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(10):
            await asyncio.sleep(0)
        under_way -= 1
        return answered(request)

    assert len(await ScriptedGraph(answer).open().batch(paths(200))) == 200
    assert most == 4


async def test_a_limit_of_the_whole_application_is_told_to_everybody() -> None:
    """Also where only a member says so."""
    clock = FakeClock()
    budgets = FakeBudgets(clock)
    scope = "Application/Read/app/tenant"
    graph = BatchingGraph(lambda _: failing(429, Retry_After="40", X_MS_Throttle_Scope=scope))
    with pytest.raises(RetryLater):
        await graph.open(SharedLimits(budgets, clock)).batch(paths(2))
    assert await budgets.paused_until("graph") == clock.now() + timedelta(seconds=40)
