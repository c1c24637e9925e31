"""Reads Bicep files as trees, which tests look into."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from tests.architecture.sources import ROOT

INFRA = ROOT / "infra"
_PARSER = Parser(Language(tree_sitter_bicep.language()))


@dataclass(frozen=True)
class Resource:
    """A resource that a file makes: its type without the version, and its lines without indentation."""

    file: str
    type: str
    body: str


@cache
def root(name: str) -> Node:
    """The tree of a file in infra/."""
    return _PARSER.parse((INFRA / name).read_bytes()).root_node


def files() -> list[str]:
    """Every Bicep file."""
    return sorted(path.name for path in INFRA.glob("*.bicep"))


def text(node: Node | None) -> str:
    """The node as it is written."""
    assert node is not None
    assert node.text is not None
    return node.text.decode()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it."""
    yield node
    for child in node.named_children:
        yield from walk(child)


def declared(name: str, kind: str) -> dict[str, Node]:
    """What a file declares, by name; `kind` such as `parameter` or `output`."""
    found = (node for node in root(name).named_children if node.type == f"{kind}_declaration")
    return {text(_identifier(node)): node for node in found}


def variable(name: str, variable_name: str) -> Node:
    """The value of a variable of a file."""
    return declared(name, "variable")[variable_name].named_children[-1]


def entries(node: Node) -> dict[str, str]:
    """An object's properties, each value as it is written."""
    properties = (child for child in node.named_children if child.type == "object_property")
    return {text(entry.named_children[0]).strip("'"): text(entry.named_children[1]) for entry in properties}


def items(node: Node) -> list[str]:
    """An array's values without quotes."""
    return [text(child).strip("'") for child in node.named_children if child.type != "comment"]


@dataclass(frozen=True)
class Module:
    """A module that a file uses: its symbol, its file, and the parameters it is given."""

    symbol: str
    file: str
    given: frozenset[str]


def modules(name: str) -> list[Module]:
    """The modules that a file uses."""
    found = []
    for symbol, node in declared(name, "module").items():
        path = next(text(child).strip("'") for child in node.named_children if child.type == "string")
        keys = next(
            entry.named_children[1]
            for entry in walk(node)
            if entry.type == "object_property" and text(entry.named_children[0]) == "params"
        )
        found.append(Module(symbol, path, frozenset(entries(keys))))
    return found


def required(name: str) -> set[str]:
    """The parameters of a file that have no default."""
    parameters = declared(name, "parameter").items()
    return {
        parameter for parameter, node in parameters if not any(text(part) == "=" for part in node.children)
    }


def resources(*, existing: bool = False) -> list[Resource]:
    """Every resource that is made, of all files; the type of a nested one begins with its parent's."""
    return [found for name in files() for found in _resources(name, root(name), "", existing=existing)]


def parameters() -> dict[str, object]:
    """What azd gives to main.bicep."""
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    return {name: entry["value"] for name, entry in given.items()}


def _resources(name: str, node: Node, parent: str, *, existing: bool) -> Iterator[Resource]:
    for child in node.named_children:
        inside = parent
        if child.type == "resource_declaration":
            literal = next(part for part in child.named_children if part.type == "string")
            kind = text(literal).strip("'").partition("@")[0]
            inside = f"{parent}/{kind}" if parent else kind
            if existing or not any(text(part) == "existing" for part in child.children):
                yield Resource(name, inside, "\n".join(line.strip() for line in text(child).splitlines()))
        yield from _resources(name, child, inside, existing=existing)


def _identifier(node: Node) -> Node:
    return next(
        child for child in node.named_children if child.type in {"identifier", "compatible_identifier"}
    )
