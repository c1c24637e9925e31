"""Inline constraints of route templates: `{id:int}`, `{code:length(3)}`, `{when:datetime}` and the rest."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from sandbox.functions_host.errors import FunctionError

Constraint = Callable[[str], bool]

_GUID = re.compile(r"(?:[0-9a-f]{32}|([{(]?)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}[})]?)", re.IGNORECASE)
_INTEGER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_DECIMAL = re.compile(r"\s*[+-]?(?:\d[\d,]*)?(?:\.\d*)?\s*", re.ASCII)
_FLOAT = re.compile(r"\s*[+-]?(?:\d[\d,]*)?(?:\.\d*)?(?:e[+-]?\d+)?\s*", re.IGNORECASE | re.ASCII)
_DATES = ("", "%m/%d/%Y", "%m/%d/%Y %H:%M:%S", "%m-%d-%Y")

_PLAIN: dict[str, Constraint] = {
    "int": lambda value: _is_integer(value, 31),
    "long": lambda value: _is_integer(value, 63),
    "bool": lambda value: value.strip().lower() in {"true", "false"},
    "guid": lambda value: _GUID.fullmatch(value) is not None,
    "alpha": lambda value: re.fullmatch(r"[a-z]*", value, re.IGNORECASE | re.ASCII) is not None,
    "decimal": lambda value: _is_number(value, _DECIMAL),
    "double": lambda value: _is_number(value, _FLOAT),
    "float": lambda value: _is_number(value, _FLOAT),
    "datetime": lambda value: any(_parses(value, form) for form in _DATES),
    "required": bool,
}


def parse_constraint(text: str, route: str) -> Constraint:
    """Read one constraint. Raises `FunctionError` for an unknown name or arguments that do not fit it."""
    found = re.fullmatch(r"(\w+)(?:\((.*)\))?", text, re.DOTALL)
    name, arguments = (found[1].lower(), found[2]) if found else ("", None)
    if name in _PLAIN and arguments is None:
        return _PLAIN[name]
    with suppress(ValueError, re.error):
        if constraint := _with_arguments(name, arguments or ""):
            return constraint
    raise FunctionError(f"the route '{route}' has the constraint '{text}', which is not valid.")


def _with_arguments(name: str, arguments: str) -> Constraint | None:
    if name == "regex":
        pattern = re.compile(arguments.replace("{{", "{").replace("}}", "}"), re.IGNORECASE)
        return lambda value: pattern.search(value) is not None
    numbers = [int(argument) for argument in arguments.split(",")]
    if name == "length" and len(numbers) <= 2:
        return lambda value: numbers[0] <= len(value) <= numbers[-1]
    bounds = _bounds(name, numbers)
    if bounds is None:
        return None
    low, high = bounds
    if name.endswith("length"):
        return lambda value: low <= len(value) <= high
    return lambda value: _is_integer(value, 63) and low <= int(value) <= high


def _bounds(name: str, numbers: list[int]) -> tuple[float, float] | None:
    match name, numbers:
        case "minlength" | "min", [low]:
            return low, math.inf
        case "maxlength" | "max", [high]:
            return -math.inf, high
        case "range", [low, high]:
            return low, high
        case _:
            return None


def _is_integer(value: str, bits: int) -> bool:
    return _INTEGER.fullmatch(value) is not None and -(2**bits) <= int(value) < 2**bits


def _is_number(value: str, pattern: re.Pattern[str]) -> bool:
    return pattern.fullmatch(value) is not None and any(character.isdigit() for character in value)


def _parses(value: str, form: str) -> bool:
    with suppress(ValueError):
        datetime.strptime(value, form) if form else datetime.fromisoformat(value)  # noqa: DTZ007
        return True
    return False
