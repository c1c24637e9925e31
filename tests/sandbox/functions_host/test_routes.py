"""Route templates and the order in which they are tried."""

from __future__ import annotations

import pytest

from sandbox.functions_host.errors import FunctionError
from sandbox.functions_host.routes import Route, RouteTable, parse_route


@pytest.mark.parametrize(
    ("route", "path", "values"),
    [
        ("items/{id}", "/api/items/5", {"id": "5"}),
        ("items/{id}", "/API/ITEMS/A%20b/", {"id": "A b"}),
        ("items/{id}", "/api/items", None),
        ("items/{id}", "/api/items//", None),
        ("items/{id?}", "/api/items", {}),
        ("items/{page=1}", "/api/items", {"page": "1"}),
        ("items/{page=1}", "/api/items/2", {"page": "2"}),
        ("{*rest}", "/api", {}),
        ("{*rest}", "/api/a/b%2Fc/", {"rest": "a/b%2Fc/"}),
        ("files/{**rest}", "/api/files/x/y", {"rest": "x/y"}),
        ("v{major}.{minor}/x", "/api/v1.2/x", {"major": "1", "minor": "2"}),
        ("a.b", "/api/axb", None),
        ("{id:int}", "/api/-12", {"id": "-12"}),
        ("{id:int}", "/api/2147483648", None),
        ("{id:long}", "/api/2147483648", {"id": "2147483648"}),
        ("{id:int?}", "/api", {}),
        (
            "{id:guid}",
            "/api/6f9619ff-8b86-d011-b42d-00cf4fc964ff",
            {"id": "6f9619ff-8b86-d011-b42d-00cf4fc964ff"},
        ),
        ("{id:guid}", "/api/6f9619ff", None),
        ("{on:bool}", "/api/TRUE", {"on": "TRUE"}),
        ("{on:bool}", "/api/1", None),
        ("{name:alpha}", "/api/abc", {"name": "abc"}),
        ("{name:alpha}", "/api/ab1", None),
        ("{n:double}", "/api/1.5e3", {"n": "1.5e3"}),
        ("{n:decimal}", "/api/1.5e3", None),
        ("{when:datetime}", "/api/2027-01-01", {"when": "2027-01-01"}),
        ("{when:datetime}", "/api/tomorrow", None),
        ("{code:length(3)}", "/api/abcd", None),
        ("{code:length(2,3)}", "/api/abc", {"code": "abc"}),
        ("{code:minlength(2):maxlength(4)}", "/api/a", None),
        ("{n:range(5,10)}", "/api/11", None),
        ("{n:min(5)}", "/api/5", {"n": "5"}),
        ("{n:max(5)}", "/api/6", None),
        (r"{code:regex(^\d{{3}}$)}", "/api/123", {"code": "123"}),
        (r"{code:regex(^\d{{3}}$)}", "/api/1234", None),
    ],
)
def test_a_template_matches_as_in_asp_net(route: str, path: str, values: dict[str, str] | None) -> None:
    """Case and one trailing slash do not matter; values are decoded, except for `%2F`."""
    table = RouteTable([Route(parse_route("api", route), None, "f")])
    assert table.find("GET", path) == (("f", values) if values is not None else None)


@pytest.mark.parametrize(
    ("routes", "path", "winner"),
    [
        (["{a}", "exact"], "exact", "exact"),
        (["{*all}", "{a}/b", "a/b"], "a/b", "a/b"),
        (["{*all}", "{a}"], "x", "{a}"),
        (["{a}", "{a:int}"], "5", "{a:int}"),
        (["{a}", "{a:int}"], "x", "{a}"),
        (["x", "x/{*rest}"], "x", "x/{*rest}"),
        (["portal/{*rest}", "portal/static/{name}"], "portal/static/a", "portal/static/{name}"),
    ],
)
def test_the_most_specific_route_wins(routes: list[str], path: str, winner: str) -> None:
    """Literals before parameters, constrained before free, longer before shorter, in either order."""
    for order in (routes, routes[::-1]):
        table = RouteTable(Route(parse_route("", route), None, route) for route in order)
        found = table.find("GET", f"/{path}")
        assert found is not None
        assert found[0] == winner


def test_a_method_belongs_to_the_match() -> None:
    """Two functions share a template by method; a third method matches neither, nor is it 405."""
    table = RouteTable(
        [
            Route(parse_route("api", "x"), frozenset({"GET"}), "read"),
            Route(parse_route("api", "x"), frozenset({"POST"}), "write"),
        ]
    )
    assert table.find("GET", "/api/x") == ("read", {})
    assert table.find("POST", "/api/x") == ("write", {})
    assert table.find("PUT", "/api/x") is None


@pytest.mark.parametrize("prefix", ["", "/"])
def test_an_empty_prefix_takes_routes_at_the_root(prefix: str) -> None:
    """Then, and only then, a route may begin with a slash."""
    table = RouteTable([Route(parse_route(prefix, "/{*rest}"), None, "f")])
    assert table.find("GET", "/") == ("f", {})
    assert table.find("GET", "/a/b") == ("f", {"rest": "a/b"})


@pytest.mark.parametrize(
    ("prefix", "route"),
    [
        ("api", "/leading"), ("api", "a//b"), ("api", "{a"), ("api", "a}"), ("api", "{*a}/b"),
        ("api", "{a}/{A}"), ("api", "{a:unknown}"), ("api", "{a:length(x)}"), ("api", "{a:regex([)}"),
        ("api", "{}"), ("api", "x{*a}"),
        ("", "admin/x"), ("", "runtime"), ("", "ADMIN"),
    ],
)  # fmt: skip
def test_a_template_azure_refuses_is_refused(prefix: str, route: str) -> None:
    """Templates that do not parse, and the host's own paths."""
    with pytest.raises(FunctionError, match="route"):
        parse_route(prefix, route)
