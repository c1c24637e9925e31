"""What timers and queues make happen."""

import traceback
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

import shared.bootstrap
from shared import entry_points
from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from shared.core.errors import ActionRequired, AttemptFailed
from shared.core.messages import SyncMessage, ValidateMessage, encode
from shared.core.run import RunKind, RunState, Trigger
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import Site

QUEUE = "sync-requests"


@pytest.fixture(autouse=True)
def _app(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared.bootstrap, "get_app", lambda: site.world.app)


async def test_a_sync_message_carries_out_its_run(site: Site, customer: Customer) -> None:
    """The queue's message becomes a run that is done."""
    run, _ = await site.world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    message = SyncMessage(customer.account_id, customer.connection_id, run.id)
    await entry_points.work(encode(message), "m-1", QUEUE)
    done = await site.world.runs.get(run.id)
    assert done is not None
    assert done.state is RunState.SUCCEEDED


async def test_a_validate_message_proves_the_consent(site: Site, caller: Caller) -> None:
    """A consent that was still being copied is proven later."""
    customer = await site.world.customer("c-1", caller.account_id)
    tenant = site.world.tenant(TENANT)
    tenant.fail_next(ActionRequired("consent_revoked", "Not yet.", "Wait.", replicating=True))
    connection = await site.world.connect(tenant, customer)
    assert connection.state is ConnectionState.VALIDATING
    await entry_points.work(
        encode(ValidateMessage(customer.account_id, customer.connection_id)), "m-1", QUEUE
    )
    assert (await site.connection(customer)).state is ConnectionState.ACTIVE


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'"\xff"', b'{"kind": "newer"}', b'{"kind": "sync"}'])
async def test_what_cannot_be_decoded_is_delivered_again(body: bytes) -> None:
    """A newer instance may understand it; the error names the message and not what is in it."""
    with pytest.raises(entry_points.UndecodableMessage, match="m-1") as raised:
        await entry_points.work(body, "m-1", QUEUE)
    assert raised.value.__cause__ is None


async def test_a_message_that_always_failed_ends_its_run(site: Site, customer: Customer) -> None:
    """The poison queue's message becomes a run that failed."""
    run, _ = await site.world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    message = SyncMessage(customer.account_id, customer.connection_id, run.id)
    await entry_points.give_up(encode(message), "m-1", QUEUE)
    ended = await site.world.runs.get(run.id)
    assert ended is not None
    assert ended.state is RunState.FAILED


@pytest.mark.parametrize("body", [b"ann@contoso.example", encode(ValidateMessage("a", "c"))])
async def test_poison_is_logged_by_its_id(caplog: pytest.LogCaptureFixture, body: bytes) -> None:
    """The log names the message; its content stays out of it."""
    await entry_points.give_up(body, "m-1", QUEUE)
    (record,) = [record for record in caplog.records if "message.given_up" in record.getMessage()]
    assert "message=m-1" in record.getMessage()
    assert record.levelname == "ERROR"
    assert getattr(record, "tenantry.account", None) == (None if b"@" in body else "a")
    assert "contoso" not in caplog.text


async def test_the_timer_fans_out(site: Site, customer: Customer) -> None:
    """Every connected customer gets a message."""
    await entry_points.fan_out()
    assert len(site.world.queue.waiting) == 1


async def test_housekeeping_tidies(site: Site, customer: Customer) -> None:
    """Expired links go."""
    await site.world.app.onboarding.begin(customer, (await site.connection(customer)).grant)
    assert len(site.world.one_time) > 0
    site.world.clock.advance(timedelta(days=1))
    await entry_points.housekeeping()
    left: Any = len(site.world.one_time)
    assert left == 0


@pytest.mark.parametrize("part", ["proving", "worker", "fan_out", "housekeeping"])
async def test_what_the_platform_logs_of_a_failure_is_a_code(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    """An error's own text, and that of what caused it, may name people or hold a token."""
    secret = "ann@contoso.example"

    async def fail(*_: object) -> None:
        try:
            raise KeyError(secret)
        except KeyError as error:
            raise ValueError(secret) from error

    for method in ("validate", "handle", "fire", "tidy", "give_up"):
        monkeypatch.setattr(type(getattr(site.world.app, part)), method, fail, raising=False)
    message = encode(ValidateMessage("a", "c") if part == "proving" else SyncMessage("a", "c", "r"))
    works: dict[str, list[Callable[[], Awaitable[None]]]] = {
        "fan_out": [entry_points.fan_out],
        "housekeeping": [entry_points.housekeeping],
    }
    messages = [
        partial(entry_points.work, message, "m-1", QUEUE),
        partial(entry_points.give_up, message, "m-1", QUEUE),
    ]
    for work in works.get(part, messages):
        with pytest.raises(AttemptFailed, match=r"unexpected\.ValueError") as raised:
            await work()
        assert secret not in "".join(traceback.format_exception(raised.value))
    assert "work.failed code=unexpected.ValueError where=fail:" in caplog.text
    assert secret not in caplog.text
