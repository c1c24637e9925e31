"""Fixtures that more than one folder of tests needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.azurite import ENTRY, Azurite

NODE_DIRECTORY = Path(__file__).parents[1] / ".sandbox" / "node"


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """One Azurite for the whole session, in memory; tests keep apart by the names they choose."""
    if not (NODE_DIRECTORY / ENTRY).is_file():
        pytest.fail(
            f"Azurite is not installed in {NODE_DIRECTORY}: run `python3 dev.py test`, or copy "
            "sandbox/node/package.json and package-lock.json there and run `npm ci`.",
            pytrace=False,
        )
    with Azurite(NODE_DIRECTORY) as running:
        yield running


@pytest.fixture(scope="session")
def azurite_connection_string(azurite: Azurite) -> str:
    """The connection string of the session's Azurite."""
    return azurite.connection_string
