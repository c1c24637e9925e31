"""The app gets every setting that it needs in Azure, and none that nobody reads."""

from __future__ import annotations

import pytest

from shared.settings import Settings, SettingsError
from tests.infra.bicep import entries, parameters, variable

# What the platform, the host and the libraries read.
PLATFORM = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "AZURE_CLIENT_ID",
    "AZURE_TOKEN_CREDENTIALS",
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME",
}
# Settings whose defaults are good for everybody, and those that another kind of deployment uses.
LEFT_ALONE = {
    "ATERA_CALLS_PER_MINUTE",
    "ATERA_URL",
    "AzureWebJobsStorage",
    "ENTRA_CLIENT_CERTIFICATE_NAME",
    "ENTRA_CLIENT_SECRET_NAME",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "SYNCRO_CALLS_PER_MINUTE",
    "SYNCRO_URL",
    "SYNC_LEASE_SECONDS",
    "SYNC_SPREAD_SECONDS",
    "SYNC_TIME_BUDGET_SECONDS",
    "WEBHOOK_NETWORKS",
}
# Flex Consumption sets these itself, and refuses a deployment that has them.
REFUSED = {
    "ENABLE_ORYX_BUILD",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_WORKER_RUNTIME_VERSION",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "TZ",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_TIME_ZONE",
}


def _given() -> dict[str, str]:
    sets = (variable("app-settings.bicep", name) for name in ("platform", "telemetry", "own"))
    return {name: value for entry in sets for name, value in entries(entry).items()}


def _known() -> set[str]:
    return {str(field.alias) for field in Settings.model_fields.values()}


def test_every_setting_is_one_that_somebody_reads() -> None:
    """A misspelt setting would be silently without effect."""
    assert _given().keys() - _known() - PLATFORM == set()


def test_no_setting_of_the_app_is_forgotten() -> None:
    """Whoever adds a setting decides what it is in Azure."""
    assert _known() - _given().keys() == LEFT_ALONE


def test_the_platform_refuses_none() -> None:
    """One of these fails the whole deployment."""
    assert _given().keys() & REFUSED == set()


def _values() -> dict[str, str]:
    """What the app would find in its environment: what is written down, and one address for every address."""
    addresses = {name for name in _given() if name.endswith(("_URL", "_AUTHORITY", "_RESOURCE", "Uri"))}
    values = {name: "https://tenantry.example/" if name in addresses else "x" for name in _given()}
    written = {name: value.strip("'") for name, value in _given().items() if value.startswith("'")}
    schedule = str(parameters()["syncSchedule"]).removeprefix("${SYNC_SCHEDULE=").rstrip("}")
    return {**values, **written, "SYNC_SCHEDULE": schedule}


def test_the_settings_are_enough() -> None:
    """The app starts with them, and sends browsers to where the registration expects them."""
    settings = Settings.from_environment(_values())
    assert settings.redirect_uri == "https://tenantry.example/connect/callback"


@pytest.mark.parametrize(
    "name", ["PUBLIC_URL", "KEY_VAULT_URL", "ENTRA_CLIENT_ID", "ENTRA_MANAGED_IDENTITY_CLIENT_ID"]
)
def test_none_of_the_required_ones_could_be_left_out(name: str) -> None:
    """So that an empty client id is told of by its name."""
    with pytest.raises(SettingsError):
        Settings.from_environment({**_values(), name: ""})
