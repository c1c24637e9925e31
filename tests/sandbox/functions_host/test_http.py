"""HTTP functions: routing, conversion of requests and responses, and what happens when one fails."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from tests.sandbox.functions_host.running_host import RunningHost


def echoed(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200
    seen: dict[str, Any] = response.json()
    return seen


def test_the_host_says_that_it_runs(sample: RunningHost) -> None:
    """The status is open to anybody on this machine, and so is the page at the root."""
    status = sample.client.get("/admin/host/status")
    assert status.status_code == 200
    assert status.json()["state"] == "Running"
    assert sample.client.get("/admin/host/ping").status_code == 200
    assert sample.client.get("/").status_code == 200


def test_functions_of_a_blueprint_are_indexed(sample: RunningHost) -> None:
    """What a blueprint declares answers like the rest."""
    assert sample.client.get("/api/from-a-blueprint").text == "blueprint"


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/api/items", 200, "list"),
        ("POST", "/api/items", 201, "created"),
        ("DELETE", "/api/items", 404, ""),
        ("GET", "/API/Items/", 200, "list"),
        ("GET", "/api/items/special", 200, "special"),
        ("GET", "/api/items/42", 200, "number 42"),
        ("GET", "/api/items/forty-two", 200, "name forty-two"),
        ("GET", "/api/items/99999999999", 200, "name 99999999999"),
        ("GET", "/api/optional", 200, "id None"),
        ("GET", "/api/optional/7", 200, "id 7"),
        ("GET", "/api/optional/7/8", 404, ""),
        ("GET", "/items", 404, ""),
        ("GET", "/api", 404, ""),
        ("GET", "/api/wrong_schedule", 404, ""),
        ("GET", "/api/switched-off", 404, ""),
        ("GET", "/api/admin/mine", 200, "mine"),
        ("GET", "/admin/nothing", 404, ""),
    ],
)
def test_a_request_finds_its_function(
    sample: RunningHost, method: str, path: str, status: int, text: str
) -> None:
    """The most specific route wins; a method nobody takes, a disabled function and no route are all 404."""
    response = sample.client.request(method, path)
    assert (response.status_code, response.text) == (status, text)


def test_a_function_sees_the_request_as_in_azure(sample: RunningHost) -> None:
    """Query values that repeat are joined, empty ones are lost, the URL keeps all; headers are lower-case."""
    seen = echoed(
        sample.client.post(
            "/api/echo/a%20b/c%2Fd?x=1&x=2&empty=&space=a%20b",
            content=b"\x00\xffbody",
            headers=[("X-Mine", "1"), ("X-Mine", "2"), ("Cookie", "a=1; b=2")],
        )
    )
    assert seen["method"] == "POST"
    assert seen["url"] == f"{sample.url}/api/echo/a%20b/c%2Fd?x=1&x=2&empty=&space=a%20b"
    assert seen["params"] == {"x": "1,2", "space": "a b"}
    assert seen["route"] == {"rest": "a b/c%2Fd"}
    assert seen["headers"]["x-mine"] == "1,2"
    assert seen["headers"]["cookie"] == "a=1; b=2"
    assert bytes.fromhex(seen["body"]) == b"\x00\xffbody"


def test_a_catch_all_may_be_empty(sample: RunningHost) -> None:
    """The bare route matches too, without a route value."""
    assert echoed(sample.client.get("/api/echo"))["route"] == {}


def test_a_body_without_content_length_is_dropped(sample: RunningHost) -> None:
    """The real host loses chunked bodies, so this one does."""
    seen = echoed(sample.client.post("/api/echo", content=iter([b"one", b"two"])))
    assert seen["body"] == ""


def test_a_compressed_body_arrives_as_sent(sample: RunningHost) -> None:
    """Nothing is unpacked on the way."""
    seen = echoed(
        sample.client.post("/api/echo", content=b"\x1f\x8bnot", headers={"Content-Encoding": "gzip"})
    )
    assert bytes.fromhex(seen["body"]) == b"\x1f\x8bnot"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_every_method_reaches_a_function_that_takes_all(sample: RunningHost, method: str) -> None:
    """A route without methods takes any; the answer to HEAD has the length but no body."""
    response = sample.client.request(method, "/api/echo/it")
    assert response.status_code == 200
    assert int(response.headers["content-length"]) > 0
    assert bool(response.content) == (method != "HEAD")
    if method != "HEAD":
        assert response.json()["method"] == method


def test_binary_bodies_go_both_ways_unchanged(sample: RunningHost) -> None:
    """Every byte value survives."""
    content = bytes(reversed(range(256))) * 40
    response = sample.client.post("/api/binary", content=content)
    assert response.content == bytes(range(256)) + content
    assert response.headers["content-type"] == "application/octet-stream"


def test_a_text_result_is_plain_text(sample: RunningHost) -> None:
    """A function that returns a string answers 200 in UTF-8."""
    response = sample.client.get("/api/items")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_several_cookies_keep_their_attributes(sample: RunningHost) -> None:
    """Each Set-Cookie is a header of its own, written as ASP.NET does, its value encoded."""
    headers = sample.client.get("/api/cookies").headers.get_list("set-cookie")
    assert headers == [
        "session=a1; max-age=3600; domain=; path=/; secure; samesite=lax; httponly",
        "gone=; expires=Thu, 01 Jan 1970 00:00:00 GMT; domain=example.org; path=/portal",
        "odd=a%3Db%20c; domain=; path=; samesite=strict",
    ]


@pytest.mark.parametrize("path", ["/api/fails", "/api/nothing"])
def test_a_failure_is_500_without_details(sample: RunningHost, path: str) -> None:
    """An exception, and a result of None, give an empty 500; the log names function and reason."""
    response = sample.client.get(path)
    assert (response.status_code, response.content) == (500, b"")
    name = path.removeprefix("/api/")
    sample.wait_for_line(rf"Executed 'Functions\.{name}' \(Failed, Id=[0-9a-f-]{{36}}, Duration=\d+ms\)")
    sample.wait_for_line(r"RuntimeError: the function's own failure" if name == "fails" else r"TypeError")


def test_a_plain_function_runs_in_a_thread_with_its_context(sample: RunningHost) -> None:
    """`def` functions leave the event loop free; the trace of the caller goes on."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    response = sample.client.get("/api/plain", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    seen = json.loads(response.text)
    assert seen["thread"] is True
    assert seen["function"] == "plain"
    assert re.fullmatch(rf"00-{trace}-(?!b7ad6b7169203331)[0-9a-f]{{16}}-01", seen["trace"])


