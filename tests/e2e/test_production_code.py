"""The app that runs in the sandbox is the app that runs in Azure; only its settings differ."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sandbox.stack import Stack
from shared.settings import Settings

ROOT = Path(__file__).parents[2]
WORDS = re.compile(
    r"sandbox|azurite|simulat|devstore|UseDevelopmentStorage|127\.0\.0\.1|::1|localhost|loopback|\bfakes?\b",
    re.IGNORECASE,
)
# Plain http is for a machine's own addresses only; everything else must be https.
LOOPBACK_RULE = {
    "shared/settings.py": 2,
    "shared/core/return_address.py": 1,
    "shared/adapters/graph/links.py": 3,
}

# What others read: the platform, azure-identity, and OpenSSL, which finds its roots there.
OTHERS_SETTINGS = {
    "FUNCTIONS_WORKER_RUNTIME",
    "AZURE_AUTHORITY_HOST",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "PYTHON_ENABLE_OPENTELEMETRY",
}


def _deployed() -> list[Path]:
    shared = [
        path for path in (ROOT / "shared").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    return [ROOT / "function_app.py", ROOT / "host.json", *shared]


def test_the_app_does_not_know_that_there_is_a_sandbox() -> None:
    """No file that is deployed speaks of it, or of this machine, but for the rules about http addresses."""
    found: dict[str, int] = {}
    for path in _deployed():
        if path.suffix in {".woff2", ".ico", ".png"}:
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        if count := sum(WORDS.search(line) is not None for line in lines):
            found[path.relative_to(ROOT).as_posix()] = count
    assert found.keys() <= LOOPBACK_RULE.keys(), found
    assert all(count <= LOOPBACK_RULE[name] for name, count in found.items()), found


def test_what_is_deployed_is_all_looked_at() -> None:
    """The list holds the code, the templates and the static files."""
    names = {path.relative_to(ROOT).as_posix() for path in _deployed()}
    assert {"function_app.py", "shared/bootstrap.py", "shared/web/templates/problem.html"} <= names


@pytest.mark.e2e
def test_the_sandbox_gives_the_app_nothing_but_settings(stack: Stack) -> None:
    """Every setting is one that the app documents, the platform's, or an Azure SDK's own."""
    ours = {str(field.alias) for field in Settings.model_fields.values()}
    given = {name for name in stack.app_settings if not name.startswith("AzureFunctionsJobHost__")}
    ours |= {name for name in given if name.startswith("OTEL_")}  # OpenTelemetry's own
    assert given - ours <= OTHERS_SETTINGS
    assert {"ENTRA_AUTHORITY", "GRAPH_URL", "KEY_VAULT_URL", "PUBLIC_URL"} <= given
