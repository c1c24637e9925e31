"""Connecting, reading, pausing and disconnecting through the API."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shared.core.configuration import Configuration
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer
from shared.core.errors import Actor
from shared.core.reasons import reason
from shared.services.updates import update
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CONNECTION, CUSTOMER, Site, shown


async def changed(site: Site, customer: Customer, **fields: Any) -> None:
    """Change the stored connection behind the API's back."""
    stored = await site.world.connections.get(customer.account_id, customer.connection_id)
    assert stored is not None

    def change(connection: Connection) -> Connection:
        return msgspec.structs.replace(connection, **fields)

    await update(site.world.connections, stored, change)


async def test_connecting_gives_a_link_and_a_pending_connection(caller: Caller) -> None:
    """The link is for ten minutes; the connection is there from now on."""
    await caller.http.put(CUSTOMER, json={"name": "Contoso"})
    assert (await caller.http.get(CONNECTION)).status_code == 404
    answer = await caller.http.post(CONNECTION, json={"grant": "delegated"})
    assert answer.status_code == 201
    assert answer.json()["consent_url"].startswith("https://tenantry.example/connect/start?ticket=")
    assert answer.json()["expires_at"] == "2026-03-02T00:10:00.000Z"
    assert answer.json()["connection"]["state"] == "pending"
    assert (await caller.http.get(CONNECTION)).json()["state"] == "pending"


@pytest.mark.parametrize(
    "body", [{"grant": "both"}, {"grant": None}, {"grand": "application"}, "application"]
)
async def test_a_grant_that_does_not_exist_is_refused(caller: Caller, body: object) -> None:
    """There are two kinds of grant."""
    await caller.http.put(CUSTOMER, json={"name": "Contoso"})
    assert (await caller.http.post(CONNECTION, json=body)).status_code == 400


async def test_an_active_connection_says_everything(caller: Caller, customer: Customer, site: Site) -> None:
    """State, tenant, who and when, the syncs, the configuration, and its version as ETag."""
    run = await site.world.sync(customer)
    answer = await caller.http.get(CONNECTION)
    connection = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert connection | {"next_sync_at": "…"} == {
        "id": customer.connection_id,
        "customer_id": "c-1",
        "state": "active",
        "state_since": "2026-03-02T00:00:00.000Z",
        "reason": None,
        "tenant": {"id": TENANT, "name": "Contoso", "domain": "contoso.example"},
        "grant": "application",
        "created_at": "2026-03-02T00:00:00.000Z",
        "connected_at": "2026-03-02T00:00:00.000Z",
        "connected_by": f"admin@{TENANT}.example",
        "last_sync_at": "2026-03-02T00:00:00.000Z",
        "next_sync_at": "…",
        "being_set_up": False,
        "configuration": shown(Configuration()),
        "configuration_version": 1,
        "current_run": None,
        "held_run": None,
        "last_run": run.id,
    }
    assert "2026-03-02T00:00:00.000Z" < connection["next_sync_at"] <= "2026-03-02T13:00:00.000Z"


