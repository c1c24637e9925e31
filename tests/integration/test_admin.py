"""The operator's command line, on the same state as the app."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shared import admin, bootstrap
from tests.integration.whole import own_names

ROOT = Path(__file__).parents[2]
KEY = re.compile(r"tnt_[0-9a-f]{16}_[0-9a-f]{8}_[0-9a-f]{64}")
NOBODY = "0" * 16


@pytest.fixture(autouse=True)
def settings(azurite_connection_string: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app's settings, with tables of this test's own."""
    own_names(monkeypatch)
    for name, value in {
        "AzureWebJobsStorage": azurite_connection_string,
        "PUBLIC_URL": "https://tenantry.example",
        "KEY_VAULT_URL": "https://vault.example",
        "ENTRA_CLIENT_ID": "99e556fe-6579-4fa1-9233-a0ad0e560e2d",
        "ENTRA_CLIENT_SECRET_NAME": "entra-client-secret",
    }.items():
        monkeypatch.setenv(name, value)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """One call of the command line; each is a process of its own, as far as the app can tell."""
    monkeypatch.setattr(bootstrap, "_app", None)
    return CliRunner().invoke(admin.app, arguments)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda *arguments: run(monkeypatch, *arguments)


@pytest.fixture
def account(call: Any) -> str:
    created: str = json.loads(call("accounts", "create", "Example MSP", "--json").stdout)["id"]
    return created


def test_an_account_is_made_with_its_first_key(call: Any) -> None:
    """One command from nothing to a key; the key is the account's and is listed."""
    created = json.loads(call("accounts", "create", "Example MSP", "--with-key", "--json").stdout)
    assert KEY.fullmatch(created["key"])
    assert created["id"] in created["key"]
    (listed,) = json.loads(call("keys", "list", created["id"], "--json").stdout)
    assert listed["id"] in created["key"]


def test_an_account_is_made(call: Any) -> None:
    """Its id is what everything else is asked for with."""
    created = json.loads(call("accounts", "create", "Zoë's MSP", "--json").stdout)
    assert created["name"] == "Zoë's MSP"
    assert re.fullmatch(r"[0-9a-f]{16}", created["id"])
    shown = call("accounts", "create", "Another MSP")
    assert shown.exit_code == 0
    assert "Another MSP" in shown.stdout


def test_a_key_is_shown_once_and_works(call: Any, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, and only when it is made."""
    created = json.loads(call("keys", "create", account, "--label", "front end", "--json").stdout)
    assert KEY.fullmatch(created["key"])
    assert (created["account"], created["label"]) == (account, "front end")
    listed = call("keys", "list", account, "--json").stdout
    assert created["id"] in listed
    assert created["key"].rpartition("_")[2] not in listed


def test_a_key_may_be_made_for_a_few_things(call: Any, account: str) -> None:
    """The list says which, and when the key was used last; a scope that does not exist is refused."""
    scopes = ("--scope", "runs:write", "--scope", "runs:read")
    created = json.loads(call("keys", "create", account, *scopes, "--json").stdout)
    call("keys", "create", account)
    few, everything = json.loads(call("keys", "list", account, "--json").stdout)
    if few["id"] != created["id"]:
        few, everything = everything, few
    assert (few["scopes"], few["last used"]) == ("runs:read runs:write", None)
    assert everything["scopes"] == "everything"
    assert call("keys", "create", account, "--scope", "everything").exit_code == 2


def test_a_key_can_be_copied_from_a_narrow_terminal(
    call: Any, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is never broken over lines: it cannot be shown again."""
    monkeypatch.setenv("COLUMNS", "40")
    shown = call("keys", "create", account, "--label", "a label that is quite long")
    assert shown.exit_code == 0
    assert KEY.search(shown.stdout)


def test_keys_are_listed_with_what_became_of_them(call: Any, account: str) -> None:
    """Every one of the account, and nobody else's; in JSON and as a table."""
    other = json.loads(call("accounts", "create", "Another", "--json").stdout)["id"]
    call("keys", "create", other, "--json")
    assert json.loads(call("keys", "list", account, "--json").stdout) == []
    assert call("keys", "list", account).exit_code == 0
    ids = [json.loads(call("keys", "create", account, "--json").stdout)["id"] for _ in range(2)]
    assert call("keys", "revoke", account, ids[0]).exit_code == 0
    listed = {key["id"]: key["revoked"] for key in json.loads(call("keys", "list", account, "--json").stdout)}
    assert listed.keys() == set(ids)
    assert listed[ids[0]] is not None
    assert listed[ids[1]] is None
    table = call("keys", "list", account).stdout
    assert all(key_id in table for key_id in ids)


@pytest.mark.parametrize(
    "arguments",
    [
        ("keys", "create", NOBODY),
        ("keys", "list", NOBODY),
        ("keys", "revoke", NOBODY, "00000000"),
        ("keys", "list", "no id / at all"),
    ],
)
def test_an_unknown_account_is_said_to_be(call: Any, arguments: tuple[str, ...]) -> None:
    """In one sentence, with an exit code that a script sees."""
    result = call(*arguments)
    assert result.exit_code == 1
    assert "There is no such" in result.stderr
    assert "Traceback" not in result.output


def test_an_unknown_key_is_said_to_be(call: Any, account: str) -> None:
    """Revoking it is a mistake worth knowing about."""
    result = call("keys", "revoke", account, "00000000")
    assert result.exit_code == 1
    assert "API key" in result.stderr


def test_a_setting_that_is_missing_is_named(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an exit code of its own, before anything is done."""
    monkeypatch.delenv("KEY_VAULT_URL")
    result = call("accounts", "create", "Example MSP")
    assert result.exit_code == 2
    assert "KEY_VAULT_URL" in result.stderr
    assert "Traceback" not in result.output


def test_storage_that_is_not_there_is_said_to_be(
    call: Any, monkeypatch: pytest.MonkeyPatch, azurite_connection_string: str
) -> None:
    """A sentence instead of a trace, and no account key in it."""
    monkeypatch.setattr(bootstrap, "_SDK_RETRIES", 0)
    broken = re.sub(
        r"TableEndpoint=http://127\.0\.0\.1:\d+",
        "TableEndpoint=http://127.0.0.1:1",
        azurite_connection_string,
    )
    monkeypatch.setenv("AzureWebJobsStorage", broken)
    result = call("accounts", "create", "Example MSP")
    assert result.exit_code == 4
    assert "Table Storage" in result.stderr
    assert "AccountKey" not in result.output


def test_it_is_a_program() -> None:
    """`python -m shared.admin` without settings names every one that is missing."""
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "SYSTEMROOT"}}
    result = subprocess.run(
        [sys.executable, "-m", "shared.admin", "accounts", "create", "x"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 2, result.stderr
    for name in ("PUBLIC_URL", "KEY_VAULT_URL", "ENTRA_CLIENT_ID"):
        assert name in result.stderr
