"""The lines of a run that are of one kind, wherever they are in its log."""

from shared.core.changes import Change, ChangeKind
from shared.ports import ChangeLog, Page

_AT_ONCE = 1000  # lines of a look
_MOST_LOOKS = 20  # before an answer is given with what was found so far


async def of_kind(
    log: ChangeLog, run_id: str, limit: int, after: str | None, kind: ChangeKind
) -> Page[Change]:
    """A page as `ChangeLog.list` gives it; where they are rare it may be shorter than `limit`, or empty."""
    found: list[Change] = []
    for _ in range(_MOST_LOOKS):
        page = await log.list(run_id, _AT_ONCE, after)
        fitting = [number for number, change in enumerate(page.items) if change.kind is kind]
        room = limit - len(found)
        found += [page.items[number] for number in fitting[:room]]
        if len(fitting) > room:  # only the log knows the place between two of its lines
            after = (await log.list(run_id, fitting[room - 1] + 1, after)).after
            break
        after = page.after
        if after is None or len(found) == limit:
            break
    return Page(tuple(found), after)
