"""How the objects of one delta round are spread over its pages."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from sandbox.world.model import Tenant
from sandbox.world.seeded import seeded


class DeltaBehaviour(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the service is allowed to do and a client has to bear.

    `duplicates` is the share of objects (0 to 1) that come a second time in a round, `empty_pages` the number
    of pages without objects, `shuffle` whether the order is arbitrary, `replay_last_page` whether a delta
    link hands out the latest changes once more, `removed_at_first` whether deleted users show at first.
    """

    page_size: int = 200
    duplicates: float = 0.0
    empty_pages: int = 0
    shuffle: bool = False
    replay_last_page: bool = False
    removed_at_first: bool = False

    def __post_init__(self) -> None:
        if self.page_size < 1 or self.empty_pages < 0 or not 0 <= self.duplicates <= 1:
            raise ValueError("page_size is at least 1, empty_pages at least 0, duplicates between 0 and 1")


@dataclass(slots=True)
class Round:
    """A round under way: the object ids of each page, and what its delta link will say."""

    tenant_id: str
    select: tuple[str, ...] | None
    ids: tuple[str, ...] | None
    pages: list[list[str]]
    resume_at: int


class Rounds:
    """The rounds that are not finished, by number; only the latest are remembered."""

    _MOST = 300

    def __init__(self, seed: int) -> None:
        self._rounds: dict[int, Round] = {}
        self._started = 0
        self._random = seeded("delta rounds", seed)

    def start(
        self,
        tenant: Tenant,
        behaviour: DeltaBehaviour,
        *,
        since: int | None,
        select: tuple[str, ...] | None,
        tracked: frozenset[str],
        only_ids: tuple[str, ...] | None,
    ) -> tuple[int, Round]:
        """Begin a round over all users, or those changed after a sequence number, and return its number.

        `tracked` are the properties whose change makes a user show up.
        """
        head = tenant.change_log.head
        if since is None:
            found: Iterable[str] = [
                *tenant.users,
                *(tenant.deleted_users if behaviour.removed_at_first else ()),
            ]
        else:
            found = _changed(tenant, since, tracked)
        if only_ids is not None:
            wanted = set(only_ids)
            found = [user_id for user_id in found if user_id in wanted]
        # The replay is taken from the log, so that a quiet tenant replays as well.
        resume_at = max(0, head - min(behaviour.page_size, 20)) if behaviour.replay_last_page else head
        started = Round(tenant.id, select, only_ids, _spread(list(found), behaviour, self._random), resume_at)
        self._started += 1
        if len(started.pages) > 1:
            self._rounds[self._started] = started
            if len(self._rounds) > self._MOST:
                del self._rounds[next(iter(self._rounds))]
        return self._started, started

    def get(self, number: int) -> Round | None:
        return self._rounds.get(number)


def _changed(tenant: Tenant, since: int, tracked: frozenset[str]) -> list[str]:
    """Return the users with a relevant change, in the order of their latest one."""
    latest: dict[str, None] = {}
    for change in tenant.change_log.since(since):
        if change.kind != "updated" or not tracked.isdisjoint(change.properties):
            latest.pop(change.user_id, None)
            latest[change.user_id] = None
    return list(latest)


def _spread(ids: list[str], behaviour: DeltaBehaviour, source: random.Random) -> list[list[str]]:
    if behaviour.duplicates:
        repeated = [user_id for user_id in ids if source.random() < behaviour.duplicates]
        for user_id in repeated:
            ids.insert(source.randint(0, len(ids)), user_id)
    if behaviour.shuffle:
        source.shuffle(ids)
    size = behaviour.page_size
    pages = [ids[start : start + size] for start in range(0, len(ids), size)] or [[]]
    for _ in range(behaviour.empty_pages):
        pages.insert(source.randint(0, len(pages)), [])
    return pages
