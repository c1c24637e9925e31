"""All connections at a glance: how many of each kind there are, how old their contacts are, who is late."""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from shared.core.connection import ConnectionState
from shared.core.standing import Glance, missed_since

LATE_AFTER = timedelta(hours=1)
"""So long after its time a sync is the operator's business; people are told later."""
MOST_NAMED = 100
"""So many late connections of one look are named, those that are late the longest; the others are counted."""

_GROUPS = {
    ConnectionState.ACTIVE: "active",
    ConnectionState.PAUSED: "paused",
    ConnectionState.ACTION_REQUIRED: "action_required",
    ConnectionState.PENDING: "pending",
    ConnectionState.CONSENTING: "pending",
    ConnectionState.VALIDATING: "pending",
    ConnectionState.DISCONNECTED: "disconnected",
}
GROUPS = tuple(dict.fromkeys(_GROUPS.values()))
"""What connections are counted by; whoever has not finished connecting is pending."""


class Late(msgspec.Struct, frozen=True, order=True):
    """A connection whose sync is late, the later the greater; `freshness`: how old its last sync is."""

    overdue: timedelta
    freshness: timedelta
    connection_id: str
    account_id: str
    customer_id: str


class Fleet(msgspec.Struct, frozen=True):
    """What was seen so far. `oldest`: how old the oldest contacts are; `named`: the latest come first."""

    groups: dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(GROUPS, 0))
    held: int = 0
    late: int = 0
    oldest: timedelta = timedelta(0)
    named: tuple[Late, ...] = ()


def freshness(seen: Glance, now: datetime) -> timedelta | None:
    """How old the last sync is, or where there was none, since when one is waited for.

    None for a connection that is not active, or waits to be set up.
    """
    if seen.state is not ConnectionState.ACTIVE or seen.being_set_up:
        return None
    since = seen.synced_at or seen.waiting_since
    return None if since is None else max(now - since, timedelta(0))


def with_more(fleet: Fleet, page: Sequence[Glance], late: Sequence[Late], now: datetime) -> Fleet:
    """What was seen so far and this page. `late`: those of the page that are late."""
    groups = Counter(fleet.groups)
    groups.update(_GROUPS[seen.state] for seen in page)
    ages = [age for seen in page if (age := freshness(seen, now)) is not None]
    return Fleet(
        groups=dict(groups),
        held=fleet.held + sum(1 for seen in page if seen.held),
        late=fleet.late + len(late),
        oldest=max([fleet.oldest, *ages]),
        named=tuple(heapq.nlargest(MOST_NAMED, (*fleet.named, *late))),
    )


def late_ones(page: Sequence[Glance], spread: timedelta, now: datetime) -> Iterator[Late]:
    """Those of the page that are late. `spread`: over how long syncs of the same hour are spread.

    One that waits for somebody's decision or remedy is not: the operator could only wait too.
    """
    for seen in page:
        age = freshness(seen, now)
        if age is None or seen.held or seen.blocked:
            continue
        due = missed_since(seen, spread, now, LATE_AFTER)
        if due is not None:
            yield Late(now - due, age, seen.id, seen.account_id, seen.customer_id)
