"""Modules stay small enough to be read in one go, and say what they are for."""

from __future__ import annotations

import ast

from tests.architecture.sources import ROOT, modules

HARD_LIMIT = 400
EVERYTHING = ("function_app.py", "dev.py", "devtools", "shared", "sandbox", "bench", "tests", "translations")


def test_no_module_is_longer_than_the_hard_limit() -> None:
    """A module past 400 lines has more than one reason to change and is split."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules(*EVERYTHING)}
    wrong = {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > HARD_LIMIT}
    assert not wrong


def test_every_module_says_what_it_is_for() -> None:
    """A module with code in it begins with a docstring."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in modules(*EVERYTHING)}
    wrong = [
        str(path.relative_to(ROOT))
        for path, tree in trees.items()
        if tree.body and not ast.get_docstring(tree)
    ]
    assert not wrong


def test_every_test_says_its_rule() -> None:
    """Each test has a docstring: one plain sentence."""
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in modules("tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert not wrong
