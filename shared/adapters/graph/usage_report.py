"""The report of who worked with what (Microsoft Learn, "reportRoot: getOffice365ActiveUserDetail")."""

import csv
import io
from collections.abc import Iterator
from datetime import date

from shared.adapters.graph.answers import nonsense

_NAME = "User Principal Name"
_DELETED = "Is Deleted"
_DAY = " Last Activity Date"


def last_days(body: bytes) -> dict[str, date | None] | None:
    """User principal name, lower case → the latest day of all workloads, None for none.

    None instead of a report in which names are concealed. Raises SourceFault for what is no such report.
    """
    try:
        return _last_days(body)
    except (ValueError, csv.Error):
        raise nonsense() from None


def _last_days(body: bytes) -> dict[str, date | None] | None:
    rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    head = [title.strip() for title in next(rows, [])]
    name = head.index(_NAME)
    deleted = head.index(_DELETED)
    days = [number for number, title in enumerate(head) if title.endswith(_DAY)]
    if not days:
        raise ValueError
    found: dict[str, date | None] = {}
    named = anybody = False
    for row in _whole(rows, len(head)):
        anybody = True
        named = named or "@" in row[name]
        if row[deleted].strip().lower() == "true":
            continue  # whoever has the name now is somebody else
        last = max((row[number] for number in days if row[number]), default="")
        key = row[name].strip().lower()
        found[key] = _later(found.get(key), date.fromisoformat(last) if last else None)
    return found if named or not anybody else None


def _whole(rows: Iterator[list[str]], length: int) -> Iterator[list[str]]:
    for row in rows:
        if row and len(row) != length:
            raise ValueError
        if row:
            yield row


def _later(one: date | None, other: date | None) -> date | None:
    return max(filter(None, (one, other)), default=None)
