"""What is the same for every operation, so that whoever knows one knows them all."""

from typing import Any

import httpx
import pytest

from shared.web.api import router
from shared.web.api.description.document import document
from tests.unit.web.furnished import NO_IDS, Furnished, furnish
from tests.unit.web.site import URL, Site

DOCUMENT = document(router.routes, URL)
READABLE = [path for path, item in DOCUMENT["paths"].items() if "get" in item]


@pytest.fixture
async def ours(site: Site) -> Furnished:
    """An account with something of everything."""
    return await furnish(site, 1)


async def _get(ours: Furnished, path: str, method: str = "GET", **query: Any) -> httpx.Response:
    address = path.format(**NO_IDS, **ours.ids_of(path))
    return await ours.http.request(method, address, params=query, headers={"X-Request-Id": "the-same-id"})


async def test_whatever_can_be_read_answers_to_head(ours: Furnished) -> None:
    """With the headers of GET and without its body."""
    for path in READABLE:
        got, head = await _get(ours, path), await _get(ours, path, "HEAD")
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert dict(head.headers) == dict(got.headers), path


async def test_every_list_comes_in_parts_or_whole(ours: Furnished) -> None:
    """What takes `limit` keeps to it and takes `after`; what does not is whole, and `after` is null."""
    lists = 0
    for path in READABLE:
        answer = await _get(ours, path)
        shown = answer.json()
        if "data" not in shown or not isinstance(shown["data"], list):
            continue
        lists += 1
        taken = {it["name"] for it in DOCUMENT["paths"][path]["get"].get("parameters", [])}
        assert ("limit" in taken) == ("after" in taken), path
        if "limit" not in taken:
            assert shown["after"] is None, path
            continue
        found, after = [], None
        for _ in range(1000):
            part = (await _get(ours, path, limit=1, **({"after": after} if after else {}))).json()
            assert len(part["data"]) <= 1, path
            found += part["data"]
            after = part["after"]
            if after is None:
                break
        assert found == shown["data"], path
    assert lists > 10


def test_what_is_accepted_says_where_and_when_to_look() -> None:
    """202 comes with `Location` and `Retry-After`; what is removed is 200 or 204."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            answers = operation["responses"]
            if "202" in answers:
                assert {"Location", "Retry-After"} <= answers["202"]["headers"].keys(), path
            if method == "delete":
                assert {"200", "204"} & answers.keys(), path


async def test_what_is_accepted_says_so_in_its_headers(ours: Furnished) -> None:
    """As it is described."""
    for path, item in DOCUMENT["paths"].items():
        operation = item.get("post", {})
        if "202" in operation.get("responses", {}):
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            address = path.format(**NO_IDS, **ours.ids_of(path))
            answer = await ours.http.post(address, json=content.get("example"))
            if answer.status_code == 202:
                assert answer.headers["Location"].startswith("/api/v1/"), path
                assert int(answer.headers["Retry-After"]) > 0, path


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/v1/customers/acme-1/nothing", "/api/v2", "/api/v1/"]
)
async def test_an_address_of_nothing_is_a_problem(ours: Furnished, path: str) -> None:
    """Whatever the method."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = await ours.http.request(method, path, json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer.headers["content-type"] == "application/problem+json"
