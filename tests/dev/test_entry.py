"""dev.py itself: it must say something sensible wherever it is started."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEV = ROOT / "dev.py"


def _start(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=cwd)


@pytest.mark.parametrize("version", ["(2, 7, 18)", "(3, 6, 15)", "(3, 10, 13)"])
def test_an_older_python_is_told_what_is_needed(version: str) -> None:
    """Started by a Python before 3.11, it names the versions that will do and ends with code 2."""
    program = (
        f"import runpy, sys; sys.version_info = {version}; runpy.run_path({str(DEV)!r}, run_name='__main__')"
    )
    ended = _start("-c", program)
    assert ended.returncode == 2
    assert "Python 3.11, 3.12 or 3.13 is needed" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_older_python_can_parse_it() -> None:
    """Nothing in the file is syntax that a Python of ten years ago does not know."""
    source = DEV.read_text(encoding="ascii")
    too_new = (
        ast.AnnAssign,
        ast.AsyncFunctionDef,
        ast.FunctionDef,
        ast.JoinedStr,
        ast.Match,
        ast.NamedExpr,
        ast.Nonlocal,
        ast.YieldFrom,
    )
    assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, too_new)]


def test_help_names_every_command(tmp_path: Path) -> None:
    """`--help` works from any directory and explains each command."""
    ended = _start(str(DEV), "--help", cwd=tmp_path)
    assert ended.returncode == 0
    for command in ("demo", "up", "test", "check", "lock", "clean"):
        assert f"\n  {command}  " in ended.stdout


def test_a_mistyped_option_is_refused() -> None:
    """An option nobody knows ends with code 2 before anything is installed."""
    ended = _start(str(DEV), "demo", "--jsn", "x")
    assert ended.returncode == 2
    assert "--jsn" in ended.stderr


def test_a_python_that_will_not_do_is_named(tmp_path: Path) -> None:
    """TENANTRY_PYTHON with something else than a complete Python is a clear message and code 2."""
    copy = tmp_path / "project"
    (copy / "devtools").mkdir(parents=True)
    for path in [DEV, *(ROOT / "devtools").glob("*.py")]:
        (copy / path.relative_to(ROOT)).write_bytes(path.read_bytes())
    environment = {**os.environ, "TENANTRY_PYTHON": str(tmp_path / "nothing")}
    command = [sys.executable, str(copy / "dev.py"), "check"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 2
    assert "TENANTRY_PYTHON=" in ended.stderr
    assert "Traceback" not in ended.stderr
