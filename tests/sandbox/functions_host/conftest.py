"""One host with the sample app for all tests that do not need a host of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.sandbox.functions_host.running_host import FOLDER, RunningHost, new_prefix

Starter = Callable[..., RunningHost]


@pytest.fixture(scope="session")
def sample(azurite_connection_string: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """The sample app, running."""
    settings = {
        "AzureWebJobsStorage": azurite_connection_string,
        "STORAGE_BY_ITS_OWN_NAME": azurite_connection_string,
        "QUEUE_PREFIX": new_prefix(),
        "OFTEN": "* * * * * *",
        "ByIdentity__queueServiceUri": "http://127.0.0.1/",
        "AzureWebJobs.switched_off.Disabled": "1",
    }
    options = ("--host-key", "a-host-key", "--function-key", "needs_function_key=its-own-key")
    with RunningHost(FOLDER / "sample", tmp_path_factory.mktemp("state"), settings, options) as host:
        yield host


@pytest.fixture
def start_tiny(azurite_connection_string: str, tmp_path: Path) -> Iterator[Starter]:
    """Start the tiny app, as often as needed; every host is ended with the test."""
    hosts: list[RunningHost] = []
    common = {"AzureWebJobsStorage": azurite_connection_string, "QUEUE": new_prefix()}

    def start(settings: Mapping[str, str] | None = None, options: Sequence[str] = ()) -> RunningHost:
        host = RunningHost(FOLDER / "tiny", tmp_path / "state", {**common, **(settings or {})}, options)
        hosts.append(host)
        return host

    yield start
    for host in hosts:
        with host:
            pass
