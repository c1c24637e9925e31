"""A run as a page shows it: what came of it, and the lines that somebody looks for."""

from typing import Annotated, Any

import msgspec
from fastapi import Depends, Query
from starlette.requests import Request

from shared.app import App
from shared.core.changes import ChangeKind
from shared.core.run import Run
from shared.core.text import clean
from shared.web.held import only_planned, sentence, waits_for
from shared.web.lines import Fits, fits, lines
from shared.web.paging import opened, sealed
from shared.web.words import words_of

_LONGEST_SEARCH = 200
_LINES = 50


class LookedFor(msgspec.Struct, frozen=True):
    """Which lines somebody wants to see, every one of them without `kind` and `search`; from `after` on."""

    kind: ChangeKind | None = None
    search: str = ""
    after: str | None = None

    @property
    def fits(self) -> Fits | None:
        """Whether a line is one of them."""
        return fits(self.kind, self.search)

    @property
    def query(self) -> dict[str, str]:
        """The same in an address."""
        asked = {"kind": self.kind.value if self.kind else "", "search": self.search}
        return {name: value for name, value in asked.items() if value}


def looked_for(
    kind: Annotated[str, Query()] = "", search: Annotated[str, Query()] = "", after: str | None = None
) -> LookedFor:
    """What the address asks for; a kind that there is not asks for nothing."""
    known = next((found for found in ChangeKind if found.value == kind), None)
    return LookedFor(known, clean(search)[:_LONGEST_SEARCH], after)


Lines = Annotated[LookedFor, Depends(looked_for)]


async def run_view(request: Request, app: App, run: Run, address: str, wanted: LookedFor) -> dict[str, Any]:
    """What the templates of a run go by. `address`: of the page; its table is below it."""
    of = f"changes {run.id} {wanted.query}"
    found = await lines(app.changes, run.id, _LINES, opened(wanted.after, of), wanted.fits)
    counts = run.counts
    return {
        "run": run,
        "planned": only_planned(run),
        "waits_for": waits_for(run),
        "guard": [sentence(broken, words_of(request)) for broken in run.guard],
        "changes": found.items,
        "after": sealed(found.after, of),
        "further": wanted.after is not None,
        "address": address,
        "wanted": wanted,
        "kinds": {
            ChangeKind.CREATE: counts.created,
            ChangeKind.LINK: counts.linked,
            ChangeKind.UPDATE: counts.updated,
            ChangeKind.MOVE_SITE: counts.moved,
            ChangeKind.REACTIVATE: counts.reactivated,
            ChangeKind.DEACTIVATE: counts.deactivated,
            ChangeKind.KEEP: counts.kept,
            ChangeKind.SKIP: counts.skipped,
            ChangeKind.CONFLICT: counts.conflicts,
            ChangeKind.FAIL: counts.failed + counts.not_deactivated,
        },
    }
