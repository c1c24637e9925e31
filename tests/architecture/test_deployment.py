"""What reaches Azure, and what the security page says about the tests."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.architecture.sources import ROOT


def _tracked(*options: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", *options], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.splitlines())


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(),
    reason="needs the version control's list of files",
)
def test_nothing_but_the_app_is_deployed() -> None:
    """No simulator with its control surface, no test, no document, no settings of a developer."""
    deployed = _tracked() - _tracked("--cached", "--ignored", "--exclude-from=.funcignore")
    assert {path for path in deployed if not path.startswith("shared/")} == {
        "function_app.py",
        "host.json",
        "requirements.txt",
    }
    assert "shared/bootstrap.py" in deployed


def test_the_security_page_names_tests_that_exist() -> None:
    """Each threat names the test that shows what protects against it."""
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) > 20
    missing = [
        f"{path}::{test}"
        for path, test in named
        if not (ROOT / path).exists() or f"def {test}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert missing == []
