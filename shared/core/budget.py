"""An allowance that many share: never more than the limit in any window, and the same for everybody.

A budget is asked now and then and keeps no timer: whoever is refused is told how long to wait, and is
remembered as waiting. What follows from that:

- No window, wherever it begins, holds more than the limit. This binds everybody, with a name or without.
- Whoever is alone may use the whole limit. Among several the limit is divided by max-min fairness: each may
  hold an equal share within a window, and what somebody who wants no more leaves of a share is the others'.
- Those who were refused are served in the order in which they first were: nobody behind them is granted what
  would take from them, at the moment they were told, the amount that they asked for. So they wait no longer
  than a window, however much others want and however often these ask, as long as those who are waiting do not
  ask together for more than the limit; beyond that they take turns.
- Nothing is kept back from whoever asks, but: what those before them were told to come for, and the shares of
  those who want more. Who does not come back is forgotten a window after the moment they were told; who was
  refused, came back and got what they wanted, an eighth of a window later, so that one who asks call by call
  is not overtaken in between.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from itertools import accumulate, takewhile
from operator import attrgetter

import msgspec

_SLICES = 64  # of a window; what one was granted within one of them is kept as one grant
_COARSER = (1, 2, 4, 8)  # such slices together, where many names would make the budget large
_NAMED = 96  # grants whose names are kept
_WAITING = 64
_LINGER = 8  # a window's part for which one who was served is taken to want more
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_WAIT = timedelta(0)


class Granted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`amount` that was granted until `at`, in microseconds since 1970, to `by`, a mark or empty."""

    at: int
    amount: int
    by: str = ""


