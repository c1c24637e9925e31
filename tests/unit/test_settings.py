"""The settings as they come from the environment, where everything is text."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from azure.monitor.opentelemetry._constants import _FULLY_SUPPORTED_INSTRUMENTED_LIBRARIES

from shared.settings import TALKATIVE_INSTRUMENTATIONS, Settings, SettingsError

ENOUGH = {
    "PUBLIC_URL": "https://tenantry.example",
    "KEY_VAULT_URL": "https://vault.example",
    "ENTRA_CLIENT_ID": "99e556fe-6579-4fa1-9233-a0ad0e560e2d",
    "ENTRA_CLIENT_SECRET_NAME": "entra-client-secret",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
}
SECONDS = ("SYNC_SPREAD_SECONDS", "SYNC_TIME_BUDGET_SECONDS", "SYNC_LEASE_SECONDS")


def test_the_sample_is_good() -> None:
    """What the sample file says is understood, to the letter."""
    sample = Path(__file__).parents[2] / "local.settings.sample.json"
    values: dict[str, str] = json.loads(sample.read_text(encoding="utf-8"))["Values"]
    settings = Settings.from_environment({**{name: values.get(name, "") for name in SECONDS}, **ENOUGH})
    assert settings == Settings.from_environment(ENOUGH)


@pytest.mark.parametrize(("text", "seconds"), [("5", 5.0), ("90.5", 90.5), (" 600 ", 600.0)])
def test_a_number_is_seconds(text: str, seconds: float) -> None:
    """The settings that end in _SECONDS take a number of them."""
    settings = Settings.from_environment({**ENOUGH, **dict.fromkeys(SECONDS, text)})
    found = (settings.sync_spread, settings.sync_time_budget, settings.sync_lease)
    assert found == (timedelta(seconds=seconds),) * 3


@pytest.mark.parametrize("text", ["soon", "nan", "inf", "-1", "5 minutes"])
@pytest.mark.parametrize("name", SECONDS)
def test_what_is_no_number_of_seconds_is_named(name: str, text: str) -> None:
    """The error says which setting is wrong."""
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({**ENOUGH, name: text})


@pytest.mark.parametrize("name", ["PUBLIC_URL", "KEY_VAULT_URL", "ENTRA_CLIENT_ID"])
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_a_setting_that_is_missing_is_named(name: str, how: str) -> None:
    """Empty is the same as missing: the portal keeps settings that were cleared."""
    given = {key: value for key, value in ENOUGH.items() if key != name}
    with pytest.raises(SettingsError, match=f"{name}:") as error:
        Settings.from_environment(given if how == "missing" else {**given, name: ""})
    assert [
        line for line in str(error.value).splitlines() if line.startswith(("PUBLIC", "KEY", "ENTRA"))
    ] == [f"{name}: Field required"]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    """Nobody has to find out one setting at a time."""
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({"SYNC_SCHEDULE": "daily", "GRAPH_URL": "graph"})
    for name in ("PUBLIC_URL", "KEY_VAULT_URL", "ENTRA_CLIENT_ID", "SYNC_SCHEDULE", "GRAPH_URL"):
        assert f"{name}:" in str(error.value)


@pytest.mark.parametrize(
    "more",
    [
        {"ENTRA_CLIENT_SECRET_NAME": ""},
        {"ENTRA_CLIENT_CERTIFICATE_NAME": "certificate"},
        {"ENTRA_MANAGED_IDENTITY_CLIENT_ID": "identity"},
        {"ENTRA_CLIENT_CERTIFICATE_NAME": "c", "ENTRA_MANAGED_IDENTITY_CLIENT_ID": "i"},
    ],
    ids=["none", "secret and certificate", "secret and identity", "all three"],
)
def test_there_is_exactly_one_credential(more: dict[str, str]) -> None:
    """None is too few, and with two it would be a guess which one counts; the text names all three."""
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({**ENOUGH, **more})
    for name in (
        "ENTRA_CLIENT_SECRET_NAME",
        "ENTRA_CLIENT_CERTIFICATE_NAME",
        "ENTRA_MANAGED_IDENTITY_CLIENT_ID",
    ):
        assert name in str(error.value)


@pytest.mark.parametrize("name", ["ENTRA_CLIENT_CERTIFICATE_NAME", "ENTRA_MANAGED_IDENTITY_CLIENT_ID"])
def test_any_one_credential_will_do(name: str) -> None:
    """A secret is not the only way."""
    settings = Settings.from_environment({**ENOUGH, "ENTRA_CLIENT_SECRET_NAME": "", name: "something"})
    assert settings.entra_client_secret_name is None
    assert "something" in (settings.entra_client_certificate_name, settings.entra_managed_identity_client_id)


TABLES, QUEUES = "AzureWebJobsStorage__tableServiceUri", "AzureWebJobsStorage__queueServiceUri"


@pytest.mark.parametrize("given", [(), (TABLES,), (QUEUES,)])
def test_storage_is_named_whole(given: tuple[str, ...]) -> None:
    """A connection string, or both addresses."""
    addresses = dict.fromkeys(given, "https://storage.example")
    with pytest.raises(SettingsError, match=TABLES):
        Settings.from_environment({**ENOUGH, "AzureWebJobsStorage": "", **addresses})


def test_storage_by_identity_needs_no_key() -> None:
    """Two addresses, no secret at all in the settings."""
    addresses = dict.fromkeys((TABLES, QUEUES), "https://storage.example/")
    settings = Settings.from_environment({**ENOUGH, "AzureWebJobsStorage": "", **addresses})
    assert settings.storage_connection_string is None
    assert settings.storage_table_url == "https://storage.example"


URLS = ("PUBLIC_URL", "KEY_VAULT_URL", "ENTRA_AUTHORITY", "GRAPH_URL", "GRAPH_RESOURCE", TABLES)


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize(
    "value",
    [
        "secretive",
        "secretive.example",
        "http://secretive.example",
        "ftp://127.0.0.1/secretive",
        "https://",
        "https:///secretive",
        "https://[secretive",
        "https://secretive.example:port",
        "https://somebody:" + "secretive@vault.example",
        "https://vault.example/?code=secretive",
        "https://vault.example/#secretive",
    ],
)
def test_an_address_that_is_none_is_named_and_not_quoted(name: str, value: str) -> None:
    """What was typed into a setting by mistake may be a password."""
    with pytest.raises(SettingsError, match=f"{name}:") as error:
        Settings.from_environment({**ENOUGH, name: value})
    assert "secretive" not in str(error.value)


@pytest.mark.parametrize("value", ["http://127.0.0.1:7071", "http://localhost:7071/", "http://[::1]:7071"])
def test_this_machine_needs_no_tls(value: str) -> None:
    """Where the sandbox runs; and a slash at the end does not count."""
    assert Settings.from_environment({**ENOUGH, "PUBLIC_URL": value}).public_url == value.rstrip("/")


@pytest.mark.parametrize(
    "value", ["secretive", "0 */12 * * *", "0 0 25 * * *", "60 0 0 * * *", "* * * * * * *", "12:00:00"]
)
def test_a_schedule_that_is_none_is_named_and_not_quoted(value: str) -> None:
    """Five fields are cron's, not the platform's; the example in the text is right."""
    with pytest.raises(SettingsError, match=r"SYNC_SCHEDULE:.*0 0 \*/12 \* \* \*") as error:
        Settings.from_environment({**ENOUGH, "SYNC_SCHEDULE": value})
    assert value not in str(error.value).replace("0 0 */12 * * *", "")


def test_what_microsoft_is_asked_for_follows_from_the_settings() -> None:
    """Redirect address and scopes, also in another cloud."""
    settings = Settings.from_environment(
        {**ENOUGH, "PUBLIC_URL": "https://tenantry.example/", "GRAPH_RESOURCE": "https://graph.example"}
    )
    assert settings.redirect_uri == "https://tenantry.example/connect/callback"
    assert settings.graph_default_scope == "https://graph.example/.default"
    assert settings.graph_scope_prefix + "User.Read.All" == "https://graph.example/User.Read.All"


def test_settings_do_not_change() -> None:
    """Whoever holds them holds what the app started with."""
    settings = Settings.from_environment(ENOUGH)
    with pytest.raises(ValueError, match="frozen"):
        settings.public_url = "https://elsewhere.example"


@pytest.mark.parametrize(
    ("collector", "insights", "exports"),
    [
        ("", "", False),
        ("http://collector:4318", "", True),
        ("https://collector.example/otlp/", "false", True),
        ("http://collector:4318", "true", False),
        ("", "true", False),
    ],
)
def test_telemetry_is_sent_once(collector: str, insights: str, exports: bool) -> None:
    """By the app to a collector, or by the worker to Application Insights, never by both."""
    given = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
        "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": insights,
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": ", ".join(TALKATIVE_INSTRUMENTATIONS),
    }
    assert Settings.from_environment({**ENOUGH, **given}).exports_telemetry is exports


@pytest.mark.parametrize("value", ["collector:4318", "http://key@collector", "grpc://collector"])
def test_a_collectors_address_is_an_address(value: str) -> None:
    """And is not quoted, for there may be a key in it."""
    with pytest.raises(SettingsError, match="OTEL_EXPORTER_OTLP_ENDPOINT:") as error:
        Settings.from_environment({**ENOUGH, "OTEL_EXPORTER_OTLP_ENDPOINT": value})
    assert value not in str(error.value).removeprefix("The settings")


@pytest.mark.parametrize("left_on", TALKATIVE_INSTRUMENTATIONS)
def test_no_library_sends_addresses_to_application_insights(left_on: str) -> None:
    """What Microsoft's distribution would listen to is switched off, all of it, or nothing starts."""
    off = ",".join(name for name in TALKATIVE_INSTRUMENTATIONS if name != left_on)
    given = {
        "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true",
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": off,
    }
    with pytest.raises(SettingsError, match=f"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS.*{left_on}"):
        Settings.from_environment({**ENOUGH, **given})


def test_the_list_of_talkative_libraries_is_whole() -> None:
    """It names all that Microsoft's distribution listens to, but for frameworks that are not used here."""
    assert set(TALKATIVE_INSTRUMENTATIONS) == set(_FULLY_SUPPORTED_INSTRUMENTED_LIBRARIES) - {
        "django",
        "flask",
        "psycopg2",
    }
