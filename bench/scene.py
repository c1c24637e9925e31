"""The servers of the bench, in a process of their own: what they are called and where they are."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sandbox.children import Child

RESULT = "servers.json"
CUSTOMER_USERS = 50
"""Of the customer in the simulated Microsoft Graph, which is not one of those with rendered pages."""
WARM_UP_USERS = 1
"""Of the tenant that a process syncs before it measures."""
_START_SECONDS = 120.0


class Servers(msgspec.Struct, frozen=True):
    """Where everything is.

    `settings`: the app's, but for the storage. `pages_url`: Microsoft Graph with rendered pages. `tables`:
    the connection string of the storage in memory.
    """

    settings: dict[str, str]
    pages_url: str
    tables: str


@contextmanager
def running_servers(sizes: Sequence[int]) -> Iterator[Servers]:
    """Run them, with tenants of these sizes."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        child = Child(["bench.servers", name, *map(str, sizes)], {}, directory / "servers.log")
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not (directory / RESULT).exists():
                if child.exit_code is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the servers did not start:\n{child.tail()}")
                time.sleep(0.05)
            yield msgspec.json.decode((directory / RESULT).read_bytes(), type=Servers)
        finally:
            child.stop()
