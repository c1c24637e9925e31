"""The app as in Azure, and what its spans say of Storage, Key Vault, Entra ID and Graph."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from shared import bootstrap
from shared.app import App
from shared.core.connection import Grant
from shared.core.run import RunState
from shared.telemetry.spans import span
from tests.fakes.telemetry import Heard, listening
from tests.integration.microsoft import Microsoft
from tests.integration.whole import connect, new_customer, own_names, sync_on_demand

SAID_OF_A_CALL = {
    "db.collection.name",
    "http.request.method",
    "http.response.status_code",
    "peer.service",
    "tenantry.account",
    "tenantry.connection",
    "tenantry.customer",
    "tenantry.run",
}
CALLS = {
    "entra GET",
    "entra POST",
    "graph GET",
    "identity POST",
    "key_vault GET",
    "key_vault PUT",
    "queue POST",
    "tables GET",
    "tables POST",
    "tables PUT",
}
TELLING = "zebulon.canaryfeather"

pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post':UserWarning")


@pytest.fixture
async def app(
    microsoft: Microsoft, azurite_connection_string: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[App]:
    own_names(monkeypatch)
    app = bootstrap.build(microsoft.settings(AzureWebJobsStorage=azurite_connection_string))
    yield app
    await app.close()


@pytest.fixture
async def heard(app: App, microsoft: Microsoft) -> Heard:
    """What is said while a customer connects, is synced, and is synced again after a change."""
    customer = await new_customer(app)
    address = f"{TELLING}@contoso.example"
    microsoft.customer.hire(userPrincipalName=address, mail=address, displayName="Zebulon Canaryfeather")
    with listening() as spans, span("test"):
        await connect(app, microsoft, customer, Grant.DELEGATED)
        assert (await sync_on_demand(app, customer)).state is RunState.SUCCEEDED
        microsoft.customer.hire(userPrincipalName=f"2.{address}", displayName="Zebulon Canaryfeather II")
        assert (await sync_on_demand(app, customer)).state is RunState.SUCCEEDED
    return spans


def _calls(heard: Heard) -> list[ReadableSpan]:
    return [one for one in heard if one.kind is SpanKind.CLIENT]


async def test_calls_to_the_outside_are_ours_and_say_little(heard: Heard) -> None:
    """System, method, status and the name of a table: no address, no key of a row, no text of an answer."""
    calls = _calls(heard)
    assert {one.name for one in calls} >= CALLS
    for one in heard:
        assert one.instrumentation_scope is not None
        assert one.instrumentation_scope.name == "tenantry"
        assert one.events == ()
        assert not re.search(rf"[?@]|://|{TELLING}|canary", one.to_json(), re.IGNORECASE), one.to_json()
    for one in calls:
        told = dict(one.attributes or {})
        assert told.keys() <= SAID_OF_A_CALL
        assert one.name == f"{told['peer.service']} {told['http.request.method']}"
        assert ("db.collection.name" in told) == (told["peer.service"] == "tables")
        assert re.fullmatch(r"\$?\w*", str(told.get("db.collection.name", "")))
    assert len(heard.traces) == 1


async def test_what_is_as_it_should_be_is_no_failure(heard: Heard) -> None:
    """A row that is not there, and Key Vault's first answer, which only tells whom to ask for a token."""
    statuses = {(one.attributes or {}).get("http.response.status_code") for one in _calls(heard)}
    assert statuses >= {200, 204, 401, 404}
    assert [one.to_json() for one in _calls(heard) if one.status.status_code is StatusCode.ERROR] == []
