"""What a run costs: every request to Storage, Entra ID, Key Vault and Graph is counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from shared import bootstrap
from shared.app import App
from shared.core.connection import Grant
from shared.core.customer import Customer
from shared.core.run import ReadMode, RunState
from tests.integration.microsoft import Microsoft
from tests.integration.whole import (
    connect,
    new_customer,
    own_names,
    sync_by_schedule,
    sync_on_demand,
    watched_session,
)

MOST = 10
"""Outside calls of an unchanged scheduled run, in a process that is warm."""
MOST_COLD = 16
"""The same in a new process, which first needs metadata, a token for the vault, its own secret, and to know
that the account's contacts live here and that the operator has not stopped syncs."""

pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post':UserWarning")


class Outside:
    """Counts what goes out."""

    def __init__(self, microsoft: Microsoft, calls: list[str]) -> None:
        self._microsoft, self._calls = microsoft, calls
        self._seen: dict[str, int] = {}

    async def new(self) -> list[str]:
        """Every call since this was last asked, in words."""
        storage = [call for call in self._calls if call.split()[1].startswith("http://")]
        self._calls.clear()
        microsoft = self._microsoft
        counted: dict[str, int] = {}
        for url in (microsoft.entra_url, microsoft.vault_url):
            counted |= {f"{url} {route}": n for route, n in (await microsoft.requests(url)).items()}
        summary = microsoft.graph.requests.summary()
        counted |= {f"graph {route}": n for route, n in summary["by_route"].items()}
        fresh = [name for name, n in counted.items() for _ in range(n - self._seen.get(name, 0))]
        self._seen = counted
        return storage + fresh


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
async def app(
    microsoft: Microsoft,
    azurite_connection_string: str,
    calls: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[App]:
    own_names(monkeypatch)
    watched_session(monkeypatch, calls)
    app = bootstrap.build(microsoft.settings(AzureWebJobsStorage=azurite_connection_string))
    yield app
    await app.close()


@pytest.fixture
async def customer(app: App, microsoft: Microsoft) -> Customer:
    """Fifty people, read once, twelve hours ago as far as the connection knows."""
    for number in range(49):
        microsoft.customer.hire(
            userPrincipalName=f"person-{number}@contoso.example",
            mail=f"person-{number}@contoso.example",
            displayName=f"Person {number}",
            surname=str(number),
        )
    customer = await new_customer(app)
    await connect(app, microsoft, customer, Grant.APPLICATION)
    run = await sync_on_demand(app, customer)
    assert (run.state, run.counts.created) == (RunState.SUCCEEDED, 50)
    await _age(app, customer)
    return customer


async def test_an_unchanged_customer_costs_little(
    app: App, microsoft: Microsoft, customer: Customer, calls: list[str]
) -> None:
    """Fifty people, nothing new: at most ten calls, storage, token and secret included."""
    outside = Outside(microsoft, calls)
    await outside.new()
    run_id = await sync_by_schedule(app, customer)
    made = await outside.new()
    run = await app.runs.get(customer.account_id, run_id)
    assert (run.state, run.read_mode, run.counts.unchanged) == (RunState.SUCCEEDED, ReadMode.DELTA, 50)
    assert len(made) <= MOST, "\n".join(made)


async def test_the_first_run_of_a_process_costs_little_more(
    app: App,
    microsoft: Microsoft,
    customer: Customer,
    azurite_connection_string: str,
    calls: list[str],
) -> None:
    """What every process has to learn once is six calls."""
    outside = Outside(microsoft, calls)
    await outside.new()
    fresh = bootstrap.build(microsoft.settings(AzureWebJobsStorage=azurite_connection_string))
    run_id = await sync_by_schedule(fresh, customer)
    made = await outside.new()
    run = await fresh.runs.get(customer.account_id, run_id)
    await fresh.close()
    assert (run.state, run.read_mode) == (RunState.SUCCEEDED, ReadMode.DELTA)
    assert len(made) <= MOST_COLD, "\n".join(made)


async def test_one_person_more_costs_a_few_calls_more(
    app: App, microsoft: Microsoft, customer: Customer, calls: list[str]
) -> None:
    """The mirror, the log of changes, the contact and the event: not one call for each of the fifty."""
    outside = Outside(microsoft, calls)
    await outside.new()
    microsoft.customer.hire(
        userPrincipalName="new@contoso.example", displayName="New Person", surname="Person"
    )
    run_id = await sync_by_schedule(app, customer)
    made = await outside.new()
    run = await app.runs.get(customer.account_id, run_id)
    assert (run.state, run.counts.created) == (RunState.SUCCEEDED, 1)
    assert len(made) <= MOST + 9, "\n".join(made)


async def test_a_run_that_is_delivered_twice_costs_almost_nothing(
    app: App, microsoft: Microsoft, customer: Customer, calls: list[str]
) -> None:
    """The second delivery sees that the run has ended; Graph and Entra ID are not asked."""
    await sync_by_schedule(app, customer)
    outside = Outside(microsoft, calls)
    await outside.new()
    await sync_by_schedule(app, customer)
    made = await outside.new()
    assert not [call for call in made if not call.split()[1].startswith("http://")], "\n".join(made)
    assert len(made) <= 6, "\n".join(made)


async def _age(app: App, customer: Customer) -> None:
    """Twelve hours pass, as far as the connection knows."""
    store = app.worker.connections
    stored = await store.get(customer.account_id, customer.connection_id)
    assert stored is not None
    past = app.clock.now() - timedelta(hours=12)
    aged = msgspec.structs.replace(stored.value, read_at=past, connected_at=past, full_read_at=past)
    await store.replace(stored, aged)
