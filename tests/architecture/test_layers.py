"""Dependencies point one way: function_app → web, services → core, ports; adapters implement ports."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, Import, imports, modules, third_party

# Which of our own modules each layer may import. What it holds is in the design page of docs/adr.
LAYERS: dict[str, tuple[str, ...]] = {
    "shared/core": ("shared.core",),
    "shared/ports": ("shared.core", "shared.ports"),
    "shared/logs.py": ("shared.telemetry.ids",),
    "shared/telemetry": ("shared.core", "shared.telemetry"),
    "shared/settings.py": ("shared.core",),
    "shared/services": ("shared.core", "shared.ports", "shared.services", "shared.logs", "shared.telemetry"),
    "shared/adapters": (
        "shared.core",
        "shared.ports",
        "shared.adapters",
        "shared.logs",
        "shared.telemetry",
        "shared.settings",
    ),
    "shared/web": (
        "shared.core",
        "shared.ports",
        "shared.services",
        "shared.web",
        "shared.logs",
        "shared.telemetry",
        "shared.settings",
        "shared.app",
        "shared.bootstrap",
    ),
    "shared/app.py": ("shared.core", "shared.ports", "shared.services", "shared.settings"),
    "shared/operations.py": ("shared.core", "shared.ports", "shared.services", "shared.app"),
    "shared/admin": (
        "shared.core",
        "shared.ports",
        "shared.services",
        "shared.admin",
        "shared.operations",
        "shared.bootstrap",
        "shared.settings",
        "shared.logs",
    ),
}

# Pure calculation on values; nothing that opens a socket or a file.
PURE = {"croniter", "idna", "msgspec", "nameparser", "pydantic", "pydantic_core", "re2"}

# What is imported when Azure indexes the app: anything slow belongs behind a function.
INDEXED = ("function_app.py",)
SLOW = (
    "azure.data",
    "azure.identity",
    "azure.keyvault",
    "azure.storage",
    "fastapi",
    "httpx",
    "msgraph",
    "opentelemetry",
    "shared.web",
)


def _within(module: str, allowed: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def _listed(found: list[Import]) -> str:
    return "\n".join(str(item) for item in found)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_the_layers_below_it(layer: str) -> None:
    """A module of a layer imports nothing of ours beyond what the table allows."""
    wrong = [
        found
        for path in modules(layer)
        for found in imports(path)
        if found.top in ("shared", "sandbox", "tests", "devtools", "function_app", "bench", "translations")
        and found.module != "shared"
        and not _within(found.module, LAYERS[layer])
    ]
    assert not wrong, _listed(wrong)


@pytest.mark.parametrize("layer", ["shared/core", "shared/ports", "shared/services"])
def test_decisions_depend_on_no_library_that_does_io(layer: str) -> None:
    """Core, ports and services know no library of the outside world."""
    wrong = [
        found
        for path in modules(layer)
        for found in imports(path)
        if third_party(found) and found.top not in PURE
    ]
    assert not wrong, _listed(wrong)


def test_only_bootstrap_names_concrete_adapters() -> None:
    """Adapters are imported by each other and by bootstrap, where they are chosen."""
    wrong = [
        found
        for path in modules("function_app.py", "shared")
        for found in imports(path)
        if _within(found.module, ("shared.adapters",))
        and not path.is_relative_to(ROOT / "shared/adapters")
        and path != ROOT / "shared/bootstrap.py"
    ]
    assert not wrong, _listed(wrong)


def test_only_export_knows_how_telemetry_is_sent() -> None:
    """All other code speaks to OpenTelemetry's interface, and to that through shared/telemetry alone."""
    sending = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.instrumentation")
    wrong = [
        found
        for path in modules("function_app.py", "shared")
        for found in imports(path)
        if found.top == "opentelemetry"
        and path != ROOT / "shared/telemetry/export.py"
        and (_within(found.module, sending) or not path.is_relative_to(ROOT / "shared/telemetry"))
    ]
    assert not wrong, _listed(wrong)


def test_what_looks_across_accounts_is_out_of_reach_of_the_web() -> None:
    """Pages, the API, and the services behind them know nothing of the operator's: an account's look ends at
    its own rows."""
    operators = ("shared.ports.operation", "shared.services.operating", "shared.operations", "shared.admin")
    own = [ROOT / "shared/operations.py", ROOT / "shared/bootstrap.py"]
    wrong = [
        found
        for path in modules("function_app.py", "shared")
        for found in imports(path)
        if _within(found.module, operators)
        and path not in own
        and not path.is_relative_to(ROOT / "shared/admin")
        and not path.is_relative_to(ROOT / "shared/services/operating")
        and not path.is_relative_to(ROOT / "shared/adapters")
        and path != ROOT / "shared/ports/operation.py"
    ]
    assert not wrong, _listed(wrong)
    named = {"new_operations", "build_operations"}
    reached = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules("shared/web", "shared/entry_points.py", "shared/app.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name | ast.Attribute)
        and (node.id if isinstance(node, ast.Name) else node.attr) in named
    ]
    assert not reached, reached


def test_only_the_edge_knows_the_functions_platform() -> None:
    """`azure.functions` is imported by function_app.py, what it calls, and web alone."""
    wrong = [
        found
        for path in modules("shared")
        for found in imports(path)
        if _within(found.module, ("azure.functions",))
        and not path.is_relative_to(ROOT / "shared/web")
        and path != ROOT / "shared/entry_points.py"
    ]
    assert not wrong, _listed(wrong)


def test_only_settings_reads_the_environment() -> None:
    """`os.environ` is used in shared/settings.py, and in bootstrap, which hands it over whole."""
    allowed = (ROOT / "shared/settings.py", ROOT / "shared/bootstrap.py")
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules("function_app.py", "shared")
        if path not in allowed
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom | ast.Attribute) and _reads_environment(node)
    ]
    assert not wrong, wrong


def test_the_app_knows_nothing_of_the_sandbox() -> None:
    """Production code imports neither the simulated world nor the tests."""
    wrong = [
        found
        for path in modules("function_app.py", "shared")
        for found in imports(path)
        if found.top in ("sandbox", "tests", "devtools", "bench", "translations")
    ]
    assert not wrong, _listed(wrong)


def test_indexing_the_app_imports_nothing_slow() -> None:
    """What function_app.py imports at its top, and what that imports, leaves web and Graph code alone."""
    wrong: list[Import] = []
    seen: set[Path] = set()
    queue = modules(*INDEXED)
    while queue:
        path = queue.pop()
        if path in seen:
            continue
        seen.add(path)
        for found in _imports_at_top(path):
            if _within(found.module, SLOW):
                wrong.append(found)
            elif found.top == "shared":
                file = ROOT.joinpath(*found.module.split("."))
                queue += [item for item in (file.with_suffix(".py"), file / "__init__.py") if item.is_file()]
    assert not wrong, _listed(wrong)


def test_dev_tools_need_nothing_but_python() -> None:
    """dev.py and devtools/ import the standard library and themselves only."""
    wrong = [
        found
        for path in modules("dev.py", "devtools")
        for found in imports(path)
        if third_party(found) or found.top in ("shared", "sandbox", "tests", "bench", "translations")
    ]
    assert not wrong, _listed(wrong)


def _imports_at_top(path: Path) -> list[Import]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = {node.lineno for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)}
    return [found for found in imports(path) if found.line in top]


def _reads_environment(node: ast.ImportFrom | ast.Attribute) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "os" and any(alias.name in ("environ", "getenv") for alias in node.names)
    return (
        node.attr in ("environ", "getenv", "environb")
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    )
