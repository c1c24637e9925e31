"""Starting, stopping, being killed, and what the log may hold."""

from __future__ import annotations

import base64
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.functions_host.conftest import Starter
from tests.sandbox.functions_host.running_host import (
    FOLDER,
    REPOSITORY,
    RunningHost,
    command,
    environment,
    eventually,
    make_queue,
)


def in_background(call: Callable[[], Any]) -> Callable[[], Any]:
    """Start a call in a thread; what it returns is returned by what this returns."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()

    def result() -> Any:
        thread.join(timeout=30)
        return results[0]

    return result


def running(host: RunningHost) -> int:
    found: int = host.client.get("/admin/host/status").json()["running"]
    return found


def refused(*options: str, root: Path = FOLDER / "tiny", **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(root, *options),
        cwd=REPOSITORY,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_one_sentence() -> None:
    """Exit code 1, the port, and what to do; no traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = refused("--port", port)
    assert ended.returncode == 1
    assert port in ended.stderr
    assert "--port" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "Host ready" not in ended.stdout


APP = "import azure.functions as func\napp = func.FunctionApp()\n@app.route()\n"
UNBOUND = APP + "def f(req: func.HttpRequest, other: str) -> str: return ''\n"
# The engine knows `typing.List` as the content of `Out`, but not `list`.
WRONG_OUT = (
    APP
    + "@app.queue_output(arg_name='o', queue_name='q', connection='c')\n"
    + "def f(req: func.HttpRequest, o: func.Out[list[str]]) -> str: return ''\n"
)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import a_module_that_is_nowhere\n", "a_module_that_is_nowhere"),
        ("import azure.functions as func\n", "Could not find top level function app instances"),
        (UNBOUND, "cannot load the f function"),
        (WRONG_OUT, "cannot load the f function"),
    ],
)
def test_an_app_azure_cannot_index_does_not_start(tmp_path: Path, source: str, words: str) -> None:
    """One import error or one wrong binding costs every function, here as there, and the reason is shown."""
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "function_app.py").write_text(source)
    ended = refused("--port", "0", root=tmp_path)
    assert ended.returncode == 1
    assert words in ended.stderr


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    """Without host.json there is nothing to host."""
    ended = refused("--port", "0", root=tmp_path)
    assert (ended.returncode, "has no host.json" in ended.stderr) == (1, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_running_invocations_are_finished_first(start_tiny: Starter, number: signal.Signals) -> None:
    """After the signal no connection is accepted, what runs is answered, and the exit code is 0."""
    host = start_tiny()
    with make_queue(host.settings["AzureWebJobsStorage"], host.settings["QUEUE"]) as queue:
        queue.send_message(base64.b64encode(b"wait").decode())
        eventually(lambda: host.recorded("messages"))
        answer = in_background(lambda: httpx.get(f"{host.url}/api/gated", timeout=30, trust_env=False))
        eventually(lambda: running(host) == 2)
        opened = in_background(lambda: host.client.post("/api/open-gate"))
        assert opened().status_code == 200
        host.process.send_signal(number)
        assert host.ended() == 0
        assert answer().text == "opened"
        assert queue.get_queue_properties().approximate_message_count == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(host.url, trust_env=False)


def test_what_does_not_end_in_time_is_cancelled_and_given_back(start_tiny: Starter) -> None:
    """When the grace is over the host stops; a message in work runs elsewhere at once."""
    host = start_tiny(options=("--grace", "0.2"))
    with make_queue(host.settings["AzureWebJobsStorage"], host.settings["QUEUE"]) as queue:
        queue.send_message(base64.b64encode(b"wait").decode())
        eventually(lambda: host.recorded("messages"))
        assert host.stop() == 0
        assert host.line(r"'Functions\.work' was cancelled")
        successor = start_tiny()
        eventually(lambda: successor.recorded("messages") == [["wait", 2]])


def test_a_blocked_thread_does_not_keep_the_host_alive(start_tiny: Starter) -> None:
    """A plain function that never returns is left behind, and a second signal cuts the grace short."""
    host = start_tiny(options=("--grace", "60"))

    def attempt() -> None:
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{host.url}/api/blocked", timeout=30, trust_env=False).raise_for_status()

    blocked = in_background(attempt)
    host.wait_for_line(r"\] blocked$")
    host.process.terminate()
    host.wait_for_line(r"Stopping; 1 invocations are running")
    host.process.terminate()
    assert host.ended() == 0
    blocked()


def test_a_killed_host_loses_nothing_but_time(start_tiny: Starter) -> None:
    """The message of a host that was killed comes back when its lock has run out."""
    host = start_tiny(options=("--queue-lock", "1"))
    with make_queue(host.settings["AzureWebJobsStorage"], host.settings["QUEUE"]) as queue:
        queue.send_message(base64.b64encode(b"wait").decode())
        eventually(lambda: host.recorded("messages"))
        host.process.kill()
        host.ended()
        successor = start_tiny(options=("--queue-lock", "1"))
        eventually(lambda: ["wait", 2] in successor.recorded("messages"))


def test_the_function_timeout_ends_an_invocation(start_tiny: Starter) -> None:
    """The caller gets 500, the log says which limit was exceeded, and a message counts as failed."""
    host = start_tiny(
        {
            "AzureFunctionsJobHost__functionTimeout": "00:00:00.3",
            "AzureFunctionsJobHost__extensions__queues__maxDequeueCount": "1",
        }
    )
    assert host.client.get("/api/gated").status_code == 500
    host.wait_for_line(r"Timeout value of 00:00:00\.3000000 was exceeded by function: Functions\.gated")
    connection = host.settings["AzureWebJobsStorage"]
    with (
        make_queue(connection, host.settings["QUEUE"]) as queue,
        make_queue(connection, f"{host.settings['QUEUE']}-poison") as poison,
    ):
        queue.send_message(base64.b64encode(b"wait").decode())
        eventually(lambda: poison.get_queue_properties().approximate_message_count == 1)


def test_an_empty_prefix_and_log_levels_come_from_host_json(start_tiny: Starter) -> None:
    """Routes at the root; the app's own records are filtered apart from the invocations."""
    host = start_tiny(
        {
            "AzureFunctionsJobHost__extensions__http__routePrefix": "",
            "AzureFunctionsJobHost__logging__logLevel__Function.logs.User": "Warning",
        }
    )
    assert host.client.get("/logs").text == "logged"
    assert host.client.get("/api/logs").status_code == 404
    assert host.stop() == 0
    assert host.line("Warning: a warning line")
    assert host.line(r"Executed 'Functions\.logs'")
    assert not host.line("an information line")


def test_the_default_level_silences_the_rest(start_tiny: Starter) -> None:
    """With `default: None` only the ready line is left."""
    host = start_tiny({"AzureFunctionsJobHost__logging__logLevel__default": "None"})
    assert host.client.get("/api/logs").text == "logged"
    assert host.stop() == 0
    assert [line.strip() for line in host.output] == [f"Host ready on {host.url}"]


def test_the_app_logs_and_prints_to_the_same_place(sample: RunningHost) -> None:
    """Records from the event loop and from worker threads, and what is printed."""
    sample.client.get("/api/logs")
    sample.client.get("/api/plain")
    for text in ("logged by an async function", "logged by a plain function", "printed by a function"):
        sample.wait_for_line(text)


def test_the_host_never_logs_what_is_sent(sample: RunningHost) -> None:
    """Neither query strings nor headers, bodies, keys or messages, whether the call succeeds or fails."""
    secrets = {"in-a-query", "in-a-header", "in-a-body", "in-a-message", "in-a-wrong-key", "in-a-path"}
    headers = {
        "Authorization": "Bearer in-a-header",
        "Cookie": "in-a-header=1",
        "x-functions-key": "in-a-wrong-key",
    }
    for path in ("/api/echo/in-a-path", "/api/fails", "/api/needs-master-key", "/api/none", "/api/web/page"):
        sample.client.post(f"{path}?code=in-a-query&state=in-a-query", content="in-a-body", headers=headers)
    for text in ("in-a-message", "fail in-a-message", '{"body": "in-a-message"'):
        sample.client.post("/api/enqueue", content=text)
    sample.run_manually("work", {"input": "in-a-message by hand"})
    eventually(lambda: any(seen["body"] == "in-a-message by hand" for seen in sample.recorded("work")))
    sample.wait_for_line(r"Executed 'Functions\.echo'")
    printed = "".join(sample.output)
    assert [secret for secret in secrets if secret in printed] == []
    assert sample.settings["AzureWebJobsStorage"] not in printed
