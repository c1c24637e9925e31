"""What the architecture tests read: the project's files and the imports in its modules."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRST_PARTY = ("bench", "dev", "devtools", "function_app", "sandbox", "shared", "tests", "translations")
MADE_BY_TOOLS = (".sandbox", "__pycache__", "node_modules", ".venv", ".git")


@dataclass(frozen=True)
class Import:
    """One imported module: where, in which line, and its dotted name."""

    path: Path
    line: int
    module: str

    @property
    def top(self) -> str:
        """The name that is looked up on the path."""
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} imports {self.module}"


def modules(*places: str) -> list[Path]:
    """Every Python file of these files and folders of the project; the ones that exist."""
    found: list[Path] = []
    for place in places:
        path = ROOT / place
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return [path for path in found if not set(path.parts) & set(MADE_BY_TOOLS)]


def imports(path: Path) -> Iterator[Import]:
    """Every import in a module, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Import(path, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(path, node)
            # `from shared import core` names a module as well as `from shared.core import text` does.
            names = [f"{module}.{alias.name}" for alias in node.names]
            is_module = [_is_module(name) for name in names]
            yield from (
                Import(path, node.lineno, name) for name, yes in zip(names, is_module, strict=True) if yes
            )
            if not all(is_module):
                yield Import(path, node.lineno, module)


def third_party(found: Import) -> bool:
    """Whether an import is neither ours nor the standard library's."""
    beside = found.path.with_name(found.top)  # a sample app in its own folder imports its neighbours
    ours = found.top in FIRST_PARTY or beside.is_dir() or beside.with_suffix(".py").is_file()
    return not ours and found.top not in sys.stdlib_module_names


def project_files() -> list[Path]:
    """Every text file that is, or is about to be, in the repository."""
    git = shutil.which("git")
    listed = None
    if git is not None:
        command = [git, "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, capture_output=True, check=False)
    if listed is None or listed.returncode != 0:  # an unpacked archive has no git
        paths = [
            path for path in ROOT.rglob("*") if not set(path.relative_to(ROOT).parts) & set(MADE_BY_TOOLS)
        ]
    else:
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


def _absolute(path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = path.relative_to(ROOT).with_suffix("").parts[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()
