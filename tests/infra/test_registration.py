"""The app registration asks for what the app needs, however it is made."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from shared.adapters.entra.sign_in import DELEGATED_PERMISSIONS
from shared.core.permissions import OPTIONAL, REQUIRED
from tests.infra.bicep import INFRA, declared, resources

SCRIPT = INFRA / "app-registration.sh"
# As Microsoft Graph publishes them: application permission, delegated permission.
PUBLISHED = {
    "User.Read.All": ("df021288-bdef-4463-88db-98f22de89214", "a154be20-db9c-4678-8ab7-66f6cc099a59"),
    "Organization.Read.All": ("498476ce-e0fe-48b0-b801-37ba7e2685c6", "4908d5b9-3fb2-4b1e-9336-1888b7937185"),
    "GroupMember.Read.All": ("98830695-27a2-44f7-8c18-0c3ebc9698f6", None),
    "MailboxSettings.Read": ("40f97065-369a-49f4-947c-6a255697ae91", None),
    "AuditLog.Read.All": ("b0afded3-3588-46d8-8b3d-9842eff778da", None),
    "Reports.Read.All": ("230c1aed-a721-4c5d-9cb4-a90514e508ef", None),
    "SecurityEvents.Read.All": ("bf394140-e372-4bf9-a898-299cfc7564e5", None),
}
GRAPH = "https://graph.microsoft.com/v1.0"
APPLICATION = f"{GRAPH}/applications(uniqueName='tenantry-test')"
FAKE_AZ = """#!/bin/sh
printf '%s\\0' "$@" >>"$CALLS"; printf '\\n\\0' >>"$CALLS"
case "$*" in
  "cloud show"*) echo https://graph.microsoft.com/ ;;
  *"--method get"*) echo 0f0f0f0f-0000-4000-8000-000000000001 ;;
esac
"""

needs_sh = pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")


def _rows() -> list[tuple[str, ...]]:
    lines = (INFRA / "permissions.txt").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(" ")) for line in lines if line and not line.startswith("#")]


def test_what_the_app_needs_is_asked_for() -> None:
    """Every permission that the app can use by itself, and those that it uses as an administrator."""
    assert sorted(row[1] for row in _rows() if row[2] == "Role") == sorted(REQUIRED + OPTIONAL)
    assert sorted(row[1] for row in _rows() if row[2] == "Scope") == sorted(DELEGATED_PERMISSIONS)


def test_what_only_something_needs_may_be_left_out() -> None:
    """What a sync cannot do without is always asked for; each of the others is a set of its own."""
    assert {row[1] for row in _rows() if row[0] == "required"} == set(REQUIRED)
    optional = [row[0] for row in _rows() if row[0] != "required"]
    assert len(optional) == len(set(optional)) == len(OPTIONAL)


def test_permissions_have_the_ids_that_microsoft_publishes() -> None:
    """A wrong id would ask customers for something else."""
    for _, name, kind, number in _rows():
        assert number == PUBLISHED[name][("Role", "Scope").index(kind)]


def test_the_deployment_and_the_script_go_by_the_same_list() -> None:
    """Both read permissions.txt, and neither names an id of its own but Microsoft Graph's."""
    bicep = (INFRA / "app-registration.bicep").read_text(encoding="utf-8")
    script = SCRIPT.read_text(encoding="utf-8")
    for text in (bicep, script):
        assert "permissions.txt" in text
        assert set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)) == {
            "00000003-0000-0000-c000-000000000000"
        }
    default = re.search(r"'(groups [\w -]+)'", (INFRA / "main.bicep").read_text(encoding="utf-8"))
    assert default is not None
    assert set(default[1].split()) == {row[0] for row in _rows()} - {"required"}
    assert f"OPTIONAL_PERMISSIONS-{default[1]}" in script