async def test_a_consent_that_nobody_finished_is_pending_again(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """After ten minutes the state says so, whatever is stored."""
    now = site.world.clock.now()
    await changed(
        site, customer, state=ConnectionState.CONSENTING, consent_expires_at=now + timedelta(minutes=10)
    )
    assert (await caller.http.get(CONNECTION)).json()["state"] == "consenting"
    site.world.clock.advance(timedelta(minutes=10))
    assert (await caller.http.get(CONNECTION)).json()["state"] == "pending"


@pytest.mark.parametrize(
    ("code", "actor"),
    [
        ("consent_revoked", "customer_admin"),
        ("permission_missing", "customer_admin"),
        ("tenant_not_found", "technician"),
        ("something_new", "customer_admin"),
    ],
)
async def test_a_reason_says_who_must_act_and_how(
    site: Site, caller: Caller, customer: Customer, code: str, actor: str
) -> None:
    """A reason code comes with its words, one that is not known too."""
    await changed(site, customer, state=ConnectionState.ACTION_REQUIRED, reason=code)
    shown = (await caller.http.get(CONNECTION)).json()["reason"]
    assert shown["code"] == code
    assert shown["actor"] == actor == reason(code).actor
    assert shown["title"].endswith(".")
    assert shown["detail"].endswith(".")
    assert reason(code).actor is not Actor.NOBODY


async def test_who_is_still_choosing_is_told_apart_from_who_syncs(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """A connection whose set-up is not finished is active, is being set up, and has no next sync."""
    newcomer = await site.world.customer("newcomer", customer.account_id)
    await site.world.connect(site.world.directories.tenants[TENANT], newcomer, set_up=True)
    found = (await caller.http.get("/api/v1/customers/newcomer/connection")).json()
    assert (found["state"], found["being_set_up"], found["next_sync_at"]) == ("active", True, None)


async def test_disconnecting_twice_is_disconnecting_once(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """The connection stays, disconnected, and its contacts with it."""
    await site.world.sync(customer)
    first = await caller.http.delete(CONNECTION)
    second = await caller.http.delete(CONNECTION)
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    assert first.json()["state"] == "disconnected"
    assert first.json()["next_sync_at"] is None
    assert not site.world.secrets.values
    assert len((await caller.http.get(f"{CUSTOMER}/contacts")).json()["data"]) == 3


async def test_what_was_never_connected_cannot_be_disconnected(caller: Caller) -> None:
    """There is no connection before connecting was begun."""
    await caller.http.put(CUSTOMER, json={"name": "Contoso"})
    assert (await caller.http.delete(CONNECTION)).status_code == 404


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "X-Original-URL"])
async def test_addresses_are_made_from_the_settings_alone(caller: Caller, header: str) -> None:
    """Whoever chooses the headers of a request does not choose where its links lead."""
    await caller.http.put(CUSTOMER, json={"name": "Contoso"})
    headers = {header: "host=evil.example" if header == "Forwarded" else "evil.example"}
    for address, name in ((CONNECTION, "consent_url"), (f"{CUSTOMER}/portal-sessions", "url")):
        made = await caller.http.post(address, headers=headers)
        assert made.json()[name].startswith("https://tenantry.example/")
        assert "evil" not in made.text


async def test_a_method_is_the_one_that_was_sent(caller: Caller, customer: Customer) -> None:
    """No header turns a harmless request into another one."""
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        answer = await caller.http.get(f"{CONNECTION}?_method=DELETE", headers={header: "DELETE"})
        assert answer.json()["state"] == "active"


async def test_pausing_stops_the_syncs_until_somebody_resumes(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """A paused connection refuses syncs and has no next one; resumed it is as before."""
    paused = await caller.http.post(f"{CONNECTION}/pause")
    assert paused.status_code == 200
    assert paused.headers["etag"] == '"1"'
    assert (paused.json()["state"], paused.json()["next_sync_at"]) == ("paused", None)
    assert (await caller.http.post(f"{CONNECTION}/pause")).json() == paused.json()
    refused = await caller.http.post(f"{CUSTOMER}/runs")
    assert (refused.status_code, refused.json()["code"]) == (409, "connection_not_active")
    site.world.clock.advance(timedelta(hours=1))
    resumed = await caller.http.post(f"{CONNECTION}/resume")
    assert resumed.json()["state"] == "active"
    assert resumed.json()["state_since"] == "2026-03-02T01:00:00.000Z"
    assert resumed.json()["next_sync_at"]
    assert (await caller.http.post(f"{CUSTOMER}/runs")).status_code == 202


async def test_pausing_ends_the_run_that_is_under_way(site: Site, caller: Caller, customer: Customer) -> None:
    """Nothing is read after the pause."""
    run = (await caller.http.post(f"{CUSTOMER}/runs")).json()
    await caller.http.post(f"{CONNECTION}/pause")
    await site.world.drain()
    assert (await caller.http.get(f"/api/v1/runs/{run['id']}")).json()["state"] == "canceled"
    assert (await caller.http.get(f"{CUSTOMER}/contacts")).json()["data"] == []


@pytest.mark.parametrize("action", ["pause", "resume"])
async def test_only_what_is_connected_can_be_paused_and_resumed(
    caller: Caller, customer: Customer, action: str
) -> None:
    """The refusal names the state."""
    await caller.http.delete(CONNECTION)
    answer = await caller.http.post(f"{CONNECTION}/{action}")
    assert (answer.status_code, answer.json()["code"]) == (409, "state_conflict")
    await caller.http.put("/api/v1/customers/c-2", json={"name": "Contoso"})
    assert (await caller.http.post(f"/api/v1/customers/c-2/connection/{action}")).status_code == 404