def test_settings_are_in_the_environment(sample: RunningHost) -> None:
    """The app finds its settings where Azure puts them, and is told that this is a development machine."""
    assert sample.client.get("/api/setting/OFTEN").text == "* * * * * *"
    assert sample.client.get("/api/setting/AZURE_FUNCTIONS_ENVIRONMENT").text == "Development"


def test_a_function_in_error_is_named_and_the_others_run(sample: RunningHost) -> None:
    """A wrong schedule, a missing setting and an identity-based connection each cost one function."""
    for name, reason in [
        ("wrong_schedule", "'25' is no hour"),
        ("wrong_queue", "'%NOT_SET%' does not resolve to a value"),
        ("wrong_connection", "ByIdentity__queueServiceUri asks for an identity-based connection"),
    ]:
        assert sample.line(rf"The function {name} is in error: .*{re.escape(reason)}")


def test_requests_are_answered_while_others_wait(sample: RunningHost) -> None:
    """All invocations share one event loop, and one that waits holds up nobody."""
    with httpx.Client(base_url=sample.url, trust_env=False) as waiting, pytest.raises(httpx.ReadTimeout):
        waiting.get("/api/gated/held", timeout=0.5)
    assert "held" in sample.recorded("gated")
    assert sample.client.get("/api/items").text == "list"
    # Hanging up does not end an invocation.
    assert sample.client.get("/admin/host/status").json()["running"] >= 1
