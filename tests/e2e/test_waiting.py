"""What takes its time goes on by itself, through the queue, without anybody waiting at a request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from sandbox.api_client import Document
from sandbox.stack import Stack
from tests.e2e.scene import Customer, Page, Scene, eventually, open_scene

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

LONG_WAIT = 11  # seconds; one more than a worker waits itself


@dataclass
class Replicated:
    """A consent that Microsoft was still copying."""

    page: Page
    at_once: Document
    refusals: int
    in_the_end: Document


@dataclass
class PutOff:
    """A run that Microsoft Graph told to come back much later."""

    meanwhile: Document
    requests_at_once: int
    requests_meanwhile: int
    waited: float
    in_the_end: Document


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(stack: Stack) -> AsyncIterator[tuple[Replicated, PutOff]]:
    """Both stories, told at the same time, as each of them mostly waits."""
    async with open_scene(stack) as scene:
        throttled = await scene.imported("harbour")
        copied = await scene.customer("quince")
        yield await asyncio.gather(_replicated(scene, copied), _put_off(scene, throttled))


async def _replicated(scene: Scene, customer: Customer) -> Replicated:
    await scene.entra("replication", failures=1)
    async with scene.person() as person:
        visit = await person.connect(
            await scene.api.begin_connection(customer.id, "application"), account=customer.admin
        )
    await scene.entra("replication")
    at_once = await scene.api.connection(customer.id)
    refused = await scene.request("POST", f"/customers/{customer.id}/runs")
    in_the_end = await eventually(
        lambda: scene.api.connection(customer.id), lambda found: found["state"] != "validating"
    )
    return Replicated(Page.of(visit), at_once, refused.status_code, in_the_end)


async def _put_off(scene: Scene, customer: Customer) -> PutOff:
    await scene.fault(customer, "throttle", retry_after=LONG_WAIT)
    began = time.monotonic()
    run_id = await scene.api.start_run(customer.id)
    meanwhile = await eventually(
        lambda: scene.api.run(run_id), lambda run: run["error"] or run["finished_at"]
    )
    at_once = await scene.request_count(customer)
    log = f"run.put_off run={run_id} "
    await eventually(lambda: asyncio.to_thread(scene.log), lambda text: log in text)
    requests_meanwhile = await scene.request_count(customer)
    in_the_end = await scene.api.finished(run_id)
    return PutOff(meanwhile, at_once, requests_meanwhile, time.monotonic() - began, in_the_end)


async def test_a_consent_that_is_still_being_copied_is_proven_by_itself(
    both: tuple[Replicated, PutOff],
) -> None:
    """The page says to wait, nothing can be synced yet, and the connection completes without anybody."""
    consent, _ = both
    assert consent.page.heading == "Almost there"
    assert (consent.at_once["state"], consent.at_once["next_sync_at"]) == ("validating", None)
    assert consent.refusals == 409
    assert consent.in_the_end["state"] == "active"
    assert consent.in_the_end["tenant"]["name"] == "Quince Orchard Veterinary"


async def test_a_run_that_must_wait_long_is_put_off_and_not_failed(both: tuple[Replicated, PutOff]) -> None:
    """It says that nobody has to act, leaves Microsoft Graph alone, and ends well after the wait."""
    _, run = both
    assert (run.meanwhile["state"], run.meanwhile["error"]["code"]) == ("running", "graph_throttled")
    assert run.meanwhile["error"]["actor"] == "nobody"
    assert run.requests_meanwhile == run.requests_at_once
    assert run.waited >= LONG_WAIT
    assert (run.in_the_end["state"], run.in_the_end["error"]) == ("succeeded", None)
    assert (run.in_the_end["resumes"], run.in_the_end["graph_requests"]) == (1, 1)
