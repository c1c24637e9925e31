"""The lines of a run that somebody looks for, wherever they are in its log, and what a line stands for."""

from collections.abc import Callable
from enum import StrEnum

from shared.core.changes import Change, ChangeKind
from shared.core.run import Run
from shared.core.text import clean
from shared.ports import ChangeLog, Page
from shared.web.held import only_planned

_AT_ONCE = 1000  # lines of a look
_MOST_LOOKS = 20  # before an answer is given with what was found so far

Fits = Callable[[Change], bool]


class LineStatus(StrEnum):
    """Whether a line says what would be done, what was done, what the destination did not take, or why
    nothing was to be done."""

    PLANNED = "planned"
    WRITTEN = "written"
    NOTICED = "noticed"
    FAILED = "failed"


def status_of(run: Run, change: Change) -> LineStatus:
    """What a line of the run says."""
    if only_planned(run):
        return LineStatus.PLANNED
    if change.kind is ChangeKind.FAIL:
        return LineStatus.FAILED
    return LineStatus.WRITTEN if change.writes else LineStatus.NOTICED


def fits(kind: ChangeKind | None, search: str = "") -> Fits | None:
    """Whether a line is of the kind and its person's name has `search` in it, whatever its case; None where
    every line is."""
    wanted = clean(search).casefold()
    if kind is None and not wanted:
        return None
    return lambda change: (kind is None or change.kind is kind) and wanted in clean(change.name).casefold()


async def lines(log: ChangeLog, run_id: str, limit: int, after: str | None, fit: Fits | None) -> Page[Change]:
    """A page as `ChangeLog.list` gives it; where little fits it may be shorter than `limit`, or empty."""
    if fit is None:
        return await log.list(run_id, limit, after)
    found: list[Change] = []
    for _ in range(_MOST_LOOKS):
        page = await log.list(run_id, _AT_ONCE, after)
        fitting = [number for number, change in enumerate(page.items) if fit(change)]
        room = limit - len(found)
        found += [page.items[number] for number in fitting[:room]]
        if len(fitting) > room:  # only the log knows the place between two of its lines
            after = (await log.list(run_id, fitting[room - 1] + 1, after)).after
            break
        after = page.after
        if after is None or len(found) == limit:
            break
    return Page(tuple(found), after)
