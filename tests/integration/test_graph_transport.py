"""Requests to Graph that fail: tried again where that helps, never without end, and told apart."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import stamina

from shared.adapters.entra.applications import Applications
from shared.adapters.graph.directory import GraphDirectory
from shared.core.errors import (
    ActionRequired,
    ResyncRequired,
    RetryLater,
    SourceFault,
    TenantryError,
)
from tests.fakes import FakeSecrets
from tests.integration.microsoft import Microsoft
from tests.integration.tenant import changes, everybody, kept, open_reader

ATTEMPTS = 5


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    """As many attempts as in the app, without the pauses between them."""
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


@pytest.fixture
def secrets() -> FakeSecrets:
    return kept()


@pytest.fixture
def reader(
    microsoft: Microsoft, applications: Applications, graph_http: httpx.AsyncClient, secrets: FakeSecrets
) -> GraphDirectory:
    microsoft.consent()
    return open_reader(microsoft, applications, graph_http, secrets)


def sent(microsoft: Microsoft) -> int:
    """How many requests Graph has seen."""
    total: int = microsoft.graph.requests.summary()["total"]
    return total


PASSING: dict[str, dict[str, Any]] = {
    **{str(status): {"kind": "status", "status": status} for status in (408, 500, 502, 503, 504, 509)},
    "429": {"kind": "throttle"},
    "429 for a moment": {"kind": "throttle", "retry_after": 2},
    "429 until a date that is over": {
        "kind": "throttle",
        "headers": {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"},
    },
    "429 until nonsense": {"kind": "throttle", "headers": {"Retry-After": "soon"}},
    "503 for a moment": {"kind": "status", "status": 503, "retry_after": 1},
    "hung up": {"kind": "reset"},
    "hung up after the work": {"kind": "lose_reply"},
    "cut off": {"kind": "truncate"},
    "nothing": {"kind": "status", "status": 200},
    "half of one": {"kind": "status", "status": 200, "body": '{"value": [{"id": "1", "disp'},
    "broken compression": {
        "kind": "status",
        "status": 200,
        "headers": {"Content-Encoding": "gzip"},
        "body": "this was never compressed",
    },
}


@pytest.mark.parametrize("fault", PASSING)
async def test_what_may_pass_is_tried_again(microsoft: Microsoft, reader: GraphDirectory, fault: str) -> None:
    """Twice in a row, and then everybody is there."""
    microsoft.graph_fails(count=2, **PASSING[fault])
    (page,) = await everybody(reader)
    assert [user.user_principal_name for user in page.users] == ["admin@contoso.example"]
    assert reader.requests == sent(microsoft) == 3


@pytest.mark.parametrize("fault", PASSING)
async def test_what_does_not_pass_is_left_to_the_queue(
    microsoft: Microsoft, reader: GraphDirectory, fault: str
) -> None:
    """After a handful of attempts, and without a word of what was answered."""
    microsoft.graph_fails(count=None, **PASSING[fault])
    with pytest.raises(RetryLater) as missed:
        await everybody(reader)
    assert missed.value.code == "graph_unavailable"
    assert missed.value.after > timedelta(0)
    assert reader.requests == sent(microsoft) == ATTEMPTS


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_long_wait_is_left_to_the_queue(
    microsoft: Microsoft, reader: GraphDirectory, status: int, form: str
) -> None:
    """At once: a worker that sleeps for minutes is in nobody's interest."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    header = {"seconds": "300", "date": date}[form]
    microsoft.graph_fails(kind="throttle", status=status, headers={"Retry-After": header})
    with pytest.raises(RetryLater) as missed:
        await everybody(reader)
    assert missed.value.code == "graph_throttled"
    assert timedelta(seconds=290) < missed.value.after <= timedelta(seconds=300)
    assert sent(microsoft) == 1


@pytest.mark.parametrize("seconds", ["99999999", "9" * 400])
async def test_no_wait_is_longer_than_a_day(
    microsoft: Microsoft, reader: GraphDirectory, seconds: str
) -> None:
    """Whatever the header says."""
    microsoft.graph_fails(kind="throttle", headers={"Retry-After": seconds})
    with pytest.raises(RetryLater) as missed:
        await everybody(reader)
    assert missed.value.after == timedelta(days=1)


