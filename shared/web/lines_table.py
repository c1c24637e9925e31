"""What a run did, or would do, as one table."""

from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

from shared.core.changes import Change
from shared.core.run import Run
from shared.ports import ChangeLog
from shared.web import csv_table
from shared.web.lines import Fits, status_of

_COLUMNS = ("status", "kind", "name", "object_id", "contact_id", "linked", "reason", "detail", "modified")


def lines_table(run: Run, log: ChangeLog, fit: Fits | None, headers: dict[str, str]) -> StreamingResponse:
    """Every line that fits, person by person, as a file to keep."""
    said = {"Content-Disposition": f'attachment; filename="{run.id}.csv"'} | headers
    body = csv_table.table(_COLUMNS, _rows(run, log, fit))
    return StreamingResponse(body, media_type=csv_table.MEDIA_TYPE, headers=said)


async def _rows(run: Run, log: ChangeLog, fit: Fits | None) -> AsyncIterator[list[str]]:
    async for _, lines in log.chunks(run.id):
        for change in lines:
            if fit is None or fit(change):
                yield _row(run, change)


def _row(run: Run, change: Change) -> list[str]:
    modified = [
        f"{line.field}: {line.old or '(blank)'} → {line.new or '(blank)'}" for line in change.modified
    ]
    return [
        status_of(run, change).value,
        change.kind.value,
        change.name,
        change.object_id,
        change.contact_id or "",
        "yes" if change.linked else "no",
        change.reason or "",
        change.detail,
        "; ".join(modified),
    ]
