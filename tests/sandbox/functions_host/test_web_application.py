"""A FastAPI application behind `func.AsgiMiddleware` behaves as behind any server."""

from __future__ import annotations

import pytest

from tests.sandbox.functions_host.running_host import RunningHost


def test_a_page_comes_in_utf_8(sample: RunningHost) -> None:
    """Text, type and query argument arrive."""
    response = sample.client.get("/api/web/page", params={"name": "Zoë & Co"})
    assert response.text == "<p>Hällo Zoë & Co"
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_repeated_and_empty_query_values_reach_the_application(sample: RunningHost) -> None:
    """Unlike `HttpRequest.params`, the application sees the query as sent."""
    seen = sample.client.get("/api/web/query?tag=b&tag=a&empty=").json()
    assert seen == {"tag": ["b", "a"], "empty": "", "raw": "tag=b&tag=a&empty="}


def test_paths_are_decoded_once(sample: RunningHost) -> None:
    """Spaces, accents and percent signs in a path segment arrive as meant; the base URL is the caller's."""
    seen = sample.client.get("/api/web/path/a%20%C3%A9%25").json()
    assert seen["value"] == "a é%"
    assert seen["base"] == f"{sample.url}/"


def test_a_redirect_carries_its_cookies(sample: RunningHost) -> None:
    """Status, place and both cookies come through, and the cookie comes back in."""
    response = sample.client.get("/api/web/redirect")
    assert (response.status_code, response.headers["location"]) == (303, "/api/web/page?name=redirected")
    cookies = response.headers.get_list("set-cookie")
    assert cookies[0].startswith(
        "state=s1; max-age=600; domain=; path=/api/web; secure; samesite=lax; httponly"
    )
    assert cookies[1].startswith("other=o1; ")
    assert sample.client.get("/api/web/cookie", headers={"Cookie": "state=s1"}).json() == {"state": "s1"}


def test_a_missing_slash_is_redirected_to_the_callers_host(sample: RunningHost) -> None:
    """The redirect that Starlette makes names the address the client used."""
    response = sample.client.get("/api/web/slash")
    assert (response.status_code, response.headers["location"]) == (307, f"{sample.url}/api/web/slash/")


def test_forms_and_uploads_arrive(sample: RunningHost) -> None:
    """URL-encoded fields that repeat, and a multipart file with binary content."""
    form = sample.client.post("/api/web/form", data={"name": "Zoë", "tag": ["1", "2"]})
    assert form.json() == {"name": "Zoë", "tag": ["1", "2"]}
    content = bytes(range(256)) * 100
    upload = sample.client.post("/api/web/upload", files={"file": ("a file.bin", content)})
    assert upload.json() == {"name": "a file.bin", "size": len(content), "sum": sum(content)}


def test_json_goes_both_ways(sample: RunningHost) -> None:
    """A JSON body is read and validated by the application."""
    assert sample.client.post("/api/web/json", json={"a": ["é", 1, None]}).json() == {"a": ["é", 1, None]}
    assert (
        sample.client.post(
            "/api/web/json", content=b"{", headers={"Content-Type": "application/json"}
        ).status_code
        == 422
    )


def test_head_has_the_headers_and_no_body(sample: RunningHost) -> None:
    """The length the application states is kept."""
    response = sample.client.head("/api/web/page")
    assert (response.status_code, response.content) == (200, b"")
    assert (response.headers["content-length"], response.headers["x-head"]) == ("17", "yes")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("OPTIONS", "/api/web/page", 405),
        ("POST", "/api/web/page", 405),
        ("GET", "/api/web/none", 404),
        ("DELETE", "/api/web/thing", 204),
        ("GET", "/api/web/broken", 500),
    ],
)
def test_the_applications_own_answers_come_through(
    sample: RunningHost, method: str, path: str, status: int
) -> None:
    """Refusals, an empty answer and an error are the application's, with its status."""
    assert sample.client.request(method, path).status_code == status


def test_a_streamed_answer_arrives_whole(sample: RunningHost) -> None:
    """The middleware gathers the parts, as in Azure."""
    assert sample.client.get("/api/web/stream").text == "line 0\nline 1\nline 2\n"
