"""Whoever reads the feed, in whatever parts and however often again, sees every event once and in order."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.core.events import Event, EventType, Notice, Subject, make_event
from shared.ports import EventFilter
from tests.fakes import START, FakeClock
from tests.fakes.events import FakeEventStore

KINDS = (EventType.RUN_COMPLETED, EventType.RUN_HELD)
_TOLD = st.lists(st.integers(1, 12), min_size=1, max_size=6)  # numbers of notices, told again now and then
_READ = st.tuples(st.integers(1, 5), st.booleans())  # how many at most, and whether the answer gets lost
_STEPS = st.lists(st.one_of(_TOLD, _READ), max_size=30)


def _event(number: int) -> Event:
    at = START + timedelta(seconds=number)
    return make_event(Subject("run:1", "acc"), Notice(number, KINDS[number % 2], at))


@given(steps=_STEPS, filtered=st.booleans())
async def test_a_poller_misses_nothing_and_sees_nothing_twice(steps: list, filtered: bool) -> None:
    """However publishing and reading interleave; a part that got lost is read again from the same cursor."""
    store, wanted = FakeEventStore(FakeClock()), EventFilter(KINDS[:1] if filtered else ())
    seen: list[str] = []
    cursor = 0
    for step in [*steps, *[(5, False)] * 20]:
        if isinstance(step, list):
            await store.append("acc", [_event(number) for number in dict.fromkeys(step)])
            continue
        limit, lost = step
        part = await store.list("acc", limit, cursor, wanted)
        assert len(part.events) <= limit
        if not lost:
            seen += [event.id for event in part.events]
            cursor = part.position
    feed = store.feed("acc")
    assert [event.sequence for event in feed] == list(range(1, len(feed) + 1))
    assert seen == [event.id for event in feed if wanted.takes(event)]
    assert len(set(seen)) == len(seen)
