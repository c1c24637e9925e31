"""What is deployed is as closed as it is said to be."""

from __future__ import annotations

import json
import re

import pytest

from tests.architecture.sources import ROOT
from tests.infra.bicep import (
    INFRA,
    declared,
    entries,
    files,
    items,
    modules,
    parameters,
    required,
    resources,
    root,
    text,
    variable,
    walk,
)

CLOSED = {
    "Microsoft.Storage/storageAccounts": (
        "allowSharedKeyAccess: false",
        "allowBlobPublicAccess: false",
        "supportsHttpsTrafficOnly: true",
        "minimumTlsVersion: 'TLS1_2'",
    ),
    "Microsoft.KeyVault/vaults": (
        "enableRbacAuthorization: true",
        "enablePurgeProtection: true",
        "softDeleteRetentionInDays: 90",
    ),
    "Microsoft.Insights/components": ("DisableLocalAuth: true",),
    "Microsoft.OperationalInsights/workspaces": ("disableLocalAuth: true", "dailyQuotaGb:"),
    "Microsoft.Web/sites": (
        "httpsOnly: true",
        "ftpsState: 'Disabled'",
        "remoteDebuggingEnabled: false",
        "minTlsVersion: minimumTls",
        "version: '3.13'",
    ),
}
READ_ELSEWHERE = {"thisMonth"}  # Bicep's own default


def _made(kind: str) -> list[str]:
    return [found.body for found in resources() if found.type == kind]


@pytest.mark.parametrize("kind", CLOSED)
def test_what_is_deployed_lets_nobody_in_by_a_key(kind: str) -> None:
    """No shared key, no local authentication, no plain text, nothing public."""
    bodies = _made(kind)
    assert len(bodies) == 1
    assert [wanted for wanted in CLOSED[kind] if wanted not in bodies[0]] == []


