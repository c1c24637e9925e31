"""The app's log after everything: events, ids and counts; never a name, an address, a token or a secret."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from sandbox.person import Visit
from sandbox.world.seed import build_world
from tests.e2e.collector import Collector
from tests.e2e.scene import Customer, Scene, eventually

pytestmark = pytest.mark.e2e

CANARY = "Zebulon Canaryfeather"
NEVER = ("eyJ", "deltatoken", "skiptoken", "refresh_token", "client_secret", "Bearer ", "AccountKey=")
NEVER_IN_QUERY = re.compile(r"[?&](code|state|ticket|token|client_info|nonce)=", re.IGNORECASE)
SHORTEST_NAME = 8


async def test_the_log_tells_what_happened_and_nothing_about_anybody(
    scene: Scene, collector: Collector
) -> None:
    """A customer goes through all that can happen, most of it with a name where it may slip out.

    What is sent to a collector, spans and metrics too, says no more than the log.
    """
    collector.forget()
    words: set[str] = set()
    run_ids = [run_id async for run_id in _live(scene, words)]
    log = await asyncio.to_thread(scene.log)
    telemetry = await eventually(lambda: _telemetry(collector), lambda text: _all_of(text, run_ids))

    for event in ("connection.active", "consent.refused", "connection.disconnected", "message.given_up"):
        assert event in log
    for run_id in run_ids:
        assert run_id in log
    assert "code=graph_unreadable" in log

    words |= _people(scene) | await _secrets(scene)
    assert len(words) > 1_000
    assert list(leaks(log, words)) == []
    assert list(leaks(telemetry, words)) == []
    assert not re.search(r"[?]|://", telemetry)
    for leaked in (CANARY, f"https://graph/users?$DeltaToken={'x' * 40}", scene.stack.endpoints.api_key):
        assert list(leaks(f"{log}\n[info] {leaked}\n", words)), leaked


async def _telemetry(collector: Collector) -> str:
    return collector.text


def _all_of(text: str, run_ids: Iterable[str]) -> bool:
    """Whether spans, metrics and the end of each run are there."""
    return all(text.count(run_id) > 10 for run_id in run_ids) and 'name: "tenantry.runs"' in text


def leaks(log: str, words: Iterable[str]) -> Iterable[str]:
    """What of the words, and of what never belongs into a log, is there, with the line around it."""
    lines = log.splitlines()
    searched = log.casefold()
    for word in (*NEVER, *words):
        found = word in log if word == "eyJ" else word.casefold() in searched
        if found:
            line = next((line for line in lines if word.casefold() in line.casefold()), "")
            yield f"{word!r} in {line!r}"
    yield from (line for line in lines if NEVER_IN_QUERY.search(line))


async def _live(scene: Scene, words: set[str]) -> Any:
    customer = await scene.customer("kosmopolis")
    words |= {CANARY, "Canaryfeather", "The customer with kosmopolis"}
    await _sign_in(scene, customer, words, "delegated", decision="decline", at="consent")
    await scene.entra("next-id-token", claims={"exp": 1_700_000_000})
    await _sign_in(scene, customer, words, "delegated")
    await _sign_in(scene, customer, words, "application")
    user = await scene.hire(customer, CANARY, mobilePhone="+46 8 5550 4711 99")
    words |= {user["mail"], user["id"], "+46 8 5550 4711 99"}
    yield await scene.api.start_run(customer.id)
    await _settled(scene, customer)

    await scene.change(customer, user, surname="Canarywing", displayName="Zebulon Canarywing")
    words.add("Canarywing")
    naming = {"error": {"code": f"No{CANARY}", "message": f"{CANARY} <{user['mail']}> is not here"}}
    for fault in (
        {"kind": "status", "status": 404, "body": naming},
        {"kind": "status", "status": 200, "body": f'{{"value": [{{"id": "1", "displayName": {CANARY} }}]}}'},
        {"kind": "reset"},
        {"kind": "truncate"},
    ):
        await scene.fault(customer, **fault)
    yield await scene.api.start_run(customer.id)
    await _settled(scene, customer)
    await scene.fault(customer, "status", status=200, body=f'{{"{CANARY}": ')
    await scene.fault(customer, "status", status=200, body=f'{{"{CANARY}": 1}}', count=None)
    yield await scene.api.start_run(customer.id)
    await _settled(scene, customer)
    await scene.graph("DELETE", "faults")

    await _misuse(scene, customer, user["mail"])
    async with scene.person() as person:
        link = await scene.api.portal_link(customer.id)
        words |= {value for _, value in parse_qsl(urlsplit(link).query)}
        assert (await person.open(link)).response.status_code == 200
    await scene.withdraw(customer)
    yield await scene.api.start_run(customer.id)
    await _settled(scene, customer)
    await _sign_in(scene, customer, words, "delegated")
    words |= await _secrets(scene)
    await scene.api.disconnect(customer.id)


async def _sign_in(scene: Scene, customer: Customer, words: set[str], grant: str, **decision: Any) -> None:
    url = await scene.api.begin_connection(customer.id, grant)
    async with scene.person() as person:
        visit: Visit = await person.connect(url, account=customer.admin, **decision)
    secret = {"ticket", "code", "state", "nonce", "code_challenge"}
    for hop in visit.hops:
        words |= {value for name, value in parse_qsl(urlsplit(hop.url).query) if name in secret}


async def _misuse(scene: Scene, customer: Customer, address: str) -> None:
    path = f"/customers/{customer.id}"
    await scene.request("GET", f"/customers/{address}")
    await scene.request("GET", f"/no/such/place/{address}?email={address}")
    await scene.request("PUT", path, content=f'{{"name": "{CANARY}'.encode())
    await scene.request("PUT", path, json={"name": [CANARY], address: 1})
    await scene.request("GET", path, key=f"tnt_{address}")
    await scene.request("GET", f"/runs/{address}")
    async with scene.person() as person:
        await person.open(f"{scene.callback}?error=access_denied&error_description={address}&state={address}")
        await person.open(f"{scene.stack.app_url}/connect/start?ticket={address}")
        await person.open(f"{scene.stack.app_url}/portal/open?token={address}")
    dropped = "message.given_up"
    before = (await asyncio.to_thread(scene.log)).count(dropped)
    await asyncio.to_thread(_send_nonsense, scene.stack.azurite.connection_string, address)
    await eventually(lambda: asyncio.to_thread(scene.log), lambda log: log.count(dropped) > before)


def _send_nonsense(connection_string: str, text: str) -> None:
    with QueueClient.from_connection_string(
        connection_string, "sync-requests", message_encode_policy=TextBase64EncodePolicy()
    ) as queue:
        queue.send_message(text)


async def _settled(scene: Scene, customer: Customer) -> None:
    await eventually(
        lambda: scene.api.runs(customer.id), lambda runs: all(run["finished_at"] for run in runs)
    )


def _people(scene: Scene) -> set[str]:
    """Every address of the seeded world, and every name that could not be anything else."""
    found: set[str] = set()
    for tenant in build_world(scene.stack.seed, scene.stack.scale).tenants.values():
        for user in tenant.users.values():
            properties = user.properties
            found |= {str(properties[name]) for name in ("userPrincipalName", "mail") if properties.get(name)}
            name = user.display_name.strip()
            if " " in name and len(name) >= SHORTEST_NAME:
                found.add(name)
    return found


async def _secrets(scene: Scene) -> set[str]:
    """Everything that opens something: keys, secrets, and the tokens that ever were in Key Vault."""
    endpoints, outside = scene.stack.endpoints, scene.stack.outside
    found = {endpoints.api_key, endpoints.api_key.rpartition("_")[2], endpoints.master_key}
    found.add(outside.hosting_client_secret)
    for value in (await scene.vault("GET", "secrets/values"))["values"]:
        try:
            found |= set(_tokens(json.loads(value)))
        except ValueError:
            found.add(value)
    return found


def _tokens(document: Any) -> Iterable[str]:
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "secret":
                yield value
            else:
                yield from _tokens(value)
