"""Every problem code that the app can produce, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from shared.core import reasons
from tests.architecture.sources import ROOT, modules

_SELF = ("self", "cls")
_EXAMPLES = ("shared", "web", "api", "description")
"""The API's reference makes problems up, to show what they look like."""


@dataclass
class _Callable:
    """What is called with parameters, by position; `bases`: of a class, whose they may be instead."""

    parameters: list[str] | None = None
    bases: list[str] = field(default_factory=list)


@cache
def produced() -> frozenset[str]:
    """Whatever is handed over as a `code` anywhere in the app, and what is made a code in other ways."""
    paths = [path for path in modules("shared") if path.parent != ROOT.joinpath(*_EXAMPLES)]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    known = _callables(trees)
    found = {code for tree in trees for code in _handed_over(tree, known)}
    elsewhere = (reasons._WORDS, _of_azure(trees), _of_statuses(trees), _of_receivers(trees))
    return frozenset(found.union(*elsewhere))


def _callables(trees: Iterable[ast.Module]) -> dict[str, _Callable]:
    known: dict[str, _Callable] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "__init__":
            if "code" in (names := _parameters(node)):
                known[node.name] = _Callable(names)
        elif isinstance(node, ast.ClassDef):
            made = _Callable(_of_class(node), [ast.unparse(base) for base in node.bases])
            if node.name not in known or "code" in (made.parameters or ()):  # two modules may share a name
                known[node.name] = made
    return known


def _of_class(node: ast.ClassDef) -> list[str] | None:
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and member.name == "__init__":
            return _parameters(member)
    if "msgspec.Struct" not in (ast.unparse(base) for base in node.bases):
        return None  # it is made as its base is
    return [
        member.target.id
        for member in node.body
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name)
    ]


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [argument.arg for argument in node.args.args if argument.arg not in _SELF]


def _handed_over(tree: ast.Module, known: dict[str, _Callable]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node, _called(node), known)
        elif isinstance(node, ast.ClassDef):
            for call in (found for found in ast.walk(node) if isinstance(found, ast.Call)):
                if ast.unparse(call.func) == "super().__init__" and node.bases:
                    yield from _of_call(call, ast.unparse(node.bases[0]), known)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "self.code":
            yield from _literal(node.value)


def _of_call(node: ast.Call, name: str, known: dict[str, _Callable]) -> Iterator[str]:
    for keyword in node.keywords:
        if keyword.arg == "code":
            yield from _literal(keyword.value)
    names = _resolved(name, known)
    if names is not None and "code" in names[: len(node.args)]:
        yield from _literal(node.args[names.index("code")])


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)


def _resolved(name: str, known: dict[str, _Callable]) -> list[str] | None:
    found = known.get(name)
    if found is None or found.parameters is not None:
        return None if found is None else found.parameters
    return next((names for base in found.bases if (names := _resolved(base, known)) is not None), None)


def _literal(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literal(node.body)
        yield from _literal(node.orelse)


def _of_azure(trees: Iterable[ast.Module]) -> Iterator[str]:
    """`with translated("Key Vault")` makes two codes of the service's name."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Call) and _called(node) == "translated" and node.args:
            for service in _literal(node.args[0]):
                name = service.lower().replace(" ", "_")
                yield from (f"{name}_unavailable", f"{name}_refused")


def _of_statuses(trees: Iterable[ast.Module]) -> Iterator[str]:
    """What the web framework refuses by itself: a table of codes by status."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "_BY_STATUS":
            assert isinstance(node.value, ast.Dict)
            for value in node.value.values:
                assert isinstance(value, ast.Tuple)
                yield from _literal(value.elts[0])


def _of_receivers(trees: Iterable[ast.Module]) -> Iterator[str]:
    """Why a webhook's receiver gave no answer: what the functions called `_code` return."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef) and node.name == "_code":
            for returned in (found for found in ast.walk(node) if isinstance(found, ast.Return)):
                yield from _literal(returned.value or ast.Constant(None))