def test_nobody_publishes_with_a_password() -> None:
    """The two basic authentications of a site, for FTP and for its publishing address, are off."""
    policies = _made("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
    assert len(policies) == 2
    assert {re.findall(r"name: '(\w+)'", body)[0] for body in policies} == {"ftp", "scm"}
    assert all("allow: false" in body for body in policies)


def test_no_other_site_may_call_the_app_from_a_browser() -> None:
    """There is no list of allowed origins."""
    assert not any("cors" in found.body for found in resources())


def test_no_key_and_no_secret_is_read_or_passed_on() -> None:
    """Neither a function that lists keys, nor a secure parameter that would need one."""
    for name in files():
        called = {text(node.named_children[0]) for node in walk(root(name)) if node.type == "call_expression"}
        assert not {one for one in called if one.startswith("list") or one.endswith("getSecret")}
        assert "@secure()" not in (INFRA / name).read_text(encoding="utf-8")


def test_the_vault_says_who_read_what() -> None:
    """Its audit log goes to the workspace."""
    assert any("scope: vault" in body and "category: 'AuditEvent'" in body for body in _diagnostics())


def _diagnostics() -> list[str]:
    return _made("Microsoft.Insights/diagnosticSettings")


def test_every_queue_of_a_trigger_is_made() -> None:
    """And for each, the queue for messages that failed on every delivery, which has a trigger too."""
    triggers = re.findall(r'queue_trigger\("\w+", "([\w-]+)"', (ROOT / "function_app.py").read_text("utf-8"))
    assert sorted(items(variable("storage.bicep", "queueNames"))) == sorted(triggers)
    assert {f"{name}-poison" for name in triggers if not name.endswith("-poison")} < set(triggers)


def test_every_parameter_is_described_and_reaches_the_deployment() -> None:
    """azd hands over every parameter of main.bicep, and none that it does not have."""
    undescribed = [
        f"{name}: {parameter}"
        for name in files()
        for parameter, node in declared(name, "parameter").items()
        if node.prev_named_sibling is None or "@description('" not in text(node.prev_named_sibling)
    ]
    assert undescribed == []
    assert parameters().keys() ^ declared("main.bicep", "parameter").keys() == READ_ELSEWHERE


def test_defaults_are_the_same_with_azd_and_without() -> None:
    """Who deploys main.bicep by hand gets what azd gives."""
    for name, node in declared("main.bicep", "parameter").items():
        given = parameters().get(name)
        default = re.match(r"\$\{\w+=(.*)\}$", str(given))
        if default is not None:
            assert text(node.named_children[-1]).strip("'") == default[1], name


def test_modules_get_what_they_ask_for() -> None:
    """Each parameter without a default, none that a module has not; and what is used of it is put out."""
    main = (INFRA / "main.bicep").read_text(encoding="utf-8")
    for module in modules("main.bicep"):
        assert required(module.file) <= module.given <= declared(module.file, "parameter").keys(), module.file
        used = set(re.findall(rf"\b{module.symbol}\.outputs\.(\w+)", main))
        assert used <= declared(module.file, "output").keys(), module.file
    assert {module.file for module in modules("main.bicep")} == set(files()) - {"main.bicep"}


def test_azd_finds_the_app_and_runs_both_halves_of_the_registration() -> None:
    """The tag of the function app is the name of the service; before the deployment and after it."""
    project = (ROOT / "azure.yaml").read_text(encoding="utf-8")
    service = re.search(r"^services:\n  (\w+):\n", project, re.MULTILINE)
    assert service is not None
    assert f"'azd-service-name': '{service[1]}'" in _made("Microsoft.Web/sites")[0]
    hook, script = r"^  (pre|post)provision:", r"^      run: (?:ba)?sh infra/app-registration.sh (\w+)$"
    hooks = re.findall(f"{hook}|{script}", project, re.MULTILINE)
    assert [first or second for first, second in hooks] == [
        "pre",
        "before",
        "before",
        "post",
        "after",
        "after",
    ]


def test_each_cloud_has_its_own_addresses() -> None:
    """Nothing of one national cloud is asked by an app in another."""
    clouds = json.loads((INFRA / "clouds.json").read_text(encoding="utf-8"))
    assert set(clouds) == {"AzureCloud", "AzureUSGovernment", "AzureChinaCloud"}
    values = [value for cloud in clouds.values() for value in cloud.values()]
    assert len(values) == len(set(values)) == 9
    ours = clouds["AzureCloud"]
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    assert (ours["authority"], ours["graph"]) == (sample["ENTRA_AUTHORITY"], sample["GRAPH_URL"])
    assert ours["exchangeAudience"] == sample["ENTRA_EXCHANGE_AUDIENCE"]


def test_each_role_has_its_row_with_a_reason() -> None:
    """The page on deployment says of every role who has it, on what, and why."""
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    roles = entries(variable("roles.bicep", "roles"))
    rows = re.findall(
        r"^\| (.+?) \| (\w[\w ]+) \| `([0-9a-f-]{36})` \| (.+?) \| (.{20,}) \|$", page, re.MULTILINE
    )
    assert {row[2] for row in rows} == {value.strip("'") for value in roles.values()}
    used = (INFRA / "roles.bicep").read_text(encoding="utf-8")
    assert all(len(re.findall(rf"roles\.{name}\b", used)) > 0 for name in roles)


def test_nobody_but_the_app_gets_into_the_vault_unless_it_is_said() -> None:
    """Whoever reads the vault can act for every customer."""
    vault = [body for body in _made("Microsoft.Authorization/roleAssignments") if "scope: vault" in body]
    others = [body for body in vault if "principalId: appPrincipalId" not in body]
    assert len(vault) == 2
    assert [" && operatorVaultAccess) {" in body for body in others] == [True]
    assert text(declared("main.bicep", "parameter")["operatorVaultAccess"]).endswith(" = false")


def test_roles_are_given_on_one_resource_each() -> None:
    """None on the resource group or the subscription."""
    scopes = {
        re.findall(r"scope: (\w+)", body)[0] for body in _made("Microsoft.Authorization/roleAssignments")
    }
    assert scopes == {"storage", "vault", "insights"}
