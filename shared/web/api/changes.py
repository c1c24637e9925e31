"""What a run did, or would do: person by person, in parts or as one table."""

from typing import Annotated

from fastapi import APIRouter, Header
from starlette.responses import Response

from shared.core.api_key import Resource
from shared.core.changes import Change, ChangeKind
from shared.core.run import Run
from shared.web.api.keys import Account, keyed
from shared.web.api.run_schemas import ChangeShown, ModifiedShown
from shared.web.api.schemas import Part
from shared.web.lines import fits, lines, status_of
from shared.web.lines_table import lines_table
from shared.web.negotiation import Format, wants_table
from shared.web.paging import DEFAULT_LIMIT, After, Limit, opened, sealed
from shared.web.services import READ, Services

router = APIRouter(route_class=keyed(Resource.RUNS))


@router.api_route("/runs/{run}/changes", methods=READ, response_model=Part[ChangeShown])
async def changes(
    app: Services,
    account_id: Account,
    run: str,
    response: Response,
    *,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    kind: ChangeKind | None = None,
    format: Format | None = None,  # noqa: A002 - what callers write
    accept: Annotated[str, Header()] = "*/*",
) -> Part[ChangeShown] | Response:
    """Person by person, in order. A part may be shorter than `limit`; `after` tells whether there is more.

    As CSV (`Accept: text/csv` or `format=csv`) every line at once.
    """
    found = await app.runs.get(account_id, run)
    if wants_table(format, accept):
        return lines_table(found, app.changes, fits(kind), {"Vary": "Accept"})
    response.headers["Vary"] = "Accept"
    of = f"changes {found.id} {kind or ''}"
    page = await lines(app.changes, found.id, limit, opened(after, of), fits(kind))
    return Part(data=[_shown(found, change) for change in page.items], after=sealed(page.after, of))


def _shown(run: Run, change: Change) -> ChangeShown:
    return ChangeShown(
        status=status_of(run, change),
        kind=change.kind,
        reason=change.reason,
        name=change.name,
        object_id=change.object_id,
        contact_id=change.contact_id,
        linked=change.linked,
        detail=change.detail,
        modified=[ModifiedShown.model_validate(line) for line in change.modified],
    )
