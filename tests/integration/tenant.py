"""One customer's tenant, read as the app reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import msgspec

from shared.adapters.entra.applications import Applications
from shared.adapters.entra.tokens import ConnectionCredential
from shared.adapters.graph.directory import GraphDirectories, GraphDirectory
from shared.core.connection import Connection, ConnectionState
from shared.core.mirror import UserPage
from shared.ports import Secrets
from tests.contract.contracts.values import unique
from tests.fakes import FakeSecrets
from tests.integration.microsoft import CUSTOMER_ID, Microsoft

SECRET_NAME = "connection-1"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"


def connected(connected_at: datetime, **changes: Any) -> Connection:
    """A connection to the customer's tenant."""
    connection = Connection(
        id=unique(),
        account_id=unique(),
        customer_id="c-1",
        created_at=connected_at,
        state=ConnectionState.ACTIVE,
        tenant_id=CUSTOMER_ID,
        connected_at=connected_at,
        secret_name=SECRET_NAME,
    )
    return msgspec.structs.replace(connection, **changes)


def kept(cache: str = "{}") -> FakeSecrets:
    """Secrets with the connection's token cache, empty as after an admin consent."""
    secrets = FakeSecrets()
    secrets.values[SECRET_NAME] = cache
    return secrets


def open_credential(
    microsoft: Microsoft,
    applications: Applications,
    secrets: Secrets | None = None,
    connection: Connection | None = None,
) -> ConnectionCredential:
    connection = connection or connected(microsoft.clock.now())
    return ConnectionCredential(connection, applications, secrets or kept(), microsoft.clock.now)


def open_reader(
    microsoft: Microsoft,
    applications: Applications,
    http: httpx.AsyncClient,
    secrets: Secrets | None = None,
) -> GraphDirectory:
    directories = GraphDirectories(
        microsoft.settings(), http, applications, secrets or kept(), microsoft.clock
    )
    return directories.open(connected(microsoft.clock.now()))


async def everybody(reader: GraphDirectory) -> list[UserPage]:
    """A full read."""
    return [page async for page in reader.users()]


async def changes(reader: GraphDirectory, link: str) -> list[tuple[UserPage, str | None]]:
    """A read of what changed."""
    return [page async for page in reader.changes_since(link)]
