"""The audit log: every verb is written down before it is carried out, and how it ended."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from typer.main import get_command

from shared.admin import app
from shared.core.errors import RetryLater
from tests.fakes import ACCOUNT
from tests.fakes.operation import OPERATOR
from tests.fakes.process import Process, ProcessKilled
from tests.unit.admin.conftest import CommandLine


def test_an_act_is_written_down_with_who_what_and_how_it_ended(call: CommandLine) -> None:
    """Also one that was refused; the newest is listed first."""
    key = call.json("keys", "create", ACCOUNT)["id"]
    call.world.clock.advance(timedelta(seconds=1))
    call.error("keys", "revoke", ACCOUNT, "00000000")
    listed = call.json("audit", "list")
    assert [act["verb"] for act in listed] == ["keys revoke", "keys create"]
    by_verb = {act["verb"]: act for act in listed}
    assert by_verb["keys create"]["ids"] == {"account": ACCOUNT, "key": key}
    assert by_verb["keys create"]["outcome"] == "done"
    assert by_verb["keys revoke"]["outcome"] == "not_found"
    assert all((act["by"], act["operator"]) == (OPERATOR.name, OPERATOR.id) for act in listed)
    assert "keys create" in call("audit", "list").stdout


def test_what_cannot_be_written_down_is_not_done(call: CommandLine) -> None:
    """An operator without a trace does nothing."""
    call.world.audit.refuses = RetryLater.soon("table_storage_unavailable", "Table Storage is busy.")
    error = call.error("keys", "create", ACCOUNT, status=4)
    assert error["detail"] == "Run the command again in a minute."
    assert call.wait(call.world.accounts.keys(ACCOUNT)) == []


def test_an_act_that_was_cut_short_is_still_there(call: CommandLine) -> None:
    """The row from before says what was about to be done; that nobody knows the end is said too."""
    call.process = Process(at=4)
    with pytest.raises(ProcessKilled):
        call("keys", "create", ACCOUNT)
    call.process = None
    (act,) = call.json("audit", "list")
    assert (act["verb"], act["outcome"], act["ended"]) == ("keys create", "not known", None)


def test_acts_are_listed_from_a_time_on(call: CommandLine) -> None:
    """In UTC; a list of nothing says that it is empty."""
    call.json("keys", "create", ACCOUNT)
    assert len(call.json("audit", "list", "--since", "2026-03-02T00:00:00")) == 1
    assert call.json("audit", "list", "--since", "2026-03-03T00:00:00") == []
    assert "Nothing was done" in call("audit", "list", "--since", "2026-03-03T00:00:00").stdout
    assert len(call.json("audit", "list", "--limit", "1")) == 1


def test_telemetry_is_told_the_verb_and_ids_and_no_name(
    call: CommandLine, caplog: pytest.LogCaptureFixture
) -> None:
    """Who it was is an object id there; the name is in the audit log alone."""
    call.json("accounts", "create", "Olga's Office", "--with-key")
    told = [record for record in caplog.records if "operator.acted" in record.getMessage()]
    assert len(told) == 1
    everything = json.dumps(told[0].__dict__, default=str)
    assert OPERATOR.id in everything
    assert "accounts create" in everything
    for text in (OPERATOR.name, "Olga", "tnt_"):
        assert text not in everything
    assert told[0].levelno == logging.INFO


CHANGING = {
    ("accounts", "create", "A"),
    ("keys", "create", ACCOUNT),
    ("keys", "rotate", ACCOUNT, "0"),
    ("keys", "revoke", ACCOUNT, "0"),
    ("customers", "purge", ACCOUNT, "c", "--erase", "--yes"),
    ("connections", "pause", "c"),
    ("connections", "resume", "c"),
    ("connections", "pause", "--all"),
    ("connections", "resume", "--all"),
    ("runs", "show", "r", "--changes"),
    ("runs", "start", "c"),
    ("runs", "retry", "c"),
    ("runs", "retry", "--given-up"),
    ("runs", "cancel", "r"),
    ("queues", "requeue", "sync-requests"),
    ("credential", "prove"),
    ("credential", "rotate"),
    ("credential", "retire"),
    ("tables", "copy", "FOLDER/copy"),
    ("tables", "restore", "FOLDER/given"),
}
LOOKING = {
    ("accounts", "list"),
    ("accounts", "show", ACCOUNT),
    ("keys", "list", ACCOUNT),
    ("customers", "list", ACCOUNT),
    ("customers", "purge", ACCOUNT, "c"),
    ("connections", "list"),
    ("connections", "show", "c"),
    ("runs", "list", "c"),
    ("runs", "show", "r"),
    ("queues", "list"),
    ("queues", "peek", "sync-requests"),
    ("credential", "show"),
    ("audit", "list"),
}


@pytest.mark.parametrize("arguments", sorted(CHANGING))
def test_whatever_changes_something_is_written_down(
    call: CommandLine, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """Even where it changes nothing, as there is no such thing."""
    (tmp_path / "given").write_bytes(b"no copy")
    call(*(argument.replace("FOLDER", str(tmp_path)) for argument in arguments), given="x")
    assert len(call.acts) == 1


@pytest.mark.parametrize("arguments", sorted(LOOKING))
def test_who_only_looks_is_written_down_too_and_apart(call: CommandLine, arguments: tuple[str, ...]) -> None:
    """Among what was done it would hide what somebody may have to answer for."""
    call(*arguments)
    assert (len(call.looks), call.acts) == (1, [])
    assert call.looks[0].outcome is not None
    assert call.json("audit", "list") == []
    assert call.looks[0].verb in [act["verb"] for act in call.json("audit", "list", "--looks")]


def test_every_verb_is_one_of_these(call: CommandLine) -> None:
    """Whoever adds a verb decides whether it only looks."""
    groups = get_command(app).commands  # type: ignore[attr-defined]
    verbs = {(group, verb) for group, found in groups.items() for verb in found.commands}
    assert verbs == {arguments[:2] for arguments in CHANGING | LOOKING}
