"""An allowance that many share: never more than the limit in any window, and the same for everybody.

A budget is asked now and then and keeps no timer: whoever is refused is told how long to wait, and is
remembered as waiting. What follows from that:

- No window, wherever it begins, holds more than the limit. This binds everybody, with a name or without.
- Whoever is alone may use the whole limit. From the first refusal on the limit is divided by max-min fairness
  among those who were granted something within a window and those who wait: nobody is granted more than an
  equal share of it, but for the first within a window, for what others leave of their shares, and for what
  does not divide evenly. They leave what goes beyond what they hold and said they want; of those who did not
  say, beyond what they hold, once they were served and have not asked for an eighth of a window.
- Those who were refused are served in the order in which they first were, those who hold less before those
  who hold more: nobody else is granted what would take from them, at the moment they were told, the amount
  that they asked for. So one who asks once and comes back as told waits no longer than a window, however much
  others want and however eagerly they ask, as long as those who wait do not ask together for more than the
  limit; beyond that they take turns.
- Those who do not come back keep what they were told to come for, and their share, from the others for a
  window after that moment, and are forgotten then.
- Where the small ones say what they want, and everybody comes back as told and takes at once what is granted,
  at least four fifths of the limit are in use, on average of any window, while somebody wants more. One who
  does not say, and wanted little, may cost the others that share once, for a window.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from itertools import takewhile
from operator import attrgetter

import msgspec

_SLICES = 64  # of a window; what one was granted within one of them is kept as one grant
_COARSER = (1, 2, 4, 8)  # such slices together, where many names would make the budget large
_NAMED = 96  # grants whose names are kept
_WAITING = 64
_LINGER = 8  # a window's part for which one who was served is taken to want more
_UNUSED = 10  # a part of a window's limit: more is not left unused for the sake of fewer, larger visits
_STEPS = 32  # in which a window is looked through for when that is
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

    With an amount of 0 they were served since, and want more: `wants`, at most the limit.
    """

    by: str
    amount: int
    until: int
    wants: int


