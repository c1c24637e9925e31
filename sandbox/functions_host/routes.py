"""HTTP routes: ASP.NET's route templates, and the order in which the Functions host tries them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from sandbox.functions_host.errors import FunctionError
from sandbox.functions_host.route_constraints import Constraint, parse_constraint

# Inside a parameter doubled braces stand for single ones, as a regex constraint needs them.
_BRACES = r"\{(?:\{\{|\}\}|[^{}])*\}"
_PART = re.compile(rf"(?P<parameter>{_BRACES})|(?P<text>[^{{}}]+)")
_PARAMETER = re.compile(
    r"(?P<stars>\*{0,2})(?P<name>\w+)(?P<rest>(?::\w+(?:\(.*\))?)*)(?P<optional>\?|=(?P<default>.*))?",
    re.DOTALL,
)
_CONSTRAINT = re.compile(r":(\w+(?:\(.*?\))?)(?=:|$)", re.DOTALL)
_RESERVED = ("admin", "runtime")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One `{name:constraints?}` of a template."""

    name: str
    constraints: tuple[Constraint, ...] = ()
    optional: bool = False
    catch_all: bool = False
    default: str | None = None


Segment = tuple[str | Parameter, ...]


@dataclass(frozen=True, slots=True)
class RouteTemplate:
    """A parsed template; `match` takes a path without its leading slash."""

    segments: tuple[Segment, ...]
    pattern: re.Pattern[str]
    parameters: tuple[Parameter, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """The route values when `path` matches, without those of absent optional parameters; else None."""
        found = self.pattern.fullmatch(path)
        if not found:
            return None
        values: dict[str, str] = {}
        for index, parameter in enumerate(self.parameters):
            value = found[f"p{index}"] or parameter.default
            if not value:
                continue
            if not all(constraint(value) for constraint in parameter.constraints):
                return None
            values[parameter.name] = value
        return values


@dataclass(frozen=True, slots=True)
class Route:
    """A template, the methods it takes (None is all), and the name of the function behind it."""

    template: RouteTemplate
    methods: frozenset[str] | None
    function: str


class RouteTable:
    """All routes, most specific first."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: Sequence[Route] = sorted(routes, key=functools.cmp_to_key(_compare))

    def find(self, method: str, raw_path: str) -> tuple[str, dict[str, str]] | None:
        """The function for a request and its route values, or None.

        A route whose methods do not fit counts as no match, as in Azure: the next one is tried, and where
        none is left the answer is 404, never 405. `raw_path` is as on the request line, percent-encoded.
        """
        path = decode_path(raw_path).removeprefix("/")
        for route in self._routes:
            if route.methods is None or method in route.methods:
                values = route.template.match(path)
                if values is not None:
                    return route.function, values
        return None


def parse_route(prefix: str, route: str) -> RouteTemplate:
    """Parse the route of a function below the host's route prefix. Raises `FunctionError`."""
    text = f"{prefix.strip('/')}/{route}" if prefix.strip("/") else route.removeprefix("~").removeprefix("/")
    if "//" in re.sub(_BRACES, "parameter", text):
        raise FunctionError(f"the route '{route}' makes the template '{text}', which has an empty segment.")
    if text.split("/", 1)[0].lower() in _RESERVED:
        raise FunctionError(f"the route '{route}' conflicts with the host's own routes.")
    segments = tuple(_parse_segment(segment, route) for segment in _split(text))
    parameters = tuple(part for segment in segments for part in segment if isinstance(part, Parameter))
    names = [parameter.name.lower() for parameter in parameters]
    if len(set(names)) != len(names):
        raise FunctionError(f"the route '{route}' has a parameter twice.")
    if any(part.catch_all for segment in segments[:-1] for part in segment if isinstance(part, Parameter)):
        raise FunctionError(f"the route '{route}' has a catch-all parameter that is not at its end.")
    return RouteTemplate(segments, _compile(segments), parameters)


def _split(text: str) -> list[str]:
    # A slash inside braces, as in {name:regex(a/b)}, does not separate.
    return re.findall(rf"(?:{_BRACES}|[^/])+", text)


def _parse_segment(segment: str, route: str) -> Segment:
    parts: list[str | Parameter] = []
    position = 0
    while position < len(segment):
        found = _PART.match(segment, position)
        if not found:
            raise FunctionError(f"the route '{route}' has an unpaired brace.")
        parts.append(found["text"] or _parse_parameter(found["parameter"][1:-1], route))
        position = found.end()
    if len(parts) > 1 and any(isinstance(part, Parameter) and part.catch_all for part in parts):
        raise FunctionError(f"the route '{route}' mixes a catch-all parameter with other text.")
    return tuple(parts)


def _parse_parameter(text: str, route: str) -> Parameter:
    found = _PARAMETER.fullmatch(text)
    if not found:
        raise FunctionError(f"the route '{route}' has the parameter '{{{text}}}', which is not valid.")
    return Parameter(
        name=found["name"],
        constraints=tuple(parse_constraint(text, route) for text in _CONSTRAINT.findall(found["rest"])),
        optional=found["optional"] is not None,
        catch_all=bool(found["stars"]),
        default=found["default"],
    )


def _compile(segments: Sequence[Segment]) -> re.Pattern[str]:
    expression, index = "", 0
    for position, segment in enumerate(segments):
        separator = "/" if position else ""
        body, skippable = "", False
        for part in segment:
            if isinstance(part, str):
                body += re.escape(part)
                continue
            body += f"(?P<p{index}>{'.*' if part.catch_all else '[^/]+'})"
            skippable = len(segment) == 1 and (part.optional or part.catch_all)
            index += 1
        expression += f"(?:{separator}{body})?" if skippable else separator + body
    # A catch-all keeps a trailing slash, anything else ignores it.
    return re.compile(expression + "/?", re.IGNORECASE | re.DOTALL)


def _compare(one: Route, other: Route) -> int:
    """Literals before parameters, constrained before free, longer before shorter.

    This is the order of `WebJobsRouteBuilder` in azure-webjobs-sdk-extensions; where that leaves it open, a
    catch-all comes last.
    """
    mine, theirs = one.template.segments, other.template.segments
    for left, right in zip(
        (segment[0] for segment in mine), (segment[0] for segment in theirs), strict=False
    ):
        if isinstance(left, str) != isinstance(right, str):
            return -1 if isinstance(left, str) else 1
        if isinstance(left, str) and isinstance(right, str) and left.lower() != right.lower():
            return -1 if left.lower() < right.lower() else 1
        if isinstance(left, Parameter) and isinstance(right, Parameter):
            if len(left.constraints) != len(right.constraints):
                return len(right.constraints) - len(left.constraints)
            if left.catch_all != right.catch_all:
                return 1 if left.catch_all else -1
    return len(theirs) - len(mine)


def decode_path(raw: str) -> str:
    """Decode a raw request path as Kestrel does: everything but `%2F`, which stays as it came."""
    return unquote(re.sub("%2f", lambda found: "%25" + found[0][1:], raw, flags=re.IGNORECASE))
