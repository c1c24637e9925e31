"""A process that can be killed, or interrupted, at any call it makes to the outside."""

import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class ProcessKilled(BaseException):
    """The process is gone; no handler of ours may see it, and nothing it does has an effect any more."""


async def kill() -> None:
    """The end of the process."""
    raise ProcessKilled


class Process:
    """Counts the calls that ports get; at call `at` (from 1) it does `action`, before or after the effect.

    `calls` names every call in order, so that a test can go through all of them; `tick` lets each take time.
    """

    def __init__(
        self,
        at: int | None = None,
        *,
        after: bool = False,
        action: Callable[[], Awaitable[None]] = kill,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._at, self._after, self._action, self._tick = at, after, action, tick
        self.calls: list[str] = []
        self.alive = True

    def interrupt_with(self, action: Callable[[], Awaitable[None]]) -> None:
        """Do this at the chosen call instead."""
        self._action = action

    def port(self, inner: T) -> T:
        """The port as this process sees it."""
        return cast(T, _Port(inner, self))

    async def around(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        """Make one call."""
        if not self.alive:
            raise ProcessKilled
        self.calls.append(name)
        self._tick()
        chosen = len(self.calls) == self._at
        if chosen and not self._after:
            await self._act()
        try:
            return await call()
        finally:
            if chosen and self._after:
                await self._act()
            if not self.alive:
                raise ProcessKilled

    async def _act(self) -> None:
        try:
            await self._action()
        except ProcessKilled:
            self.alive = False
            raise


class _Port:
    def __init__(self, inner: Any, process: Process) -> None:
        self._inner, self._process = inner, process

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        label = f"{type(self._inner).__name__}.{name}"
        if inspect.iscoroutinefunction(found):
            return functools.partial(self._call, label, found)
        if inspect.isasyncgenfunction(found):
            return functools.partial(self._iterate, label, found)
        if name == "open":
            return lambda *args, **options: _Port(found(*args, **options), self._process)
        return found

    async def _call(self, label: str, found: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await self._process.around(label, lambda: found(*args, **kwargs))

    async def _iterate(
        self, label: str, found: Callable[..., AsyncIterator[Any]], *args: Any, **kwargs: Any
    ) -> AsyncIterator[Any]:
        items = found(*args, **kwargs)
        while True:
            try:
                item = await self._process.around(label, lambda: anext(items))
            except StopAsyncIteration:
                return
            yield item