class Waiting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One who was refused `amount` and comes for it a window before `until`, when they are forgotten.

    With an amount of 0 they were served since, and want more.
    """

    by: str
    amount: int
    until: int


class Wish(msgspec.Struct, frozen=True, gc=False):
    """`amount` of the `limit` of any `window` microseconds, by whoever has the mark `by`."""

    by: str
    amount: int
    limit: int
    window: int


class Budget(msgspec.Struct, frozen=True):
    """What is kept of an allowance: who was granted what of late, who waits, until when everybody pauses.

    `grants`: oldest first. `waiting`: in the order in which they are served. It stays below 8 KB of JSON: of
    more than 64 who wait only these are remembered, and of more than 96 named grants only the latest names.
    """

    grants: tuple[Granted, ...] = ()
    paused_until: datetime | None = None
    waiting: tuple[Waiting, ...] = ()

    def pause_left(self, now: datetime) -> timedelta:
        """For how long nobody is granted anything."""
        return _NO_WAIT if self.paused_until is None else max(self.paused_until - now, _NO_WAIT)

    def paused(self, until: datetime) -> "Budget":
        """With nobody granted anything before `until`; a later pause counts."""
        if self.paused_until is not None and self.paused_until >= until:
            return self
        return msgspec.structs.replace(self, paused_until=until)

    def held(self, now: datetime, window: timedelta) -> int:
        """How much is granted and counts."""
        alive = self._alive((now - _EPOCH) // _MICROSECOND, window // _MICROSECOND)
        return sum(grant.amount for grant in alive)

    def reserved(
        self, amount: int, limit: int, window: timedelta, now: datetime, *, by: str = "", worth: int = 0
    ) -> "tuple[Budget, timedelta]":
        """The budget after asking for `amount`, and how long to wait where it was not granted.

        `by`: who asks, empty for nobody in particular, whom only the limit binds and who is not remembered;
        `worth`: what they want in all; the wait is until about that much, or their share, is there for them.
        Every grant counts for a whole window from its moment on. Grants to one that are close together count
        from the last of them on, which may make somebody wait for 1/64 of the window longer (1/8 where very
        many share) and keeps the budget small. Raises ValueError where `amount` could never be granted.
        """
        if not 0 < amount <= limit:
            raise ValueError(f"{amount} of a limit of {limit} cannot be reserved")
        moment = (now - _EPOCH) // _MICROSECOND
        wish = Wish(_mark(by), amount, limit, window // _MICROSECOND)
        pause = self.pause_left(now)
        # At the latest after a window: more would not be there then either.
        wait = min(self._wait(wish, worth, moment), wish.window)
        if pause > _NO_WAIT:
            return self, max(pause, wait * _MICROSECOND)
        if wait:
            return self._refused(wish, moment, moment + wait), wait * _MICROSECOND
        return self._granted(wish, moment, wants_more=worth > amount), _NO_WAIT

    def _wait(self, wish: Wish, worth: int, moment: int) -> int:
        """Microseconds until the wish, or what it is worth, is granted if nobody else asks; 0 for now."""
        if self._grants(wish, moment):
            return 0
        ends = {grant.at + wish.window for grant in self.grants} | {one.until for one in self.waiting}
        ends.add(moment + wish.window)
        later = sorted(end for end in ends if end > moment)
        most = max(self._shares(wish, moment).share, wish.amount) if wish.by else wish.limit
        for amount in dict.fromkeys((max(min(worth, most), wish.amount), wish.amount)):
            larger = msgspec.structs.replace(wish, amount=amount)
            # Time only adds to what is there: grants end, and those who wait are forgotten.
            first = bisect_left(later, True, key=partial(self._grants, larger))
            if first < len(later) and later[first] <= moment + wish.window:
                return later[first] - moment
        return wish.window

    def _grants(self, wish: Wish, moment: int) -> bool:
        if sum(grant.amount for grant in self._alive(moment, wish.window)) + wish.amount > wish.limit:
            return False
        if not wish.by:
            return True
        return self._shares(wish, moment).allow(wish.amount) and self._leaves_room(wish, moment)

    def _alive(self, moment: int, window: int) -> tuple[Granted, ...]:
        return self.grants[bisect_right(self.grants, moment - window, key=attrgetter("at")) :]

    def _shares(self, wish: Wish, moment: int) -> "_Shares":
        eager = {one.by for one in self.waiting if one.until > moment}
        return _Shares(wish, self._alive(moment, wish.window), eager - {wish.by})

    def _leaves_room(self, wish: Wish, moment: int) -> bool:
        """Whether those who are served before still find what they wait for when they come for it."""
        total = [0, *accumulate(grant.amount for grant in self.grants)]
        promised = wish.amount
        for one in sorted(self._before(wish, moment), key=attrgetter("until")):
            due = max(one.until - wish.window, moment)
            promised += one.amount
            over = bisect_right(self.grants, due - wish.window, key=attrgetter("at"))
            if due < moment + wish.window and total[-1] - total[over] + promised > wish.limit:
                return False
        return True

    def _before(self, wish: Wish, moment: int) -> list[Waiting]:
        own = [one for one in self.waiting if one.by == wish.by and one.amount]
        ahead = takewhile(lambda one: one not in own, self.waiting)
        return [one for one in ahead if one.amount and one.until > moment and one.by != wish.by]

    def _granted(self, wish: Wish, moment: int, *, wants_more: bool) -> "Budget":
        counted = self._alive(moment, wish.window)
        # A worker whose clock is behind must not make its grant look older than the others'.
        at = max([moment, *(grant.at for grant in counted[-1:])])
        served = Waiting(wish.by, 0, moment + (wish.window if wants_more else wish.window // _LINGER))
        waiting = (served if one.by == wish.by else one for one in self.waiting if one.until > moment)
        return msgspec.structs.replace(
            self,
            grants=_compact([*counted, Granted(at, wish.amount, wish.by)], wish.window),
            waiting=tuple(waiting),
        )

    def _refused(self, wish: Wish, moment: int, due: int) -> "Budget":
        if not wish.by:
            return self
        refused = Waiting(wish.by, wish.amount, due + wish.window)
        waiting = [one for one in self.waiting if one.until > moment and (one.by != wish.by or one.amount)]
        places = [place for place, one in enumerate(waiting) if one.by == wish.by]
        if places:
            waiting[places[0]] = refused
        elif len(waiting) < _WAITING:
            waiting.append(refused)
        return msgspec.structs.replace(self, waiting=tuple(waiting))


class _Shares:
    """What each may hold at a moment: `share`, and the part of the limit that is divided so."""

    def __init__(self, wish: Wish, grants: Sequence[Granted], eager: Collection[str]) -> None:
        """`grants`: those that count; `eager`: the others who want more, as far as is known."""
        held: Counter[str] = Counter()
        for grant in grants:
            if grant.by:
                held[grant.by] += grant.amount
        self._mine = held.pop(wish.by, 0)
        self._others = [held.pop(by, 0) for by in eager]
        self._pot = wish.limit
        content = sorted(held.values(), reverse=True)
        while content and content[-1] <= self._pot // (len(content) + len(eager) + 1):
            self._pot -= content.pop()
        self._others += content
        self.share = self._pot // (len(self._others) + 1)

    def allow(self, amount: int) -> bool:
        """Whether whoever asks may hold `amount` more; their first within a window always."""
        if not self._mine or self._mine + amount <= self.share:
            return True
        # What does not divide evenly goes to whoever is first, and the others keep what they can use.
        usable = self.share - self.share % amount
        others = sum(max(other, usable) for other in self._others)
        return self._mine <= self.share and self._mine + amount + others <= self._pot


def _mark(by: str) -> str:
    """A short stand-in for a name: a budget holds many. That two share one costs them a share."""
    return blake2b(by.encode(), digest_size=4).hexdigest() if by else ""


def _compact(grants: Sequence[Granted], window: int) -> tuple[Granted, ...]:
    size = -(-window // _SLICES)  # rounded up: never more slices than these
    compact: Sequence[Granted] = grants
    for slices in _COARSER:
        compact = _merged(compact, size * slices)
        excess = sum(bool(grant.by) for grant in compact) - _NAMED
        if excess <= 0:
            return tuple(compact)
    named = [place for place, grant in enumerate(compact) if grant.by]
    forgotten = set(named[:excess])
    nameless = [
        Granted(grant.at, grant.amount) if place in forgotten else grant
        for place, grant in enumerate(compact)
    ]
    return tuple(_merged(nameless, size))


def _merged(grants: Sequence[Granted], size: int) -> list[Granted]:
    """One grant for all that one was granted within a slice, as of the last of them."""
    merged: dict[tuple[int, str], Granted] = {}
    for grant in grants:
        place = grant.at // size, grant.by
        earlier = merged.pop(place, None)
        amount = grant.amount + (0 if earlier is None else earlier.amount)
        merged[place] = Granted(grant.at, amount, grant.by)
    return list(merged.values())
