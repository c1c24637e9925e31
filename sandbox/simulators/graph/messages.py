"""A request to Microsoft Graph and the answer to it, the same inside a batch and outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import msgspec

from sandbox.simulators.faults import Fault
from sandbox.simulators.graph.authorization import Caller
from sandbox.simulators.graph.errors import BadRequest, UnsupportedQuery
from sandbox.simulators.graph.schema import ObjectType

JSON_CONTENT_TYPE = (
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
)
FOREIGN_ORIGIN = "https://graph.elsewhere.example"
DEFAULT_PAGE, LARGEST_PAGE = 100, 999
_OPTIONS = frozenset(
    f"${name}"
    for name in ("select", "top", "filter", "count", "search", "orderby", "expand", "skip", "skiptoken")
) | {"$deltatoken", "$format"}


@dataclass(slots=True)
class GraphRequest:
    """A GET below `/v1.0`: decoded path segments, query options by lower-case name, headers of any case."""

    segments: tuple[str, ...]
    query: dict[str, str]
    headers: Mapping[str, str]
    caller: Caller
    base_url: str
    fault: Fault | None = None

    @property
    def is_eventual(self) -> bool:
        """Whether the caller accepts eventual consistency, which advanced queries require."""
        return self.headers.get("ConsistencyLevel", "").lower() == "eventual"

    @property
    def wants_count(self) -> bool:
        return self.is_eventual and self.query.get("$count", "").lower() == "true"

    @property
    def path(self) -> str:
        return "/".join(quote(segment, safe="()'$!@,;:~.-_") for segment in self.segments)

    def page_size(self) -> int:
        """Return `$top`, or the default; raises GraphError 400 outside 1 to 999."""
        text = self.query.get("$top", str(DEFAULT_PAGE))
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
            raise UnsupportedQuery(
                f"Invalid page size specified: '{text}'. Must be between 1 and {LARGEST_PAGE} inclusive."
            )
        return int(text)

    def select(self, object_type: ObjectType) -> tuple[str, ...] | None:
        """Return the properties asked for, None without `$select`; raises GraphError 400 for unknown ones."""
        text = self.query.get("$select")
        if text is None:
            return None
        names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
        by_lower_case = {name.lower(): name for name in object_type.properties}
        for name in names:
            if name.lower() not in by_lower_case:
                raise BadRequest(
                    "Parsing OData Select and Expand failed: Could not find a property named "
                    f"'{name}' on type '{object_type.type_name}'."
                )
        return tuple(by_lower_case[name.lower()] for name in names)

    def refuse(self, *options: str) -> None:
        """Raise GraphError 400 if the request uses one of these options."""
        for option in options:
            if option in self.query:
                raise BadRequest(f"'{option}' is not supported by the service.", "Request_BadRequest")

    def link(self, **options: str) -> str:
        """Return this request's absolute URL with other options: `skiptoken="x"` sets `$skiptoken`."""
        query = {name: value for name, value in self.query.items() if name != "$skiptoken"}
        query |= {f"${name}": value for name, value in options.items()}
        return f"{self.base_url}/v1.0/{self.path}?{query_string(query)}"


@dataclass(slots=True)
class GraphAnswer:
    """Status, encoded body and the headers that belong to this answer alone."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON_CONTENT_TYPE


@dataclass(slots=True)
class Page:
    """One page of a collection, its items already encoded."""

    context: str
    items: Iterable[bytes]
    next_link: str | None = None
    delta_link: str | None = None
    count: int | None = None


def parse_target(target: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Split a raw path with query into decoded segments and options; option names may lack their `$`."""
    path, _, query = target.partition("?")
    segments = tuple(unquote(segment) for segment in path.split("/") if segment)
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        lower = name.lower()
        key = f"${lower}" if f"${lower}" in _OPTIONS else lower
        options[key] = value
    return segments, options


def query_string(query: Mapping[str, str]) -> str:
    """Encode options as Microsoft Graph writes them into its links: `$` and `,` stay readable."""
    return "&".join(f"{name}={quote(value, safe=',')}" for name, value in query.items())


def json_answer(content: Any, status: int = 200) -> GraphAnswer:
    """Answer with a JSON document."""
    return GraphAnswer(status, msgspec.json.encode(content))


def page_answer(request: GraphRequest, page: Page) -> GraphAnswer:
    """Answer with a page of a collection, misbehaving about its links if the request is to be misled."""
    next_link, delta_link = page.next_link, page.delta_link
    if request.fault and request.fault.kind == "looping_next_link":
        next_link, delta_link = f"{request.base_url}/v1.0/{request.path}?{query_string(request.query)}", None
    elif request.fault and request.fault.kind == "foreign_next_link":
        link = next_link or request.link(skiptoken="elsewhere")
        origin = request.fault.body or FOREIGN_ORIGIN
        next_link, delta_link = f"{origin}{link.removeprefix(request.base_url)}", None
    head: dict[str, Any] = {"@odata.context": f"{request.base_url}/v1.0/$metadata#{page.context}"}
    if page.count is not None:
        head["@odata.count"] = page.count
    if next_link:
        head["@odata.nextLink"] = next_link
    if delta_link:
        head["@odata.deltaLink"] = delta_link
    encoded_head = msgspec.json.encode(head)
    return GraphAnswer(200, encoded_head[:-1] + b',"value":[' + b",".join(page.items) + b"]}")
