"""What every EventStore must do."""

import asyncio
from datetime import timedelta

import pytest

from shared.core.events import Event, EventType, Facts, Notice, Subject, make_event
from shared.ports import EventFilter, EventStore
from tests.contract.contracts.values import NOW, unique
from tests.fakes import FakeClock

EVERYTHING = EventFilter()


def event(
    account: str,
    number: int,
    kind: EventType = EventType.CONNECTION_PAUSED,
    customer: str | None = "Zoë / 名前 #?",
    name: str = "connection:c",
) -> Event:
    """An event with something of every kind in its data."""
    data: Facts = {
        "text": "Zoë / 名前 😀",
        "number": 3,
        "flag": True,
        "none": None,
        "list": ["a"],
        "counts": {"b": 1},
    }
    return make_event(Subject(name, account, customer, "c", "run_c"), Notice(number, kind, NOW, data))


class EventStoreContract:
    """One feed per account."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def events(self, clock: FakeClock) -> EventStore:
        raise NotImplementedError("the store under test")

    async def test_events_come_back_as_they_were_in_the_order_they_came(self, events: EventStore) -> None:
        """Every field, and places from 1 without gaps."""
        account = unique()
        placed = await events.append(account, [event(account, 1), event(account, 2)])
        placed += await events.append(account, [event(account, 3)])
        assert [found.sequence for found in placed] == [1, 2, 3]
        part = await events.list(account, 10, 0, EVERYTHING)
        assert (list(part.events), part.position, part.more) == (placed, 3, False)

    async def test_what_was_told_already_keeps_its_place(self, events: EventStore) -> None:
        """Alone, beside others, and twice at once: each key has one place for good."""
        account = unique()
        await events.append(account, [event(account, 1)])
        again = await events.append(account, [event(account, 1), event(account, 2), event(account, 3)])
        assert [found.sequence for found in again] == [1, 2, 3]
        assert [found.sequence for found in await events.append(account, [event(account, 2)])] == [2]
        assert len((await events.list(account, 10, 0, EVERYTHING)).events) == 3

    async def test_many_append_at_once_and_none_is_lost_or_doubled(self, events: EventStore) -> None:
        """Each of them, and each of them told twice, gets exactly one place."""
        account = unique()
        await asyncio.gather(
            *(events.append(account, [event(account, number)]) for number in (1, 2, 3, 4) for _ in range(2))
        )
        found = (await events.list(account, 10, 0, EVERYTHING)).events
        assert [one.sequence for one in found] == [1, 2, 3, 4]
        assert {one.key for one in found} == {event(account, number).key for number in (1, 2, 3, 4)}

    async def test_a_feed_is_read_in_parts(self, events: EventStore) -> None:
        """From wherever somebody stopped; at the end the position stays and tells nothing new."""
        account = unique()
        await events.append(account, [event(account, number) for number in range(1, 6)])
        first = await events.list(account, 2, 0, EVERYTHING)
        assert ([one.sequence for one in first.events], first.position, first.more) == ([1, 2], 2, True)
        rest = await events.list(account, 3, first.position, EVERYTHING)
        assert ([one.sequence for one in rest.events], rest.position, rest.more) == ([3, 4, 5], 5, False)
        end = await events.list(account, 3, rest.position, EVERYTHING)
        assert (end.events, end.position, end.more) == ((), 5, False)

    async def test_a_filter_leaves_out_and_still_moves_on(self, events: EventStore) -> None:
        """By type, by customer; the position is that of the last one looked at."""
        account = unique()
        await events.append(
            account,
            [
                event(account, 1),
                event(account, 2, EventType.RUN_FAILED),
                event(account, 3, EventType.RUN_FAILED, "other"),
                event(account, 4, customer=None),
            ],
        )
        failed = await events.list(account, 10, 0, EventFilter((EventType.RUN_FAILED,)))
        assert ([one.sequence for one in failed.events], failed.position) == ([2, 3], 4)
        both = EventFilter((EventType.RUN_FAILED, EventType.CONNECTION_PAUSED), "other")
        assert [one.sequence for one in (await events.list(account, 10, 0, both)).events] == [3]
        none = await events.list(account, 10, 0, EventFilter(customer_id="nobody"))
        assert (none.events, none.position, none.more) == ((), 4, False)

    async def test_accounts_do_not_see_each_other(self, events: EventStore) -> None:
        """Each feed counts by itself."""
        one, other = unique(), unique()
        await events.append(one, [event(one, 1)])
        assert (await events.append(other, [event(other, 1)]))[0].sequence == 1
        assert [found.account_id for found in (await events.list(one, 10, 0, EVERYTHING)).events] == [one]
        assert (await events.list(unique(), 10, 0, EVERYTHING)).events == ()

    async def test_old_events_go_and_places_are_not_used_again(
        self, events: EventStore, clock: FakeClock
    ) -> None:
        """The count goes on, and a place that somebody kept from before still works."""
        account = unique()
        await events.append(account, [event(account, 1), event(account, 2)])
        clock.advance(timedelta(days=2))
        await events.append(account, [event(account, 3)])
        assert await events.purge(clock.now() - timedelta(days=1)) == 2
        assert await events.purge(clock.now() - timedelta(days=1)) == 0
        part = await events.list(account, 10, 1, EVERYTHING)
        assert [one.sequence for one in part.events] == [3]
        assert (await events.append(account, [event(account, 4)]))[0].sequence == 4
