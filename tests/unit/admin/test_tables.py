"""`tables`: a copy is whole or worth nothing, and is put back only where there is nothing."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.core.copies import Value
from shared.core.errors import RetryLater
from tests.contract.contracts.values import HOSTILE
from tests.unit.admin.conftest import CommandLine


def state() -> dict[str, list[dict[str, Value]]]:
    return {
        "contacts": [
            {
                "PartitionKey": "c",
                "RowKey": f"{number:03d}",
                "text": text,
                "flag": True,
                "number": 7,
                "share": 0.5,
                "at": datetime(2026, 3, 2, 12, 30, 15, 123456, tzinfo=UTC),
                "blob": bytes(range(256)),
            }
            for number, text in enumerate(HOSTILE)
        ],
        "runs": [{"PartitionKey": "c", "RowKey": "run"}],
    }


def test_a_copy_is_put_back_as_it_was(call: CommandLine, tmp_path: Path) -> None:
    """Every row with every value, whatever is in it; the file is the operator's alone."""
    before = state()
    call.world.tables.kept = state()
    file = tmp_path / "copy.gz"
    copied = call.json("tables", "copy", str(file))
    assert copied["tables"] == {"contacts": len(HOSTILE), "runs": 1}
    assert file.stat().st_mode & 0o777 == 0o600
    call.world.tables.kept = {}
    call.world.clock.advance(timedelta(minutes=1))
    assert call.json("tables", "restore", str(file))["rows"] == len(HOSTILE) + 1
    assert call.world.tables.kept == before
    assert [(act.verb, act.outcome) for act in call.acts] == [
        ("tables copy", "done"),
        ("tables restore", "done"),
    ]


def test_a_file_that_is_there_is_not_written_over(call: CommandLine, tmp_path: Path) -> None:
    """It may be the only copy."""
    file = tmp_path / "copy.gz"
    file.write_text("the only copy")
    assert call.error("tables", "copy", str(file), status=2)["code"] == "file_not_made"
    assert file.read_text() == "the only copy"


def test_a_copy_that_fails_leaves_no_file(
    call: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there is whole."""

    async def refused() -> list[str]:
        raise RetryLater.soon("table_storage_unavailable", "Table Storage is busy.")

    monkeypatch.setattr(call.world.tables, "names", refused)
    file = tmp_path / "copy.gz"
    assert call.error("tables", "copy", str(file), status=4)["code"] == "table_storage_unavailable"
    assert not file.exists()


def test_where_there_are_rows_nothing_is_put(call: CommandLine, tmp_path: Path) -> None:
    """Old rows among new ones would be worse than either."""
    call.world.tables.kept = state()
    file = tmp_path / "copy.gz"
    call.json("tables", "copy", str(file))
    call.world.tables.kept = {"runs": [{"PartitionKey": "c", "RowKey": "another"}]}
    assert call.error("tables", "restore", str(file))["code"] == "tables_not_empty"
    assert call.world.tables.kept == {"runs": [{"PartitionKey": "c", "RowKey": "another"}]}


def _cut(data: bytes) -> bytes:
    return gzip.compress(b"\n".join(gzip.decompress(data).splitlines()[:-1]))


def _without_a_row(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines()
    return gzip.compress(b"\n".join([lines[0], *lines[2:]]))


@pytest.mark.parametrize(
    "spoiled",
    [
        _cut,
        _without_a_row,
        lambda data: data[:-20],
        lambda data: b"no copy at all",
        lambda data: gzip.compress(b'{"line":"head","format":99,"at":"2026-03-02T00:00:00Z"}'),
        lambda data: gzip.compress(gzip.decompress(data) * 2),
    ],
)
def test_a_copy_that_is_not_whole_is_refused(call: CommandLine, tmp_path: Path, spoiled: object) -> None:
    """Before the first row is put."""
    call.world.tables.kept = state()
    file = tmp_path / "copy.gz"
    call.json("tables", "copy", str(file))
    file.write_bytes(spoiled(file.read_bytes()))  # type: ignore[operator]
    call.world.tables.kept = {}
    assert call.error("tables", "restore", str(file))["code"] == "copy_unreadable"
    assert call.world.tables.kept == {}


def test_a_file_that_is_not_there_is_said_to_be(call: CommandLine, tmp_path: Path) -> None:
    """Nothing is written down, as nothing was begun."""
    assert call.error("tables", "restore", str(tmp_path / "none"), status=2)["code"] == "file_unreadable"
    assert call.acts == []
