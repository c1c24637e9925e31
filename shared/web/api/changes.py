"""What a run did, or would do: person by person, in parts or as one table."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Header
from starlette.responses import Response, StreamingResponse

from shared.core.changes import Change, ChangeKind
from shared.core.run import Run
from shared.ports import ChangeLog
from shared.web import csv_table
from shared.web.api.keys import Account, KeyedRoute
from shared.web.api.run_schemas import ChangeShown, LineStatus, ModifiedShown
from shared.web.api.schemas import Part
from shared.web.held import only_planned
from shared.web.lines import of_kind
from shared.web.negotiation import prefers
from shared.web.paging import DEFAULT_LIMIT, After, Limit, opened, sealed
from shared.web.services import READ, Services

router = APIRouter(route_class=KeyedRoute)

_COLUMNS = ("status", "kind", "name", "object_id", "contact_id", "linked", "reason", "detail", "modified")


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
    format: Literal["json", "csv"] | None = None,  # noqa: A002 - what callers write
    accept: Annotated[str, Header()] = "*/*",
) -> Part[ChangeShown] | Response:
    """Person by person, in order. A part may be shorter than `limit`; `after` tells whether there is more.

    As CSV (`Accept: text/csv` or `format=csv`) every line at once.
    """
    found = await app.runs.get(account_id, run)
    if format == "csv" or (format is None and prefers(accept, "text/csv", "application/json")):
        return _table(found, app.changes, kind)
    response.headers["Vary"] = "Accept"
    of = f"changes {found.id} {kind or ''}"
    place = opened(after, of)
    if kind is None:
        page = await app.changes.list(found.id, limit, place)
    else:
        page = await of_kind(app.changes, found.id, limit, place, kind)
    return Part(data=[_shown(found, change) for change in page.items], after=sealed(page.after, of))


def _table(run: Run, log: ChangeLog, kind: ChangeKind | None) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{run.id}.csv"', "Vary": "Accept"}
    body = csv_table.table(_COLUMNS, _rows(run, log, kind))
    return StreamingResponse(body, media_type=csv_table.MEDIA_TYPE, headers=headers)


async def _rows(run: Run, log: ChangeLog, kind: ChangeKind | None) -> AsyncIterator[list[str]]:
    async for _, lines in log.chunks(run.id):
        for change in lines:
            if kind is None or change.kind is kind:
                yield _row(run, change)


def _row(run: Run, change: Change) -> list[str]:
    modified = [
        f"{line.field}: {line.old or '(blank)'} → {line.new or '(blank)'}" for line in change.modified
    ]
    return [
        _status(run, change).value,
        change.kind.value,
        change.name,
        change.object_id,
        change.contact_id or "",
        "yes" if change.linked else "no",
        change.reason or "",
        change.detail,
        "; ".join(modified),
    ]


def _shown(run: Run, change: Change) -> ChangeShown:
    return ChangeShown(
        status=_status(run, change),
        kind=change.kind,
        reason=change.reason,
        name=change.name,
        object_id=change.object_id,
        contact_id=change.contact_id,
        linked=change.linked,
        detail=change.detail,
        modified=[ModifiedShown.model_validate(line) for line in change.modified],
    )


def _status(run: Run, change: Change) -> LineStatus:
    if only_planned(run):
        return LineStatus.PLANNED
    if change.kind is ChangeKind.FAIL:
        return LineStatus.FAILED
    return LineStatus.WRITTEN if change.writes else LineStatus.NOTICED
