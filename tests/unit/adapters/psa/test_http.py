"""Requests to a PSA: what an answer or its absence means, and that the key stays where it is."""

from __future__ import annotations

import gzip
import json
import random
import traceback

import httpx
import msgspec
import pytest

from shared.adapters.psa.http import Reply, saying
from shared.adapters.psa.problems import NotSent, Unanswered
from shared.core.errors import RetryLater, TenantryError
from tests.fakes import FakeClock
from tests.fakes.budgets import FakeBudgets
from tests.unit.adapters.psa.scripted import (
    KEY,
    NAME,
    PSA,
    Answer,
    allowance,
    always,
    failing,
    scripted_http,
    seconds,
)

UNSENT = [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol]
LOST = [
    httpx.ReadError,
    httpx.ReadTimeout,
    httpx.WriteError,
    httpx.WriteTimeout,
    httpx.CloseError,
    httpx.RemoteProtocolError,
    httpx.LocalProtocolError,
    httpx.ProxyError,
]


class Thing(msgspec.Struct):
    """Something to read."""

    id: int


def packed(body: bytes) -> Answer:
    """An answer of which the bytes are as they came."""

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(body))

    return answer


garbled = packed(gzip.compress(f"{KEY}".encode())[:12] + b"garbled in the middle")


# What is sent.


async def test_a_request_carries_the_key_and_what_is_sent() -> None:
    """To the address that was given, with a body only where there is one."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(201, content=b'{"id": 7}')

    http = scripted_http(answer)
    reply = await http.ask("POST", "contacts/1", params={"page": 2}, body={"name": "Zoë"})
    await http.ask("GET", "contacts")
    assert (reply.status, reply.ok, reply.read(Thing, PSA)) == (201, True, Thing(7))
    with_body, without = requests
    assert (with_body.method, str(with_body.url)) == ("POST", "https://psa.example/api/v1/contacts/1?page=2")
    assert with_body.headers["Authorization"] == f"Bearer {KEY}"
    assert with_body.headers["Accept"] == without.headers["Accept"] == "application/json"
    assert json.loads(with_body.content) == {"name": "Zoë"}
    assert with_body.headers["Content-Type"] == "application/json"
    assert "Content-Type" not in without.headers
    assert without.content == b""
    assert http.calls == 2


async def test_a_request_is_never_repeated() -> None:
    """Only whoever asks knows what may be done twice."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        raise httpx.ReadError("reset", request=request)

    with pytest.raises(Unanswered):
        await scripted_http(answer).ask("POST", "contacts", body={})
    assert asked == ["POST"]


async def test_without_an_allowance_nothing_is_sent() -> None:
    """Not even once the key is known."""
    clock = FakeClock()
    budgets = FakeBudgets(clock)
    await budgets.pause(NAME, clock.now() + seconds(9))
    http = scripted_http(failing(httpx.ReadError), calls=allowance(clock, budgets))
    with pytest.raises(NotSent) as refused:
        await http.ask("POST", "contacts", body={})
    assert refused.value.after == seconds(9)
    assert http.calls == 0


# What answers mean.


@pytest.mark.parametrize("status", [200, 201, 204, 299, 400, 401, 402, 403, 404, 409, 422, 460, 499])
async def test_an_answer_is_handed_on(status: int) -> None:
    """What it means is for the PSA's module to say, also of a status that is in no book."""
    reply = await scripted_http(always(status, b"body")).ask("GET", "contacts")
    assert (reply.status, reply.body, reply.ok) == (status, b"body", status < 300)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 599])
async def test_a_failure_of_the_other_side_may_have_had_its_effect(status: int) -> None:
    """Whatever it says of when to come back."""
    with pytest.raises(Unanswered) as failed:
        await scripted_http(always(status, b"<html>", **{"Retry-After": "1"})).ask(
            "POST", "contacts", body={}
        )
    assert failed.value.code == "destination_unavailable"


@pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    """The key goes to one host only."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(status, headers={"Location": "https://elsewhere.example/steal"})

    with pytest.raises(Unanswered) as failed:
        await scripted_http(answer).ask("GET", "contacts")
    assert asked == ["psa.example"]
    assert failed.value.code == "destination_unintelligible"


@pytest.mark.parametrize("error", LOST)
async def test_where_the_connection_breaks_it_may_have_had_its_effect(
    error: type[httpx.TransportError],
) -> None:
    """A reset, a timeout while reading, an answer that is none."""
    with pytest.raises(Unanswered):
        await scripted_http(failing(error)).ask("POST", "contacts", body={})


@pytest.mark.parametrize("error", UNSENT)
async def test_where_there_is_no_connection_it_surely_had_none(error: type[httpx.TransportError]) -> None:
    """It may be sent again without a thought."""
    with pytest.raises(NotSent) as failed:
        await scripted_http(failing(error)).ask("POST", "contacts", body={})
    assert failed.value.code == "destination_unavailable"


async def test_an_answer_that_was_garbled_on_the_way_is_none() -> None:
    """What it was about may be done."""
    with pytest.raises(Unanswered):
        await scripted_http(garbled).ask("POST", "contacts", body={})


async def test_an_answer_that_ends_too_early_is_none() -> None:
    """At the latest when it is read."""
    chance = random.Random(0)
    body = json.dumps({"id": 1, "texts": [chance.random() for _ in range(100)]}).encode()
    whole = gzip.compress(body)
    for end in (0, 5, len(whole) // 2, len(whole) - 20):
        with pytest.raises(Unanswered):
            (await scripted_http(packed(whole[:end])).ask("POST", "contacts", body={})).read(Thing, PSA)
    assert (await scripted_http(packed(whole)).ask("GET", "contacts")).read(Thing, PSA) == Thing(1)


@pytest.mark.parametrize("answer", [always(200, b"x" * 100_001), packed(gzip.compress(b"x" * 100_001))])
async def test_an_answer_that_is_too_large_is_none(answer: Answer) -> None:
    """However small it was sent."""
    with pytest.raises(Unanswered):
        await scripted_http(answer, largest=100_000).ask("GET", "contacts")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"id": 1',
        b'{"id": "x"}',
        b'{"id": null}',
        b"[]",
        b"\xff\xfe",
        b'{"id": 1, "name": "\\ud800"}',
        b'{"id": 1, "x": ' + b"[" * 100_000,
        b'{"id": ' + b"9" * 5_000 + b"}",
    ],
)
async def test_an_answer_that_makes_no_sense_is_none(body: bytes) -> None:
    """From a proxy on the way, or in the middle of an outage: what was asked for may be done."""
    reply = await scripted_http(always(200, body)).ask("POST", "contacts", body={})
    with pytest.raises(Unanswered) as failed:
        reply.read(Thing, PSA)
    assert failed.value.code == "destination_unintelligible"
    assert failed.value.__suppress_context__


def test_parts_of_an_answer_that_nobody_needs_are_not_looked_at() -> None:
    """There may be more of them tomorrow."""
    assert Reply(200, b'{"id": 1, "more": {"than": ["before"]}}').read(Thing, PSA) == Thing(1)


# Waiting.


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({}, 30),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "soon"}, 30),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 1),
        ({"Retry-After": "86400"}, 86_400),
        ({"Retry-After": "9999999999"}, 86_400),
    ],
)
async def test_who_is_told_to_wait_makes_everybody_wait(headers: dict[str, str], pause: float) -> None:
    """As long as the PSA says, half a minute where it does not; a wait is at most an hour at a time."""
    clock = FakeClock()
    budgets = FakeBudgets(clock)
    mine, others = (allowance(clock, budgets, by=by) for by in ("mine", "others"))
    http = scripted_http(always(429, b"{}", **headers), calls=mine)
    await mine.expect(5)
    with pytest.raises(NotSent) as told:
        await http.ask("POST", "contacts", body={})
    assert told.value.after == seconds(min(pause, 3_600))
    assert told.value.code == "destination_busy"
    for one in (mine, others):
        with pytest.raises(NotSent) as refused:
            await one.take()
        assert refused.value.after == seconds(min(pause, 3_600))
    clock.advance(seconds(pause))
    for one in (mine, others):
        await one.take()


# The key.


@pytest.mark.parametrize(
    "answer",
    [
        *map(failing, [*UNSENT, *LOST]),
        garbled,
        always(302, Location=f"https://elsewhere.example/{KEY}"),
        always(429),
        always(503, KEY.encode()),
    ],
)
async def test_no_error_has_the_key_in_it(answer: Answer) -> None:
    """Neither in its words nor in what a log makes of it, though the other side repeats it."""
    http = scripted_http(answer)
    with pytest.raises(RetryLater) as failed:
        await http.ask("POST", "contacts", body={})
    assert_silent(failed.value)
    assert KEY not in repr(http)
    assert KEY not in repr(http.allowance)


async def test_an_unreadable_answer_is_not_quoted() -> None:
    """It may hold anything."""
    reply = await scripted_http(always(200, json.dumps({"id": KEY}).encode())).ask("GET", "contacts")
    with pytest.raises(Unanswered) as failed:
        reply.read(Thing, PSA)
    assert_silent(failed.value)


def assert_silent(error: TenantryError) -> None:
    texts = [str(error), repr(error), error.title, error.detail, repr(error.args), repr(vars(error))]
    texts += traceback.format_exception(error)
    assert all(KEY not in text for text in texts)


# What the PSA said.


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], ""),
        ([None, 7, True, 1.5], ""),
        (["Email has already been taken"], "Email has already been taken"),
        (["one", None, "two"], "one; two"),
        ([["one", "two", ""]], "one; two"),
        (
            [{"email": ["is invalid", "is long"], "name": "is blank", "age": 7}],
            "email: is invalid; is long; name: is blank",
        ),
        ([{"email": {"nested": ["deep"]}}], "email: nested: deep"),
        ([{"email": []}, {}], ""),
        (["a\r\n\tb\x00\x1b[31m\u202ec"], "a b[31mc"),
        ([{"na\nme": "x"}], "na me: x"),
    ],
)
def test_what_the_psa_said_is_one_harmless_line(texts: list[object], said: str) -> None:
    """Errors come as a text, a list of texts, or texts by field; what is none of that is left out."""
    assert saying(*texts) == said


@pytest.mark.parametrize(
    "text", ["x" * 201, "x" * 100_000, ["word"] * 1_000, {f"field {n}": ["x" * 99] * 9 for n in range(99)}]
)
def test_what_the_psa_said_is_short(text: object) -> None:
    """However much it was; that something is missing can be seen."""
    said = saying(text)
    assert len(said) <= 200
    assert said.endswith("…")


def test_two_hundred_characters_are_not_cut() -> None:
    """That much fits."""
    assert saying("x" * 200) == "x" * 200


@pytest.mark.parametrize("depth", [40, 300])
@pytest.mark.parametrize("by_field", [True, False])
def test_what_the_psa_said_may_be_nested_as_deep_as_an_answer_can_be(depth: int, by_field: bool) -> None:
    """It takes no longer to tell than to read."""
    value: object = "deep"
    for _ in range(depth):
        value = {"a": value} if by_field else [value]
    assert len(saying(value)) <= 200
