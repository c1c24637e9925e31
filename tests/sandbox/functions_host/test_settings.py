"""Settings and host.json: what is read, what wins, and how a mistake is told."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.functions_host.errors import FunctionError, StartupError
from sandbox.functions_host.host_json import load_host_json
from sandbox.functions_host.settings import connection_string, is_disabled, load_local_settings, resolve


def test_the_environment_wins_over_local_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with Core Tools, a variable that is set already stays as it is."""
    monkeypatch.setenv("ALREADY_SET", "before")
    monkeypatch.delenv("NEWLY_SET", raising=False)
    path = tmp_path / "local.settings.json"
    values = {"ALREADY_SET": "from the file", "NEWLY_SET": "é", "AzureWebJobs.f.Disabled": "true"}
    path.write_text(json.dumps({"IsEncrypted": False, "Values": values}), encoding="utf-8-sig")
    monkeypatch.setattr("os.environ", environment := {"ALREADY_SET": "before"})
    load_local_settings(path, required=True)
    assert environment == {**values, "ALREADY_SET": "before"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "does not exist"),
        ("{", "cannot be read"),
        ("[]", "must be an object"),
        ('{"Values": []}', "must be an object"),
        ('{"IsEncrypted": true, "Values": {}}', "encrypted"),
        ('{"Values": {"PORT": 5}}', "PORT"),
    ],
)
def test_a_wrong_settings_file_is_told_in_a_sentence(tmp_path: Path, text: str | None, words: str) -> None:
    """The message names the file, and never a value."""
    path = tmp_path / "local.settings.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(StartupError, match=words) as raised:
        load_local_settings(path, required=True)
    assert str(path) in str(raised.value)


def test_a_missing_settings_file_is_fine_unless_asked_for(tmp_path: Path) -> None:
    """Settings may come from the environment alone."""
    load_local_settings(tmp_path / "local.settings.json", required=False)


def test_placeholders_are_replaced_by_settings() -> None:
    """Anywhere in a text, as often as there are; a setting that is missing is named."""
    assert resolve("a-%X%-%Y%", {"X": "1", "Y": "2"}) == "a-1-2"
    assert resolve("no placeholder", {}) == "no placeholder"
    with pytest.raises(FunctionError, match="'%X%'"):
        resolve("%X%", {})


def test_a_connection_is_found_with_and_without_its_prefix() -> None:
    """`AzureWebJobs<name>` comes first; the default is AzureWebJobsStorage."""
    assert connection_string("", {"AzureWebJobsStorage": "s"}) == "s"
    assert connection_string("Storage", {"AzureWebJobsStorage": "s"}) == "s"
    assert connection_string("Other", {"Other": "o"}) == "o"
    assert connection_string("Other", {"Other": "o", "AzureWebJobsOther": "p"}) == "p"
    with pytest.raises(FunctionError, match="Other is not set"):
        connection_string("Other", {})
    with pytest.raises(FunctionError, match="identity-based"):
        connection_string("Other", {"Other__accountName": "name"})


@pytest.mark.parametrize(
    ("name", "value", "disabled"),
    [
        ("AzureWebJobs.f.Disabled", "true", True),
        ("AzureWebJobs.f.Disabled", "TRUE", True),
        ("AzureWebJobs.f.Disabled", "1", True),
        ("AzureWebJobs__f__Disabled", "1", True),
        ("AzureWebJobs.f.Disabled", "false", False),
        ("AzureWebJobs.f.Disabled", "0", False),
        ("AzureWebJobs.g.Disabled", "true", False),
    ],
)
def test_functions_are_disabled_by_setting(name: str, value: str, disabled: bool) -> None:
    """Either spelling, `true` or `1`."""
    assert is_disabled("f", {name: value}) is disabled


def host_json(folder: Path, document: Any) -> Path:
    (folder / "host.json").write_text(json.dumps(document))
    return folder


def test_host_json_has_the_platforms_defaults(tmp_path: Path) -> None:
    """What is not stated is as in Azure, except for the polling of a developer's machine."""
    host = load_host_json(host_json(tmp_path, {"version": "2.0"}), {})
    assert host.extensions.http.route_prefix == "api"
    assert (host.extensions.queues.batch_size, host.extensions.queues.max_dequeue_count) == (16, 5)
    assert host.timeout == timedelta(minutes=30)
    assert host.max_polling_interval == timedelta(seconds=2)
    assert host.visibility_timeout == timedelta(0)


def test_host_json_is_read_and_unknown_parts_are_left_alone(tmp_path: Path) -> None:
    """Sections for extensions this host does not have are no mistake."""
    document = {
        "version": "2.0",
        "telemetryMode": "OpenTelemetry",
        "functionTimeout": "-1",
        "logging": {"logLevel": {"default": "Warning"}, "applicationInsights": {"samplingSettings": {}}},
        "extensionBundle": {"id": "b", "version": "[4.*, 5.0.0)"},
        "extensions": {
            "http": {"routePrefix": ""},
            "blobs": {},
            "queues": {"batchSize": 4, "newBatchThreshold": 0},
        },
    }
    host = load_host_json(host_json(tmp_path, document), {})
    assert host.timeout is None
    assert host.extensions.http.route_prefix == ""
    assert host.new_batch_threshold == 0
    assert host.logging.log_level == {"default": "Warning"}


def test_settings_override_host_json(tmp_path: Path) -> None:
    """`AzureFunctionsJobHost__…` wins, also for sections the file does not have."""
    overrides = {
        "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:00.2",
        "AzureFunctionsJobHost__extensions__queues__batchSize": "32",
        "AzureFunctionsJobHost__functionTimeout": "00:00:05",
    }
    host = load_host_json(host_json(tmp_path, {"version": "2.0"}), overrides)
    assert host.max_polling_interval == timedelta(milliseconds=200)
    assert host.extensions.queues.batch_size == 32
    assert host.timeout == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "must be an object"),
        ({}, "version"),
        ({"version": "3.0"}, "version"),
        ({"version": "2.0", "functionTimeout": "5 minutes"}, "5 minutes"),
        ({"version": "2.0", "functionTimeout": "00:00:00"}, "functionTimeout"),
        ({"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}, "batchSize"),
        ({"version": "2.0", "extensions": {"queues": {"batchSize": "many"}}}, "batchSize"),
        ({"version": "2.0", "extensions": {"queues": {"maxDequeueCount": 0}}}, "maxDequeueCount"),
        ({"version": "2.0", "extensions": {"queues": {"messageEncoding": "utf8"}}}, "messageEncoding"),
        (
            {"version": "2.0", "extensions": {"queues": {"maxPollingInterval": "00:00:00"}}},
            "maxPollingInterval",
        ),
        ({"version": "2.0", "extensions": {"queues": {"visibilityTimeout": "x"}}}, "x"),
    ],
)
def test_a_mistake_in_host_json_is_named(tmp_path: Path, document: Any, words: str) -> None:
    """The host refuses to start and says which value is wrong."""
    with pytest.raises(StartupError, match=words):
        load_host_json(host_json(tmp_path, document), {})