async def test_a_refused_token_is_replaced_once(
    microsoft: Microsoft, reader: GraphDirectory, secrets: FakeSecrets
) -> None:
    """It may have been revoked before its time; the next one is another, and the read goes on."""
    await reader.organization()
    first = dict(secrets.values)
    microsoft.graph_fails(kind="status", status=401)
    assert await everybody(reader)
    assert secrets.values != first
    assert await microsoft.token_requests() == 2


async def test_tokens_that_are_all_refused_mean_that_the_consent_is_gone(
    microsoft: Microsoft, reader: GraphDirectory
) -> None:
    """Two requests are enough to know."""
    microsoft.graph_fails(kind="status", status=401, count=None)
    with pytest.raises(ActionRequired) as missed:
        await everybody(reader)
    assert (missed.value.code, missed.value.replicating) == ("consent_revoked", True)
    assert sent(microsoft) == 2


async def test_a_claims_challenge_is_answered(microsoft: Microsoft, reader: GraphDirectory) -> None:
    """Continuous access evaluation: another token, with the claims that Graph asks for."""
    claims = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1"}}}').decode()
    challenge = f'Bearer realm="", error="insufficient_claims", claims="{claims}"'
    microsoft.graph_fails(kind="status", status=401, headers={"WWW-Authenticate": challenge})
    assert await everybody(reader)
    assert await microsoft.token_requests() == 2


async def test_a_missing_permission_is_named(microsoft: Microsoft, reader: GraphDirectory) -> None:
    """403 means that the consent is there but not for this; right after it, it may only be late."""
    principal = microsoft.customer.service_principals[microsoft.registration.client_id]
    principal.app_roles = {"Organization.Read.All"}
    with pytest.raises(ActionRequired) as missed:
        await reader.prove_permissions()
    assert (missed.value.code, missed.value.replicating) == ("permission_missing", True)
    assert sent(microsoft) == 1


@pytest.mark.parametrize(
    "code", ["syncStateNotFound", "resyncRequired", "SYNCSTATENOTFOUND", "ResyncRequired"]
)
@pytest.mark.parametrize("status", [400, 404, 410])
async def test_a_link_that_is_no_longer_known_asks_for_a_full_read(
    microsoft: Microsoft, reader: GraphDirectory, status: int, code: str
) -> None:
    """However it is said."""
    link = await reader.latest_delta_link()
    error = {"error": {"code": code, "message": "a certain text"}}
    microsoft.graph_fails(kind="status", status=status, body=error)
    with pytest.raises(ResyncRequired):
        await changes(reader, link)


@pytest.mark.parametrize("body", [None, "gone", {"error": {"code": "whatever"}}])
async def test_gone_is_gone_whatever_it_says(
    microsoft: Microsoft, reader: GraphDirectory, body: object
) -> None:
    """410 needs no code."""
    link = await reader.latest_delta_link()
    microsoft.graph_fails(kind="status", status=410, body=body)
    with pytest.raises(ResyncRequired):
        await changes(reader, link)


@pytest.mark.parametrize("style", ["syncStateNotFound", "resyncRequired"])
async def test_an_expired_link_asks_for_a_full_read(
    microsoft: Microsoft, reader: GraphDirectory, style: str
) -> None:
    """As the simulator says it, in both of its ways."""
    link = await reader.latest_delta_link()
    microsoft.graph.expire_delta(microsoft.customer.id, style)
    with pytest.raises(ResyncRequired):
        await changes(reader, link)


REFUSALS: dict[str, tuple[int, object]] = {
    "bad request": (400, {"error": {"code": "BadRequest", "message": "a certain text"}}),
    "not found": (404, {"error": {"code": "Request_ResourceNotFound", "message": "a certain text"}}),
    "a proxy's page": (407, "<html>a certain text</html>"),
    "not implemented": (501, {"error": {"code": "a certain text"}}),
    "moved": (301, "a certain text"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_any_other_refusal_is_a_fault_of_the_source(
    microsoft: Microsoft, reader: GraphDirectory, refusal: str
) -> None:
    """It is not tried again, and its text stays where it is."""
    status, body = REFUSALS[refusal]
    microsoft.graph_fails(kind="status", status=status, body=body, headers={"Location": "https://x.invalid/"})
    with pytest.raises(SourceFault) as fault:
        await everybody(reader)
    assert fault.value.code == "graph_refused"
    assert "a certain text" not in said(fault.value)
    assert sent(microsoft) == 1


def said(error: TenantryError) -> str:
    """Everything that an error says when it is logged with what caused it."""
    words = f"{error.title} {error.detail} {error.__dict__}"
    return words + "".join(traceback.format_exception(error, limit=0))