def _run(tmp_path: Path, phase: str, **given: str) -> tuple[int, list[list[str]], str]:
    """Run the script with an Azure CLI that writes down what it is asked."""
    for name in ("az", "azd"):
        (tmp_path / name).write_text(FAKE_AZ, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    calls = tmp_path / "calls"
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "CALLS": str(calls), **given}
    done = subprocess.run(
        ["sh", str(SCRIPT), phase],
        env={"AZURE_ENV_NAME": "test", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    raw = calls.read_text(encoding="utf-8") if calls.exists() else ""
    return (
        done.returncode,
        [call.split("\0")[:-1] for call in raw.split("\n\0") if call],
        done.stdout + done.stderr,
    )


def _bodies(calls: list[list[str]]) -> dict[str, dict[str, object]]:
    patches = (call for call in calls if "patch" in call)
    return {call[call.index("--uri") + 1]: json.loads(call[call.index("--body") + 1]) for call in patches}


@needs_sh
def test_a_bare_registration_is_made_first(tmp_path: Path) -> None:
    """With its permissions and claims; its id becomes a value of azd's environment."""
    code, calls, said = _run(tmp_path, "before")
    assert code == 0, said
    body = _bodies(calls)[APPLICATION]
    assert body["signInAudience"] == "AzureADMultipleOrgs"
    assert body["groupMembershipClaims"] == "DirectoryRole"
    assert body["optionalClaims"] == {"idToken": [{"name": "acct", "essential": False}]}
    assert body["requiredResourceAccess"] == [
        {
            "resourceAppId": "00000003-0000-0000-c000-000000000000",
            "resourceAccess": [{"id": row[3], "type": row[2]} for row in _rows()],
        }
    ]
    assert calls[-1] == ["env", "set", "ENTRA_CLIENT_ID", "0f0f0f0f-0000-4000-8000-000000000001"]
    assert all("Prefer=create-if-missing" in call for call in calls if "patch" in call)


@needs_sh
def test_permissions_that_nobody_wants_are_left_out(tmp_path: Path) -> None:
    """Customers are asked for what the operator uses."""
    code, calls, said = _run(tmp_path, "before", OPTIONAL_PERMISSIONS="mfa")
    assert code == 0, said
    access = json.dumps(_bodies(calls)[APPLICATION]["requiredResourceAccess"])
    wanted = [row[3] for row in _rows() if row[0] in {"required", "mfa"}]
    assert re.findall(r'"id": "([0-9a-f-]+)"', access) == wanted


@needs_sh
def test_the_registration_trusts_the_identity_instead_of_a_secret(tmp_path: Path) -> None:
    """Its address and its federated credential come when both are known."""
    issuer = "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0"
    code, calls, said = _run(
        tmp_path,
        "after",
        PUBLIC_URL="https://tenantry.example",
        IDENTITY_PRINCIPAL_ID="22222222-2222-4222-8222-222222222222",
        FEDERATION_ISSUER=issuer,
        ENTRA_EXCHANGE_AUDIENCE="api://AzureADTokenExchange",
    )
    assert code == 0, said
    bodies = _bodies(calls)
    assert bodies[APPLICATION]["web"] == {"redirectUris": ["https://tenantry.example/connect/callback"]}
    assert bodies[f"{APPLICATION}/federatedIdentityCredentials(name='managed-identity')"] == {
        "issuer": issuer,
        "subject": "22222222-2222-4222-8222-222222222222",
        "audiences": ["api://AzureADTokenExchange"],
    }
    assert "secret" not in said


@needs_sh
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"APP_REGISTRATION": "bicep"}, 0),
        ({"APP_REGISTRATION": "none", "ENTRA_CLIENT_ID": "33333333-3333-4333-8333-333333333333"}, 0),
        ({"APP_REGISTRATION": "none"}, 1),
        ({"APP_REGISTRATION": "other"}, 1),
    ],
)
def test_nothing_is_registered_where_somebody_else_does_it(
    tmp_path: Path, given: dict[str, str], code: int
) -> None:
    """And whoever has not said which registration it is, is told before anything is deployed."""
    found, calls, said = _run(tmp_path, "before", **given)
    assert (found, calls) == (code, []), said


@needs_sh
def test_what_the_script_needs_is_put_out_by_the_deployment() -> None:
    """The second part runs after it, with its outputs."""
    needed = set(re.findall(r"\$\{([A-Z_]+):\?", SCRIPT.read_text(encoding="utf-8"))) - {"AZURE_ENV_NAME"}
    assert needed
    assert needed <= declared("main.bicep", "output").keys()


def test_the_deployment_registers_the_same() -> None:
    """The same name, audience, claims and credential as the script's."""
    bodies = {found.type: found.body for found in resources() if found.type.startswith("Microsoft.Graph/")}
    application = bodies["Microsoft.Graph/applications"]
    assert "signInAudience: 'AzureADMultipleOrgs'" in application
    assert "groupMembershipClaims: 'DirectoryRole'" in application
    assert "name: 'acct'" in application
    assert "'${publicUrl}/connect/callback'" in application
    assert "/managed-identity'" in bodies["Microsoft.Graph/applications/federatedIdentityCredentials"]
    main = (INFRA / "main.bicep").read_text(encoding="utf-8")
    assert "uniqueName: 'tenantry-${environmentName}'" in main
    assert "displayName: 'Tenantry (${environmentName})'" in main


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_the_script_is_clean() -> None:
    """What shellcheck says of it: nothing."""
    done = subprocess.run(["shellcheck", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
