"""Looking for what fits in a long list, in bounded steps."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.ports import Page

T = TypeVar("T")


async def fitting(
    listed: Callable[[int, str | None], Awaitable[Page[T]]],
    fits: Callable[[T], bool],
    limit: int,
    after: str | None,
    *,
    at_once: int,
    most_looks: int,
) -> Page[T]:
    """At most `limit` of the items that fit. Where they are rare the page may be shorter, or empty, though
    there are more: after `most_looks` looks at `at_once` items it is given as it is.

    `listed`: a part of the list, by its length and the place that it begins after.
    """
    found = list[T]()
    for _ in range(most_looks):
        page = await listed(at_once, after)
        good = [number for number, item in enumerate(page.items) if fits(item)]
        room = limit - len(found)
        found += [page.items[number] for number in good[:room]]
        if len(good) > room:  # only the store knows the place between two of its items
            after = (await listed(good[room - 1] + 1, after)).after
            break
        after = page.after
        if after is None or len(found) == limit:
            break
    return Page(tuple(found), after)
