"""Every setting the app reads is documented and has a sample value."""

from __future__ import annotations

import ast
import json
import re

import pytest

from tests.architecture.sources import ROOT


def _settings() -> list[str]:
    """The environment names, which are the aliases of the settings' fields."""
    tree = ast.parse((ROOT / "shared/settings.py").read_text(encoding="utf-8"))
    keywords = (node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "alias")
    return sorted(ast.literal_eval(keyword.value) for keyword in keywords)


def test_the_settings_are_found() -> None:
    """The names are read from the one module that reads the environment."""
    assert {"AzureWebJobsStorage", "KEY_VAULT_URL", "PUBLIC_URL"} <= set(_settings())


@pytest.mark.parametrize("name", _settings())
def test_every_setting_is_in_the_readme(name: str) -> None:
    """The README has a table row for each setting."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"^\|[^|]*`{name}`[^|]*\|", readme, re.MULTILINE), f"README.md has no row for {name}"


@pytest.mark.parametrize("name", _settings())
def test_every_setting_has_a_sample_value(name: str) -> None:
    """Copying local.settings.sample.json gives a file that names every setting."""
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))
    assert name in sample["Values"]
