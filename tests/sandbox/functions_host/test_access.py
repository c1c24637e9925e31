"""Keys: which request may call which function, and the host's own endpoints."""

from __future__ import annotations

import pytest

from tests.sandbox.functions_host.running_host import MASTER_KEY, RunningHost, eventually


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/api/needs-function-key", None, 401),
        ("/api/needs-function-key", "wrong", 401),
        ("/api/needs-function-key", "its-own-key", 200),
        ("/api/needs-function-key", "a-host-key", 200),
        ("/api/needs-function-key", MASTER_KEY, 200),
        ("/api/needs-master-key", None, 401),
        ("/api/needs-master-key", "a-host-key", 401),
        ("/api/needs-master-key", MASTER_KEY, 200),
        ("/api/switched-off", "a-host-key", 404),
        ("/api/switched-off", MASTER_KEY, 200),
        ("/api/items", "wrong", 200),
        ("/admin/functions", None, 401),
        ("/admin/functions", "a-host-key", 401),
        ("/admin/functions", MASTER_KEY, 200),
    ],
)
def test_a_key_opens_what_it_should(sample: RunningHost, path: str, key: str | None, status: int) -> None:
    """In the header and in the query alike; without a fitting key the answer is an empty 401."""
    in_header = sample.client.get(path, headers={"x-functions-key": key} if key else {})
    in_query = sample.client.get(path, params={"code": key} if key else {})
    assert (in_header.status_code, in_query.status_code) == (status, status)
    if path.startswith("/api") and status == 401:
        assert in_header.content == b""


def test_the_list_of_functions_tells_their_bindings_and_switches(sample: RunningHost) -> None:
    """Every usable function is listed, disabled ones marked, and can be asked for by name in any case."""
    listed = sample.client.get("/admin/functions", headers={"x-functions-key": MASTER_KEY}).json()
    by_name = {function["name"]: function for function in listed}
    assert {"echo", "work", "often", "from_a_blueprint"} <= by_name.keys()
    assert "wrong_schedule" not in by_name
    assert {name for name, function in by_name.items() if function["isDisabled"]} == {"switched_off"}
    one = sample.client.get("/admin/functions/WORK", headers={"x-functions-key": MASTER_KEY}).json()
    assert one == by_name["work"]
    assert one["config"]["bindings"][0]["type"] == "queueTrigger"


def test_a_queue_function_can_be_run_by_hand(sample: RunningHost) -> None:
    """202 at once; the function gets the input as its message."""
    assert sample.run_manually("work", {"input": "by hand"}).status_code == 202
    eventually(lambda: any(seen["body"] == "by hand" for seen in sample.recorded("work")))


@pytest.mark.parametrize(
    ("name", "content", "content_type", "key", "status"),
    [
        ("work", b"{}", "application/json", "a-host-key", 401),
        ("none", b"{}", "application/json", MASTER_KEY, 404),
        ("wrong_schedule", b"{}", "application/json", MASTER_KEY, 404),
        ("echo", b"{}", "application/json", MASTER_KEY, 400),
        ("work", b"{", "application/json", MASTER_KEY, 400),
        ("work", b'{"input": 5}', "application/json", MASTER_KEY, 400),
        ("work", b"{}", "text/plain", MASTER_KEY, 415),
    ],
)
def test_running_by_hand_is_refused_for_a_reason(
    sample: RunningHost, name: str, content: bytes, content_type: str, key: str, status: int
) -> None:
    """Wrong key, no such function, an HTTP function, or a body that is not {"input": text}."""
    headers = {"x-functions-key": key, "Content-Type": content_type}
    assert (
        sample.client.post(f"/admin/functions/{name}", content=content, headers=headers).status_code == status
    )
