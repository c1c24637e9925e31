"""An append-only record of what happened to the users of one tenant."""

from __future__ import annotations

from typing import Literal, NamedTuple

ChangeKind = Literal["created", "updated", "soft_deleted", "restored", "purged"]


class Change(NamedTuple):
    """One event: its sequence number (from 1), the user's object id, the names of the properties written."""

    sequence: int
    user_id: str
    kind: ChangeKind
    properties: frozenset[str]


class ChangeLog:
    """Changes in the order they happened; `head` is the sequence number of the latest, or 0."""

    def __init__(self) -> None:
        self._changes: list[Change] = []

    @property
    def head(self) -> int:
        return len(self._changes)

    def append(self, user_id: str, kind: ChangeKind, properties: frozenset[str] = frozenset()) -> Change:
        """Record an event and return it with its sequence number."""
        change = Change(len(self._changes) + 1, user_id, kind, properties)
        self._changes.append(change)
        return change

    def since(self, sequence: int, until: int | None = None) -> list[Change]:
        """Return the changes after `sequence`, up to and including `until` (default: all)."""
        return self._changes[sequence:until]
