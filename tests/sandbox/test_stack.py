"""The whole sandbox as one thing: it starts, its app can be killed and started, and it leaves nothing."""

from __future__ import annotations

import json
import os
import socket
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from sandbox.endpoints import Endpoints
from sandbox.stack import SANDBOX, Ports, SandboxError, Stack, _is_running, _remove_left_behind


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A small sandbox on free ports, with a master key that looks like an option, as one of 64 does."""
    small = Stack(scale="small")
    small._master_key = f"-{small._master_key}"
    with small as running:
        yield running


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    """A client of the app's API with the sandbox's key."""
    headers = {"Authorization": f"Bearer {stack.endpoints.api_key}"}
    with httpx.Client(
        base_url=stack.endpoints.api_url, headers=headers, trust_env=False, timeout=30
    ) as client:
        yield client


@pytest.mark.e2e
def test_the_key_opens_the_api(api: httpx.Client) -> None:
    """The ready-made key belongs to an account."""
    assert api.get("/account").json()["name"] == "Sandbox MSP"
    assert api.get("/account", headers={"Authorization": "Bearer nonsense"}).status_code == 401


@pytest.mark.e2e
def test_state_survives_a_killed_host(stack: Stack, api: httpx.Client) -> None:
    """What the app has stored is there when it is started again, at the same address."""
    api.put("/customers/survivor", json={"name": "Survivor"}).raise_for_status()
    stack.kill_host()
    with pytest.raises(httpx.TransportError):
        api.get("/health")
    stack.start_host()
    assert api.get("/customers/survivor").json()["name"] == "Survivor"


@pytest.mark.e2e
def test_the_simulators_are_trusted_through_the_named_file(stack: Stack) -> None:
    """Every https address verifies against the certificate that is named, and against nothing else."""
    world = stack.endpoints.world
    trusting = ssl.create_default_context(cafile=stack.endpoints.ca_file)
    for url in msgspec.structs.astuple(world):
        assert httpx.get(f"{url}/_control/requests", verify=trusting, trust_env=False).is_success
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/_control/requests", verify=ssl.create_default_context(), trust_env=False)


@pytest.mark.e2e
def test_keys_are_readable_by_their_owner_only(stack: Stack, tmp_path: Path) -> None:
    """Files with secrets in them are closed to other users of the machine."""
    stack.endpoints.write(tmp_path / "endpoints.json")
    for path in (tmp_path / "endpoints.json", stack.settings_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Endpoints.read(tmp_path / "endpoints.json") == stack.endpoints
    assert (
        json.loads(stack.settings_file.read_text(encoding="utf-8"))["Values"]["PUBLIC_URL"] == stack.app_url
    )


def test_a_taken_port_is_named_before_anything_starts() -> None:
    """The message says which port it is and how to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        before = set(SANDBOX.glob("run-*"))
        with pytest.raises(SandboxError, match=rf"port {port} .* --port"):
            Stack(ports=Ports(app=port)).start()
        assert set(SANDBOX.glob("run-*")) <= before


def test_what_a_killed_sandbox_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Directories of processes that are gone go; those of running ones stay."""
    monkeypatch.setattr("sandbox.stack.SANDBOX", tmp_path)
    monkeypatch.setattr("sandbox.stack._is_running", lambda process_id: process_id == 1)
    for name, owner in (("run-live", "1"), ("run-dead", "2"), ("run-new", None), ("other", "2")):
        (tmp_path / name).mkdir()
        if owner:
            (tmp_path / name / "process-id").write_text(owner, encoding="ascii")
    _remove_left_behind()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "run-live", "run-new"]


def test_this_process_runs() -> None:
    """A process that is there is told from one that cannot be."""
    assert _is_running(os.getpid())
    assert not _is_running(2**22 + 1)  # above the largest id that Linux gives out
