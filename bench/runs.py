"""Whole runs of the app: what they ask of the outside, and what CPU and memory they take."""

from __future__ import annotations

import gc
import os
import re
import resource
import statistics
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from unittest import mock
from urllib.parse import unquote

import aiohttp
import httpx
import msgspec

from bench.graph_pages import tenant_id
from bench.scene import CUSTOMER_USERS, WARM_UP_USERS
from shared.app import App
from shared.bootstrap import build
from shared.core.configuration import Schedule
from shared.core.connection import Connection, ConnectionState
from shared.core.messages import SyncMessage
from shared.core.run import Run, RunState, new_connection_id, slot_run_id
from shared.core.schedule import due_times
from shared.settings import Settings

ACCOUNT_ID = "bench"
_STORAGE = "AzureWebJobsStorage"
_REPEATED = 10
_SINCE_LAST_RUN = timedelta(hours=12)
_SIMULATED = {"Entra ID": "ENTRA_AUTHORITY", "Graph": "GRAPH_URL", "Key Vault": "KEY_VAULT_URL"}


async def calls() -> dict[str, Any]:
    """An unchanged scheduled run of a small customer: its calls by service, and its CPU in seconds."""
    asked: Counter[str] = Counter()
    with _traced(asked):
        app = build(Settings.from_environment(os.environ))
    try:
        connection = await connect(app, CUSTOMER_USERS)
        await sync(app, connection)
        async with httpx.AsyncClient(timeout=30) as simulators:
            message = await _message(app, connection)
            for setting in _SIMULATED.values():
                await simulators.delete(f"{os.environ[setting]}/_control/requests")
            asked.clear()
            await app.worker.handle(message)
            found = [{"service": "Table Storage", "call": call, "count": n} for call, n in asked.items()]
            for service, setting in _SIMULATED.items():
                log = await simulators.get(f"{os.environ[setting]}/_control/requests")
                by_route: dict[str, int] = log.json()["by_route"]
                found += [{"service": service, "call": call, "count": n} for call, n in by_route.items()]
        run = await _succeeded(app, message)
        assert run.counts.unchanged
        assert not run.planned
        seconds = [await _cpu_seconds(app, connection) for _ in range(_REPEATED)]
        return {
            "users": CUSTOMER_USERS,
            "calls": found,
            "total": sum(call["count"] for call in found),
            "cpu_seconds": statistics.median(seconds),
        }
    finally:
        await app.close()


async def first_import(users: int) -> dict[str, Any]:
    """The first run of a customer, in a process that has carried out another one's before."""
    app = await _warm_app()
    try:
        connection = await connect(app, users)
        seconds = await _cpu_seconds(app, connection)
        return {"connection_id": connection, "cpu_seconds": seconds, "peak_bytes": _peak_bytes()}
    finally:
        await app.close()


async def unchanged(connection_id: str, repeated: int) -> dict[str, Any]:
    """Runs of an imported customer of whom nothing changed, likewise; the median of their CPU."""
    app = await _warm_app()
    try:
        seconds = [await _cpu_seconds(app, connection_id) for _ in range(repeated)]
        return {"cpu_seconds": statistics.median(seconds), "peak_bytes": _peak_bytes()}
    finally:
        await app.close()


async def connect(app: App, users: int) -> str:
    """The id of a new connection to the tenant with so many users, which has consented."""
    now = datetime.now(UTC) - _SINCE_LAST_RUN
    connection = Connection(
        id=new_connection_id(),
        account_id=ACCOUNT_ID,
        customer_id="bench",
        created_at=now,
        state=ConnectionState.ACTIVE,
        tenant_id=tenant_id(users),
        connected_at=now,
        secret_name=f"connection-{uuid.uuid4().hex}",
    )
    await app.worker.connections.add(connection)
    return connection.id


async def sync(app: App, connection_id: str) -> Run:
    """Carry out a scheduled run, half a day after the one before."""
    message = await _message(app, connection_id)
    await app.worker.handle(message)
    return await _succeeded(app, message)


async def _cpu_seconds(app: App, connection_id: str) -> float:
    message = await _message(app, connection_id)
    gc.collect()
    began = time.process_time()
    await app.worker.handle(message)
    seconds = time.process_time() - began
    await _succeeded(app, message)
    return seconds


async def _message(app: App, connection_id: str) -> SyncMessage:
    """The message of the next slot; the connection looks as if its last run was half a day ago."""
    stored = await app.worker.connections.get(ACCOUNT_ID, connection_id)
    assert stored is not None
    now = datetime.now(UTC)
    if stored.value.read_at is not None:
        then = now - _SINCE_LAST_RUN
        aged = msgspec.structs.replace(stored.value, read_at=then, full_read_at=then, synced_at=then)
        await app.worker.connections.replace(stored, aged)
    slot = due_times(Schedule(), connection_id, app.worker.spread, now - _SINCE_LAST_RUN, now)[-1]
    return SyncMessage(ACCOUNT_ID, connection_id, slot_run_id(connection_id, now, now), slot)


async def _succeeded(app: App, message: SyncMessage) -> Run:
    run = await app.worker.runs.get(message.run_id)
    assert run is not None
    assert run.state is RunState.SUCCEEDED, run.error
    return run


async def _warm_app() -> App:
    """The app, after its first use: connections are open, its own tokens and credential are there."""
    app = build(Settings.from_environment(os.environ))
    connection = await connect(app, WARM_UP_USERS)
    for _ in range(2):
        await sync(app, connection)
    return app


@contextmanager
def _traced(asked: Counter[str]) -> Iterator[None]:
    """Count the storage calls of every session that is made meanwhile."""
    settings = dict(part.split("=", 1) for part in os.environ[_STORAGE].split(";") if part)
    storage = settings["TableEndpoint"]

    async def note(_session: object, _context: object, start: aiohttp.TraceRequestStartParams) -> None:
        url = str(start.url)
        if url.startswith(storage):
            asked[f"{start.method} {_template(url.removeprefix(storage))}"] += 1

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(note)
    session = partial(aiohttp.ClientSession, trace_configs=[trace])
    with mock.patch.object(aiohttp, "ClientSession", session):
        yield


def _template(url: str) -> str:
    path, _, query = unquote(url).partition("?")
    names = sorted(re.findall(r"(?:^|&)([^=&]+)=", query))
    return re.sub(r"='[^']*'", "", path) + (f"?{'&'.join(names)}" if names else "")


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
