"""Atera's two kinds of keys, and what its answers mean."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.adapters.psa.atera_requests import AteraRequests, expiry_of, headers_of
from shared.adapters.psa.problems import Invalid, Taken, Unanswered, Unknown
from shared.core.errors import DestinationRefused
from tests.fakes import FakeClock
from tests.unit.adapters.psa.scripted import Answer, always, scripted_http

LEGACY = "0123456789abcdef0123456789abcdef"
NOW = FakeClock().now()
LATER = NOW + timedelta(days=30)


def token(claims: object, *, raw: bytes | None = None) -> str:
    """An access token as far as anybody here reads it."""
    body = json.dumps(claims).encode() if raw is None else raw
    header, payload = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"x"}', body))
    return f"{header}.{payload}.signature"


def requests(answer: Answer, expires_at: datetime | None = None) -> AteraRequests:
    return AteraRequests(scripted_http(answer), expires_at, FakeClock())


def by_path(**answers: int) -> Answer:
    """An account that answers each resource with a status."""

    def answer(request: httpx.Request) -> httpx.Response:
        resource = request.url.path.removeprefix("/api/v1/").partition("/")[0]
        return httpx.Response(answers.get(resource, 200), content=b"{}")

    return answer


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (LEGACY, {"X-API-KEY": LEGACY}),
        (token({}), {"Authorization": f"Bearer {token({})}"}),
        ("x" * 101, {"Authorization": f"Bearer {'x' * 101}"}),
        ("x" * 100, {"X-API-KEY": "x" * 100}),
    ],
)
def test_a_token_and_an_older_key_go_into_headers_of_their_own(key: str, header: dict[str, str]) -> None:
    """A token is a JWT, or at least as long as one."""
    assert headers_of(key) == header


@pytest.mark.parametrize(
    ("claims", "expires_at"),
    [
        ({"exp": int(LATER.timestamp()), "sub": "x"}, LATER),
        ({"exp": LATER.timestamp() + 0.5}, LATER + timedelta(seconds=0.5)),
        ({"exp": 0}, datetime(1970, 1, 1, tzinfo=UTC)),
        ({"exp": None}, None),
        ({}, None),
    ],
)
def test_a_token_says_when_it_expires(claims: object, expires_at: datetime | None) -> None:
    """Or does not."""
    assert expiry_of(token(claims)) == expires_at


@pytest.mark.parametrize(
    "key",
    [
        "",
        LEGACY,
        "eyJ",
        "eyJ.",
        "eyJ..",
        "eyJ.!!!!.x",
        "eyJ.a.x",
        "eyJ.\u540d.x",
        "x" * 101,
        "." * 200,
        token([]),
        token({"exp": "soon"}),
        token({"exp": True}),
        token({"exp": 10**18}),
        token({"exp": -(10**18)}),
        token({}, raw=b'{"exp": 1e999}'),
        token({}, raw=b'{"exp": ' + b"9" * 400 + b"}"),
        token({}, raw=b'{"exp": NaN}'),
        token({}, raw=b"\xff\xfe"),
        token({}, raw=b'{"more": ' + b"[" * 100_000),
    ],
)
def test_what_is_no_token_never_expires(key: str) -> None:
    """Whatever somebody pasted, nothing but this comes of it."""
    assert expiry_of(key) is None


async def test_what_was_done_is_handed_on() -> None:
    """With its body."""
    reply = await requests(always(201, b'{"ActionID": 7}')).ask("POST", "contacts", body={})
    assert (reply.status, reply.body) == (201, b'{"ActionID": 7}')


@pytest.mark.parametrize(
    ("expires_at", "code", "words"),
    [
        (None, "destination_key_refused", "access tokens"),
        (LATER, "destination_key_refused", "Make a new key"),
        (NOW, "destination_key_expired", "Make a new key"),
    ],
)
async def test_a_key_that_is_refused_says_why(expires_at: datetime | None, code: str, words: str) -> None:
    """Expired by its own word, an older one that is being replaced, or simply not good."""
    with pytest.raises(DestinationRefused) as refused:
        await requests(always(401), expires_at).ask("GET", "contacts")
    assert (refused.value.code, refused.value.closed) == (code, True)
    assert words in refused.value.detail
    assert ("access tokens" in refused.value.detail) is (expires_at is None)


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "contacts", "Contacts: Read"),
        ("PUT", "contacts/7", "Contacts: Write"),
        ("GET", "customers", "Customers: Read"),
        ("GET", "departments", "Departments: Read"),
        ("PUT", "customvalues/contactfield/7/azure_license", "CustomValues: Write"),
    ],
)
async def test_a_key_that_may_do_one_thing_and_not_another_lacks_a_permission(
    method: str, path: str, permission: str
) -> None:
    """Which is named as Atera names it."""
    with pytest.raises(DestinationRefused) as refused:
        await requests(by_path(**{path.partition("/")[0]: 403})).ask(method, path)
    assert refused.value.code == "destination_permission_missing"
    assert refused.value.title == f"The API key for Atera lacks a permission: {permission}."
    assert not refused.value.closed


@pytest.mark.parametrize("answer", [always(402), always(403), by_path(account=403)])
async def test_a_key_that_may_not_even_ask_whose_it_is_is_suspended(answer: Answer) -> None:
    """It is the account's matter, and good again without a new key."""
    with pytest.raises(DestinationRefused) as refused:
        await requests(answer).ask("GET", "account")
    assert (refused.value.code, refused.value.closed) == ("destination_suspended", False)


async def test_where_the_account_is_out_of_order_no_permission_is_blamed() -> None:
    """Something broke there while it was asked whose key it is."""
    with pytest.raises(Unanswered):
        await requests(by_path(contacts=403, account=503)).ask("GET", "contacts")


async def test_what_is_not_there_is_unknown() -> None:
    """Whoever asked knows what it was."""
    with pytest.raises(Unknown):
        await requests(always(404)).ask("GET", "contacts/7")


@pytest.mark.parametrize(("status", "kind"), [(409, Taken), (400, Invalid), (422, Invalid)])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"title": "Bad Request", "detail": "Email is not valid"}, "Email is not valid; Bad Request"),
        ({"title": "x", "errors": {"Email": ["is not valid"]}}, "Email: is not valid"),
        ({"errors": {}}, ""),
        ({"title": 7}, ""),
        ([], ""),
        ("text", ""),
    ],
)
async def test_what_is_not_taken_says_why(
    status: int, kind: type[Taken | Invalid], body: Any, said: str
) -> None:
    """In one harmless line, or with nothing at all."""
    with pytest.raises(kind) as refused:
        await requests(always(status, json.dumps(body).encode())).ask("POST", "contacts", body={})
    assert isinstance(refused.value, Taken | Invalid)
    assert refused.value.said == said


@pytest.mark.parametrize("status", [405, 410, 418, 499])
async def test_an_answer_that_atera_does_not_give_makes_no_sense(status: int) -> None:
    """What was asked for may be done."""
    with pytest.raises(Unanswered) as failed:
        await requests(always(status)).ask("POST", "contacts", body={})
    assert failed.value.code == "destination_unintelligible"
