"""Two running stacks for all tests: a small one for most, a big one for what takes its time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from sandbox.azurite import ENTRY
from sandbox.stack import NODE_DIRECTORY, Stack, telemetry_to
from tests.e2e.collector import Collector
from tests.e2e.scene import Scene, open_scene

# App settings that the real host has too. Failed messages come back at once, idle queues are looked at often.
QUICK_QUEUES = {
    "AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:00:00",
    "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.1",
}
QUICK_TELEMETRY = {
    "OTEL_BSP_SCHEDULE_DELAY": "500",
    "OTEL_BLRP_SCHEDULE_DELAY": "500",
    "OTEL_METRIC_EXPORT_INTERVAL": "1000",
}


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """What the small stack sends its telemetry to, half a second after it was made."""
    with Collector() as running:
        yield running


@pytest.fixture(scope="session")
def stack(collector: Collector) -> Iterator[Stack]:
    """The sandbox with small customers; tests keep apart by the customers they make."""
    _check_node()
    with Stack(
        scale="small", settings=QUICK_QUEUES | telemetry_to(collector.url) | QUICK_TELEMETRY
    ) as running:
        yield running


@pytest.fixture(scope="session")
def big_stack() -> Iterator[Stack]:
    """The sandbox with big customers, where work that was cut short is taken up again soon."""
    _check_node()
    settings = QUICK_QUEUES | {"SYNC_LEASE_SECONDS": "5"}
    with Stack(scale="full", settings=settings, queue_lock_seconds=5) as running:
        yield running


@pytest.fixture
async def scene(stack: Stack) -> AsyncIterator[Scene]:
    """The small stack, as one test acts on it."""
    async with open_scene(stack) as scene:
        yield scene


@pytest.fixture
async def big_scene(big_stack: Stack) -> AsyncIterator[Scene]:
    """The big stack, as one test acts on it."""
    async with open_scene(big_stack) as scene:
        yield scene


def _check_node() -> None:
    if not (NODE_DIRECTORY / ENTRY).is_file():
        pytest.fail(
            f"Azurite is not installed in {NODE_DIRECTORY}: run `python3 dev.py test`.", pytrace=False
        )
