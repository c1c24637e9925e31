"""The report of who worked with what, as it comes from Microsoft 365."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from shared.adapters.graph.usage_report import last_days
from shared.core.errors import SourceFault

WORKLOADS = ("Exchange", "OneDrive", "SharePoint", "Skype For Business", "Yammer", "Teams")
HEAD = [
    "Report Refresh Date",
    "User Principal Name",
    "Display Name",
    "Is Deleted",
    "Deleted Date",
    *(f"Has {workload} License" for workload in WORKLOADS),
    *(f"{workload} Last Activity Date" for workload in WORKLOADS),
    *(f"{workload} License Assign Date" for workload in WORKLOADS),
    "Assigned Products",
]


def row(name: str, *days: str, deleted: str = "False", shown: str = "Somebody") -> list[str]:
    active = [*days, *[""] * (6 - len(days))]
    return ["2026-03-01", name, shown, deleted, "", *["True"] * 6, *active, *["2026-02-28"] * 6, "A+B"]


def report(*rows: list[str], head: list[str] = HEAD, encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([head, *rows])
    return text.getvalue().encode(encoding)


def test_the_latest_day_of_all_workloads_counts() -> None:
    """When a licence was assigned is no activity; a name is compared in lower case."""
    found = last_days(report(row("Ann@contoso.example", "2026-01-05", "", "2026-01-20", "2025-12-31")))
    assert found == {"ann@contoso.example": date(2026, 1, 20)}


def test_no_day_is_no_activity() -> None:
    """Known, and not the same as somebody who is not in the report."""
    assert last_days(report(row("ann@contoso.example"))) == {"ann@contoso.example": None}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_may_come_first(encoding: str) -> None:
    """Microsoft sends one."""
    body = report(row("zoë@contoso.example", "2026-01-05"), encoding=encoding)
    assert last_days(body) == {"zoë@contoso.example": date(2026, 1, 5)}


def test_columns_are_known_by_their_names() -> None:
    """A workload more, and another order, change nothing."""
    head = ["Copilot Last Activity Date", *HEAD[::-1]]
    body = report(["2026-01-30", *row("ann@contoso.example", "2026-01-05")[::-1]], head=head)
    assert last_days(body) == {"ann@contoso.example": date(2026, 1, 30)}


def test_names_with_separators_are_names() -> None:
    """Quoted, as CSV has it."""
    body = report(row("ann@contoso.example", "2026-01-05", shown='Ann "A", née\r\nB'))
    assert last_days(body) == {"ann@contoso.example": date(2026, 1, 5)}


def test_whoever_was_deleted_is_left_out() -> None:
    """Somebody new may have the name now."""
    gone = row("ann@contoso.example", "2026-01-20", deleted="True")
    assert last_days(report(gone)) == {}
    there = row("ann@contoso.example", "2026-01-05")
    for rows in ((gone, there), (there, gone)):
        assert last_days(report(*rows)) == {"ann@contoso.example": date(2026, 1, 5)}


def test_of_two_rows_with_one_name_the_later_day_counts() -> None:
    """In whichever order they come."""
    rows = (
        row("ann@contoso.example", "2026-01-05"),
        row("ANN@contoso.example"),
        row("Ann@contoso.example", "2026-01-20"),
    )
    for order in (rows, rows[::-1]):
        assert last_days(report(*order)) == {"ann@contoso.example": date(2026, 1, 20)}


def test_names_without_an_at_sign_are_concealed() -> None:
    """All of them; then nobody can be told from anybody else."""
    assert last_days(report(row("F9A2C4"), row("B81D33", "2026-01-05"))) is None


def test_one_odd_name_conceals_nothing() -> None:
    """Where others have theirs."""
    found = last_days(report(row("F9A2C4"), row("ann@contoso.example")))
    assert found is not None
    assert "ann@contoso.example" in found


def test_a_report_without_people_conceals_nobody() -> None:
    """A tenant in which nobody has a licence yet."""
    assert last_days(report()) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"<html>a certain text</html>",
        b'{"error": {"code": "a certain text"}}',
        report(row("ann@contoso.example", "yesterday")),
        report(row("ann@contoso.example")[:-1]),
        report([*row("ann@contoso.example"), "a certain text"]),
        report(row("ann@contoso.example"))[:-120],
        report(row("ann@contoso.example"), head=[title.replace("Last Activity", "x") for title in HEAD]),
        report(row("ann@contoso.example"), head=[title.replace("User Principal", "x") for title in HEAD]),
        report(row("a" * 200_000 + "@contoso.example")),
    ],
    ids=range(11),
)
def test_what_is_no_such_report_is_a_fault(body: bytes) -> None:
    """Nobody's activity is taken from it, and none of it is quoted."""
    with pytest.raises(SourceFault) as fault:
        last_days(body)
    assert fault.value.code == "graph_unreadable"
    assert fault.value.__cause__ is None
    assert "a certain text" not in str(fault.value.__dict__)
