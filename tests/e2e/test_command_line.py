"""The operator's command line on the whole sandbox: from a run to a customer that is gone."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.e2e.scene import Scene

pytestmark = pytest.mark.e2e


async def _admin(scene: Scene, *arguments: str) -> Any:
    return json.loads(await asyncio.to_thread(scene.stack.admin, *arguments, "--json"))


async def test_an_operator_finds_a_run_does_it_again_and_erases_the_customer(scene: Scene) -> None:
    """List, show, retry, erase with proof; what changed something is in the audit log."""
    customer = await scene.imported("harbour")
    account = (await scene.request("GET", "/account")).json()["id"]
    (found,) = [
        row
        for row in await _admin(scene, "connections", "list", "--account", account)
        if row["customer"] == customer.id
    ]
    shown = await _admin(scene, "connections", "show", found["id"])
    assert (shown["state"], shown["trouble"]) == ("active", {})
    run = await _admin(scene, "runs", "show", shown["last run"], "--changes")
    assert run["state"] == "succeeded"
    made = [line for line in run["changes"] if line["kind"] == "create"]
    assert len(made) == run["counts"]["created"] > 0

    again = await _admin(scene, "runs", "retry", shown["last run"])
    assert (await scene.api.finished(again["id"]))["state"] == "succeeded"

    erased = await _admin(scene, "customers", "purge", account, customer.id, "--erase", "--yes")
    assert (erased["erased"], erased["token left"]) == (True, False)
    assert {row["table"] for row in erased["tables"] if row["left"]} == set()
    found_rows = {row["table"]: row["found"] for row in erased["tables"]}
    assert found_rows["contacts"] == run["counts"]["created"]
    assert (await scene.request("GET", f"/customers/{customer.id}")).status_code == 404

    verbs = [act["verb"] for act in await _admin(scene, "audit", "list") if customer_of(act, found["id"])]
    assert "customers purge" in verbs


def customer_of(act: dict[str, Any], connection_id: str) -> bool:
    """Whether the act was about the connection."""
    return act["ids"].get("connection") == connection_id