class Wish(msgspec.Struct, frozen=True, gc=False):
    """`amount` of the `limit` of any `window` microseconds, `worth` as much in all, for the mark `by`."""

    by: str
    amount: int
    worth: int
    limit: int
    window: int

    @property
    def wants(self) -> int:
        """How much they want as far as is known: whatever there is where they did not say."""
        return min(self.worth or self.limit, self.limit)


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
        `worth`: what they want in all, 0 where that is not known; the wait is until that much, or a share, is
        there for them, unless that leaves more than a tenth of a window's limit unused meanwhile.
        Every grant counts for a whole window from its moment on. Grants to one that are close together count
        from the last of them on, which may make somebody wait for 1/64 of the window longer (1/8 where very
        many share) and keeps the budget small. Raises ValueError where `amount` could never be granted.
        """
        if not 0 < amount <= limit:
            raise ValueError(f"{amount} of a limit of {limit} cannot be reserved")
        moment = (now - _EPOCH) // _MICROSECOND
        remembered = tuple(one for one in self.waiting if one.until > moment)
        if remembered != self.waiting:
            known = msgspec.structs.replace(self, waiting=remembered)
            budget, left = known.reserved(amount, limit, window, now, by=by, worth=worth)
            return (self if budget is known else budget), left
        wish = Wish(_mark(by), amount, max(worth, amount) if worth else 0, limit, window // _MICROSECOND)
        wait, pause = self._wait(wish, moment), self.pause_left(now)
        if pause > _NO_WAIT or (wait and not by):
            return self, max(pause, wait * _MICROSECOND)
        if wait:
            return self._refused(wish, moment + wait), wait * _MICROSECOND
        return self._granted(wish, moment), _NO_WAIT

    def _wait(self, wish: Wish, moment: int) -> int:
        """Microseconds until the wish, or what it is worth, is granted if nobody else asks; 0 for now."""
        if self._grants(wish, moment):
            return 0
        # Time only adds to what is there: grants end, and those who wait are forgotten.
        ends = {grant.at + wish.window for grant in self.grants} | {one.until for one in self.waiting}
        last = moment + wish.window
        later = sorted(end for end in {*ends, last} if moment < end <= last)
        first = bisect_left(later, True, key=partial(self._grants, wish))
        if first == len(later):
            return wish.window
        begin = later[first]
        most = max(self._shares(wish, moment).share, wish.amount) if wish.by else wish.limit
        larger = msgspec.structs.replace(wish, amount=max(min(wish.worth, most), wish.amount))
        steps = range(begin, last, -(-wish.window // _STEPS))
        later = sorted({*later[first:], *steps})
        place = bisect_left(later, True, key=partial(self._enough, larger, begin))
        then = later[min(place, len(later) - 1)]
        # What would be left of the shares may have changed hands until then.
        return (then if self._grants(wish, then) else begin) - moment

    def _enough(self, wish: Wish, begin: int, moment: int) -> bool:
        """Whether the wish is granted, or too much would be left unused since `begin` by waiting for it."""
        if self._grants(wish, moment):
            return True
        unused = wish.limit * (moment - begin)
        for grant in self.grants:
            unused -= grant.amount * max(min(grant.at + wish.window, moment) - begin, 0)
        return unused >= wish.limit * wish.window // _UNUSED

    def _grants(self, wish: Wish, moment: int) -> bool:
        if sum(grant.amount for grant in self._alive(moment, wish.window)) + wish.amount > wish.limit:
            return False
        if not wish.by:
            return True
        return self._shares(wish, moment).allow(wish.amount) and self._leaves_room(wish, moment)

    def _alive(self, moment: int, window: int) -> tuple[Granted, ...]:
        return self.grants[bisect_right(self.grants, moment - window, key=attrgetter("at")) :]

    def _shares(self, wish: Wish, moment: int) -> "_Shares":
        wanted = {one.by: one.wants for one in self.waiting if one.until > moment}
        return _Shares(wish, self._alive(moment, wish.window), wanted)

    def _leaves_room(self, wish: Wish, moment: int) -> bool:
        """Whether those who come first still find what they wait for at the moment they were told."""
        promised = wish.amount
        for one in sorted(self._before(wish, moment), key=attrgetter("until")):
            due = max(one.until - wish.window, moment)
            alive = self._alive(due, wish.window)
            theirs = sum(grant.amount for grant in alive if grant.by == one.by)
            mine = sum(grant.amount for grant in alive if grant.by == wish.by)
            if theirs and theirs + one.amount > mine + wish.amount:
                continue  # who holds less comes first, whoever was told what
            promised += one.amount
            if sum(grant.amount for grant in alive) + promised > wish.limit:
                return False
        return True

    def _before(self, wish: Wish, moment: int) -> list[Waiting]:
        ahead = takewhile(lambda one: one.by != wish.by or not one.amount, self.waiting)
        return [one for one in ahead if one.amount and one.until > moment]

    def _granted(self, wish: Wish, moment: int) -> "Budget":
        counted = self._alive(moment, wish.window)
        # A worker whose clock is behind must not make its grant look older than the others'.
        at = max([moment, *(grant.at for grant in counted[-1:])])
        left = wish.worth - wish.amount
        linger = wish.window if left > 0 else wish.window // _LINGER if not wish.worth else 0
        served = Waiting(wish.by, 0, moment + linger, left if left > 0 else wish.limit)
        waiting = [served if one.by == wish.by else one for one in self.waiting]
        return msgspec.structs.replace(
            self,
            grants=_compact([*counted, Granted(at, wish.amount, wish.by)], wish.window),
            waiting=tuple(one for one in waiting if one.until > moment),
        )

    def _refused(self, wish: Wish, due: int) -> "Budget":
        refused = Waiting(wish.by, wish.amount, due + wish.window, wish.wants)
        # One who was served since waits behind the others.
        waiting = [one for one in self.waiting if one.by != wish.by or one.amount]
        places = [place for place, one in enumerate(waiting) if one.by == wish.by]
        if places:
            waiting[places[0]] = refused
        elif len(waiting) < _WAITING:
            waiting.append(refused)
        return msgspec.structs.replace(self, waiting=tuple(waiting))


class _Shares:
    """What each may hold at a moment: `share`, and the part of the limit that is divided so."""

    def __init__(self, wish: Wish, grants: Sequence[Granted], wanted: Mapping[str, int]) -> None:
        """`grants`: those that count; `wanted`: how much more each wants who waits."""
        held = Counter(dict.fromkeys((wish.by, *wanted), 0))
        for grant in grants:
            if grant.by:
                held[grant.by] += grant.amount
        self._mine, self._pot = held.pop(wish.by), wish.limit
        others = sorted(((much + wanted.get(by, 0), much) for by, much in held.items()), reverse=True)
        while others and others[-1][0] <= self._pot // (len(others) + 1):
            self._pot -= others.pop()[0]
        self._others = [much for _, much in others]
        self.share = self._pot // (len(others) + 1)

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
