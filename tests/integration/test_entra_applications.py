"""MSAL on our one session: how often it asks, and what becomes of answers that are none."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from sandbox.simulators.faults import Fault
from shared.adapters.entra.applications import Applications
from shared.core.errors import RetryLater
from tests.integration.microsoft import Microsoft
from tests.integration.tenant import GRAPH_SCOPE, connected, open_credential

METADATA, TOKEN = "openid-configuration", "oauth2/v2.0/token"
NO_ANSWERS: dict[str, dict[str, Any]] = {
    "busy": {"kind": "status", "status": 503},
    "broken": {"kind": "status", "status": 500, "body": "a certain text"},
    "throttled": {"kind": "throttle", "body": "a certain text"},
    "somebody else's page": {"kind": "status", "status": 200, "body": "<html>a certain text</html>"},
    "half of one": {"kind": "status", "status": 200, "body": '{"access_token": "a certain text", "exp'},
    "no object": {"kind": "status", "status": 200, "body": ["a certain text"]},
    "nothing": {"kind": "status", "status": 200},
    "cut off": {"kind": "truncate"},
    "hung up": {"kind": "reset"},
}


async def test_metadata_is_asked_for_once_for_all_tenants(
    microsoft: Microsoft, applications: Applications
) -> None:
    """Every tenant's tokens come from its own endpoint, but there is one document for all of them."""
    tenants = [
        microsoft.add_tenant(f"0000000{number}-1111-4222-8333-444444444444", f"tenant{number}")
        for number in range(5)
    ]
    for tenant in tenants:
        microsoft.consent(tenant)
    connections = [connected(microsoft.clock.now(), tenant_id=tenant.id) for tenant in tenants]
    credentials = [
        open_credential(microsoft, applications, connection=connection) for connection in connections
    ]
    tokens = await asyncio.gather(*(credential.get_token(GRAPH_SCOPE) for credential in credentials))
    claims = [microsoft.tokens.verify_access_token(token.token, GRAPH_SCOPE[:-9]) for token in tokens]
    assert [claim["tid"] for claim in claims] == [tenant.id for tenant in tenants]
    asked = await microsoft.requests(microsoft.entra_url)
    assert asked == {
        "GET /{tenant}/v2.0/.well-known/openid-configuration": 1,
        "POST /{tenant}/oauth2/v2.0/token": 5,
    }


@pytest.mark.parametrize("no_answer", NO_ANSWERS)
@pytest.mark.parametrize("where", [METADATA, TOKEN])
async def test_what_is_no_answer_is_asked_for_again_later(
    microsoft: Microsoft,
    applications: Applications,
    where: str,
    no_answer: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is no refusal, nothing of it is kept or logged, and the next attempt works."""
    caplog.set_level(logging.DEBUG)
    microsoft.consent()
    microsoft.entra_faults.add(Fault(path=where, **NO_ANSWERS[no_answer]))
    credential = open_credential(microsoft, applications)
    with pytest.raises(RetryLater) as missed:
        await credential.get_token(GRAPH_SCOPE)
    assert missed.value.code == "entra_unavailable"
    assert "a certain text" not in str(missed.value) + repr(missed.value.__cause__) + caplog.text
    assert (await credential.get_token(GRAPH_SCOPE)).token


@pytest.mark.parametrize("status", [400, 404])
async def test_metadata_that_is_refused_is_asked_for_again_later(
    microsoft: Microsoft, applications: Applications, status: int
) -> None:
    """Without it nothing can be said about a tenant."""
    microsoft.consent()
    microsoft.entra_faults.add(Fault(kind="status", path=METADATA, status=status, body={"error": "x"}))
    credential = open_credential(microsoft, applications)
    with pytest.raises(RetryLater):
        await credential.get_token(GRAPH_SCOPE)
    assert (await credential.get_token(GRAPH_SCOPE)).token


async def test_what_entra_asks_to_wait_is_waited(microsoft: Microsoft, applications: Applications) -> None:
    """An app that asks for too many tokens is told for how long it must not."""
    microsoft.consent()
    microsoft.entra_faults.add(Fault(kind="throttle", path=TOKEN, retry_after=77))
    with pytest.raises(RetryLater) as missed:
        await open_credential(microsoft, applications).get_token(GRAPH_SCOPE)
    assert missed.value.after == timedelta(seconds=77)


async def test_an_entra_that_is_not_there_is_asked_again_later(
    microsoft: Microsoft, applications: Applications, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that nobody vouches for is an outage too: nothing is sent there."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(RetryLater):
        await open_credential(microsoft, applications).get_token(GRAPH_SCOPE)
