"""The whole app without its web pages, put together as in Azure, with a customer who connects."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from shared import bootstrap
from shared.app import App
from shared.core.configuration import Schedule
from shared.core.connection import ConnectionState, Grant
from shared.core.customer import Customer
from shared.core.messages import SyncMessage
from shared.core.run import Run, RunKind, Trigger, slot_run_id
from shared.core.schedule import due_times
from shared.services.onboarding import Connected, Redirect
from tests.contract.contracts.values import unique
from tests.integration.microsoft import Microsoft
from tests.integration.storage import OwnTables


def own_names(monkeypatch: pytest.MonkeyPatch) -> type[OwnTables]:
    """Give the next app tables and queues of its own; returns the class that sees the tables."""
    mark = unique()

    class Own(OwnTables):
        prefix = f"t{mark}"
        queue_name = f"q-{mark}"

    monkeypatch.setattr(bootstrap, "TableServiceClient", Own)
    monkeypatch.setattr(bootstrap, "QUEUE_NAME", Own.queue_name)
    monkeypatch.setattr(bootstrap, "PUBLISH_QUEUE_NAME", f"{Own.queue_name}-events")
    monkeypatch.setattr(bootstrap, "DELIVERY_QUEUE_NAME", f"{Own.queue_name}-hooks")
    return Own


def watched_session(monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> None:
    """Note every request that the next app's Azure clients send, such as `PUT http://…/connections(…)`."""
    make = bootstrap._session

    async def note(_session: object, _context: object, request: aiohttp.TraceRequestStartParams) -> None:
        calls.append(f"{request.method} {request.url.with_query(None).with_fragment(None)}")

    def watched(*arguments: object) -> aiohttp.ClientSession:
        session = make(*arguments)  # type: ignore[arg-type]
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(note)
        trace.freeze()
        session.trace_configs.append(trace)
        return session

    monkeypatch.setattr(bootstrap, "_session", watched)


async def new_customer(app: App) -> Customer:
    account = await app.access.create_account("Example MSP")
    customer, _ = await app.customers.put(account.id, "c-1", "Contoso", ())
    return customer


async def connect(app: App, microsoft: Microsoft, customer: Customer, grant: Grant) -> list[str]:
    """Let the customer's administrator connect; returns the one-use tokens that were handed out."""
    _, url = await app.onboarding.begin(customer, grant)
    (ticket,) = parse_qs(urlsplit(url).query)["ticket"]
    handed_out = [ticket]
    outcome: Redirect | Connected = await app.onboarding.start(ticket)
    while isinstance(outcome, Redirect):
        answer = await microsoft.visit(outcome.url)
        handed_out += [outcome.handshake, answer["state"]]
        outcome = await app.onboarding.callback(answer, outcome.handshake)
    assert outcome.connection.state is ConnectionState.ACTIVE, outcome.connection.reason
    return handed_out


async def sync_on_demand(app: App, customer: Customer) -> Run:
    run, _ = await app.runs.start(customer, RunKind.SYNC, Trigger.API)
    await app.worker.handle(SyncMessage(customer.account_id, customer.connection_id, run.id))
    return await app.runs.get(customer.account_id, run.id)


async def sync_by_schedule(app: App, customer: Customer) -> str:
    """Work on the scheduled run that was due last and return its id; nothing but the work is done."""
    now = app.clock.now()
    due = due_times(Schedule(), customer.connection_id, app.worker.spread, now - timedelta(hours=12), now)
    slot = due[-1]
    run_id = slot_run_id(customer.connection_id, slot, slot)
    await app.worker.handle(SyncMessage(customer.account_id, customer.connection_id, run_id, slot))
    return run_id
