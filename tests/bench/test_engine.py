"""The bench still runs. How fast anything is, no test says."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from rich.console import Console

from bench import engine, measure, report

CALLS_OF_AN_UNCHANGED_RUN = 10


@pytest.fixture
def light() -> Iterator[None]:
    """What earlier tests left in memory is not looked through again before everything that is measured."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def found(azurite_connection_string: str, monkeypatch: pytest.MonkeyPatch, light: None) -> dict[str, Any]:
    """What it finds for tiny tenants: in this process and without the SDK's models, to import little."""

    def here(name: str, environment: Mapping[str, str], **arguments: Any) -> dict[str, Any]:
        with monkeypatch.context() as patch:
            for variable, value in environment.items():
                patch.setenv(variable, value)
            return measure.main(name, arguments)

    def say(what: str) -> None:
        """Nobody listens."""

    return engine.measure([3, 7], azurite_connection_string, say, turns=1, model_pages=0, measured=here)


def test_every_measurement_is_carried_out_and_shown(found: dict[str, Any]) -> None:
    """Each size is imported and synced again, the calls are counted, and all of it is printed."""
    assert found["unchanged_customer"]["total"] <= CALLS_OF_AN_UNCHANGED_RUN
    assert [(run["run"], run["users"], run["tables"]) for run in found["runs"]] == [
        ("first import", 3, "Azurite"),
        ("unchanged", 3, "Azurite"),
        ("first import", 3, "memory"),
        ("unchanged", 3, "memory"),
        ("first import", 7, "memory"),
        ("unchanged", 7, "memory"),
    ]
    assert found["read_path"]["ratios"].keys() == {"to_parts"}
    console = Console(record=True, width=140)
    report.show(found, console)
    shown = console.export_text()
    assert all(title in shown for title in ("Unchanged scheduled run", "Whole runs", "Parts"))
