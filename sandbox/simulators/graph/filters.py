"""The part of `$filter` and `$search` that a reader of users and groups needs.

Follows "Use the $filter query parameter" and "Use the $search query parameter" (learn.microsoft.com/graph).
Supported are `eq`, `startswith(…)`, `and`, `or` and parentheses over string and Boolean properties; strings
compare without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.simulators.graph.errors import BadRequest, UnsupportedQuery
from sandbox.simulators.graph.schema import ObjectType
from sandbox.world.model import Properties

Predicate = Callable[[Properties], bool]

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z_][\w./]*)|(?P<sign>[(),]))")
_SEARCH = re.compile(r'"(\w+):((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None}


def parse_filter(text: str, object_type: ObjectType) -> Predicate:
    """Return the predicate that a filter describes; raises GraphError 400 for what is not supported."""
    return _Parser(text, object_type).parse()


def parse_search(text: str) -> Predicate:
    """Return the predicate of `"property:words"`: every word begins some word of the property.

    Inside, quotes and backslashes have a backslash before them.
    """
    clauses = [(name, _ESCAPED.sub(r"\1", wanted)) for name, wanted in _SEARCH.findall(text)]
    if not clauses:
        raise UnsupportedQuery('The search clause must have the form "property:value".')

    def matches(properties: Properties) -> bool:
        for name, wanted in clauses:
            words = re.split(r"\W+", str(properties.get(name) or "").casefold())
            for word in re.split(r"\W+", wanted.casefold()):
                if not any(found.startswith(word) for found in words):
                    return False
        return True

    return matches


def parse_order(text: str, allowed: set[str]) -> tuple[Callable[[Properties], str], bool]:
    """Return the sort key that `$orderby` describes, and whether the order descends."""
    name, _, direction = text.strip().partition(" ")
    if name not in allowed or direction.strip().lower() not in {"", "asc", "desc"}:
        raise UnsupportedQuery(f"Unsupported sort property '{text}'.")
    return lambda it: str(it.get(name) or "").casefold(), direction.strip().lower() == "desc"


class _Parser:
    def __init__(self, text: str, object_type: ObjectType) -> None:
        self.text = text
        self.type = object_type
        self.tokens: list[str] = []
        end = 0
        while text[end:].strip():
            match = _TOKEN.match(text, end)
            if match is None:
                raise self._invalid()
            self.tokens.append(match.group().strip())
            end = match.end()

    def parse(self) -> Predicate:
        predicate = self._either()
        if self.tokens:
            raise self._invalid()
        return predicate

    def _either(self) -> Predicate:
        options = [self._both()]
        while self._take("or"):
            options.append(self._both())
        return options[0] if len(options) == 1 else lambda it: any(option(it) for option in options)

    def _both(self) -> Predicate:
        parts = [self._single()]
        while self._take("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else lambda it: all(part(it) for part in parts)

    def _single(self) -> Predicate:
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        if self._take("startswith"):
            self._expect("(")
            name = self._property()
            self._expect(",")
            prefix = str(self._literal()).casefold()
            self._expect(")")
            return lambda it: str(it.get(name) or "").casefold().startswith(prefix)
        name = self._property()
        self._expect("eq")
        wanted = _fold(self._literal())
        return lambda it: bool(_fold(it.get(name)) == wanted)

    def _property(self) -> str:
        name = self._next()
        if name not in self.type.properties:
            raise BadRequest(
                f"Invalid filter clause: Could not find a property named '{name}' on type "
                f"'{self.type.type_name}'."
            )
        if name in self.type.collections:
            raise UnsupportedQuery(
                f"Unsupported or invalid query filter clause specified for property '{name}' of resource "
                f"'{self.type.name.capitalize()}'."
            )
        return name

    def _literal(self) -> Any:
        token = self._next()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token in _LITERALS:
            return _LITERALS[token]
        raise self._invalid()

    def _next(self) -> str:
        if not self.tokens:
            raise self._invalid()
        return self.tokens.pop(0)

    def _take(self, word: str) -> bool:
        if self.tokens and self.tokens[0].lower() == word:
            del self.tokens[0]
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._invalid()

    def _invalid(self) -> Exception:
        return BadRequest(f"Invalid filter clause: '{self.text}'.")


def _fold(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
