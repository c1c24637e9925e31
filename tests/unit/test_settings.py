"""The settings as they come from the environment, where everything is text."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from shared.settings import Settings, SettingsError

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
