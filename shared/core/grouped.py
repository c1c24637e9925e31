"""Values by key where a key nearly always has one value."""

from collections.abc import Hashable, Iterator, KeysView
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Grouped(Generic[K, V]):
    """Like a dictionary of lists, but a list is made for the second value only: for a hundred thousand keys
    with one value each, the lists would take more memory than the values."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._first: dict[K, V] = {}
        self._more: dict[K, list[V]] = {}

    def add(self, key: K, value: V) -> None:
        """One more value of the key."""
        if key in self._first:
            self._more.setdefault(key, []).append(value)
        else:
            self._first[key] = value

    def __getitem__(self, key: K) -> list[V]:
        """The key's values in the order in which they were added; none is no error."""
        if key not in self._first:
            return []
        return [self._first[key], *self._more.get(key, ())]

    def __contains__(self, key: object) -> bool:
        """Whether the key has a value."""
        return key in self._first

    def __iter__(self) -> Iterator[K]:
        """The keys that have a value."""
        return iter(self._first)

    def keys(self) -> KeysView[K]:
        """The same as a set."""
        return self._first.keys()
