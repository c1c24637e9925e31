"""Timer triggers: when they fire, and what of it is remembered across restarts."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sandbox.functions_host.functions import Function, TimerTrigger
from sandbox.functions_host.invocations import MANUAL, Invocations, Outcome, new_trace
from sandbox.functions_host.logs import HOST
from sandbox.functions_host.protos import ParameterBinding, RetryContext, TypedData
from sandbox.functions_host.schedules import Schedule
from sandbox.functions_host.worker import Call

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ScheduleStatus:
    """When a timer last ran (never: year 1), when it is due, and when that was written down."""

    last: datetime
    next: datetime
    last_updated: datetime

    def to_json(self) -> dict[str, str]:
        """The status as the function sees it and as it is kept."""
        moments = {"Last": self.last, "Next": self.next, "LastUpdated": self.last_updated}
        return {name: moment.isoformat() for name, moment in moments.items()}


@dataclass(frozen=True, slots=True)
class ScheduleMonitor:
    """Keeps the status of each timer in a file, so that a missed occurrence is noticed at the next start."""

    folder: Path

    def read(self, timer: str) -> ScheduleStatus | None:
        """The kept status, None when there is none that can be read."""
        try:
            kept = json.loads(self._path(timer).read_text(encoding="utf-8"))
            moments = (datetime.fromisoformat(kept[name]) for name in ("Last", "Next", "LastUpdated"))
            return ScheduleStatus(*moments)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, timer: str, status: ScheduleStatus) -> None:
        """Replace the status in one step: a process killed meanwhile leaves the old one."""
        path = self._path(timer)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(status.to_json()), encoding="utf-8")
        os.replace(fresh, path)

    def _path(self, timer: str) -> Path:
        return self.folder / f"{timer}.json"


def monitor_folder(state: Path, root: Path) -> Path:
    """Where the timers of the project in `root` are remembered below `state`."""
    return state / "timers" / hashlib.sha256(str(root).encode()).hexdigest()[:16]


class TimerListener:
    """Fires one function on its schedule until it is cancelled; runs never overlap.

    When it fires follows `TimerListener` and `ScheduleMonitor` of azure-webjobs-sdk-extensions.
    """

    def __init__(
        self,
        function: Function,
        schedule: Schedule,
        monitor: ScheduleMonitor | None,
        invocations: Invocations,
    ) -> None:
        assert isinstance(function.trigger, TimerTrigger)
        self._function = function
        self._trigger = function.trigger
        self._schedule = schedule
        self._invocations = invocations
        frequent = schedule.is_more_frequent_than_a_minute(_now())
        self._stopping = False
        self._monitor = monitor if self._trigger.use_monitor and not frequent else None

    async def run(self) -> None:
        """Fire at once when an occurrence was missed or `run_on_startup` is set, then whenever it is due."""
        status = self._monitor.read(self._function.name) if self._monitor else None
        past_due = self._is_past_due(status)
        if status is None or not past_due:
            status = self._first_status(status)
        if past_due or self._trigger.run_on_startup:
            status = await self._fire_whole(status, past_due=past_due, on_schedule=False)
        while True:
            await _sleep_until(status.next)
            status = await self._fire_whole(status, past_due=False, on_schedule=True)

    async def fire_manually(self) -> None:
        """Run once because the host's API asked for it; the schedule stays as it is."""
        await self._invoke(MANUAL, None, past_due=False)

    def _is_past_due(self, status: ScheduleStatus | None) -> bool:
        if status is None:
            return False
        since = status.last if status.last != _NEVER else status.last_updated
        # A status that another schedule wrote says nothing about this one.
        return self._schedule.next_after(since) == status.next and _now() > status.next

    def _first_status(self, kept: ScheduleStatus | None) -> ScheduleStatus:
        now = _now()
        last = kept.last if kept else _NEVER
        if kept and self._schedule.next_after(last if last != _NEVER else kept.last_updated) == kept.next:
            return kept
        status = ScheduleStatus(last, self._schedule.next_after(now), now)
        if self._monitor:
            self._monitor.write(self._function.name, status)
        return status

    async def _fire_whole(
        self, status: ScheduleStatus, *, past_due: bool, on_schedule: bool
    ) -> ScheduleStatus:
        # A run that ends while the host stops is written down, or the next start would make up for it.
        firing = asyncio.create_task(self._fire(status, past_due=past_due, on_schedule=on_schedule))
        try:
            return await asyncio.shield(firing)
        except asyncio.CancelledError:
            self._stopping = True
            await firing
            raise

    async def _fire(self, status: ScheduleStatus, *, past_due: bool, on_schedule: bool) -> ScheduleStatus:
        fired = max(_now(), status.next) if on_schedule else _now()
        outcome = await self._invoke(f"Timer fired at {fired.isoformat()}", status, past_due=past_due)
        if outcome.cancelled:
            return status
        due = self._schedule.next_after(fired)
        fresh = ScheduleStatus(fired, due, fired)
        if self._monitor:
            self._monitor.write(self._function.name, fresh)
        # After a long run the occurrences it slept through are not made up for.
        return fresh if due > _now() else ScheduleStatus(fired, self._schedule.next_after(_now()), fired)

    async def _invoke(self, reason: str, status: ScheduleStatus | None, *, past_due: bool) -> Outcome:
        info = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": status.to_json() if status and self._monitor else None,
            "IsPastDue": past_due,
        }
        inputs = [ParameterBinding(self._trigger.parameter, TypedData(json=json.dumps(info)))]
        retry = self._function.retry
        maximum = retry.maximum if retry else 0
        context = RetryContext(max_retry_count=maximum)
        while True:
            call = Call(inputs, trace=new_trace(), retry=context)
            outcome = await self._invocations.run(self._function, reason, call)
            attempt = context.retry_count
            if outcome.succeeded or outcome.cancelled or retry is None or 0 <= maximum <= attempt:
                return outcome
            delay = retry.delay(attempt)
            HOST.warning("Functions.%s is tried again in %s", self._function.name, delay)
            await asyncio.sleep(delay.total_seconds())
            if self._stopping:
                return outcome
            context = RetryContext(attempt + 1, maximum, outcome.exception)


def _now() -> datetime:
    return datetime.now(UTC)


async def _sleep_until(moment: datetime) -> None:
    # In pieces, because the wall clock may be set and the machine may sleep.
    while (left := (moment - _now()).total_seconds()) > 0:  # noqa: ASYNC110 - time is all it waits for
        await asyncio.sleep(min(left, 60))
