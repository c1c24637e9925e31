"""Every server that a measurement talks to, in one process, so that none of their work counts as the app's.

    python -m bench.servers DIRECTORY USERS [USERS…]

They run until the process is ended, and say where they are in `DIRECTORY/servers.json`.
"""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from bench import population
from bench.graph_pages import graph_application as graph_pages
from bench.graph_pages import tenant_id
from bench.scene import CUSTOMER_USERS, RESULT, Servers
from bench.table_server import table_application
from sandbox.endpoints import write_private
from sandbox.outside import CLIENT_SECRET_NAME, HOSTING_CLIENT_ID, register_app
from sandbox.simulators.entra import entra_application
from sandbox.simulators.graph import graph_application
from sandbox.simulators.key_vault import SecretStore, key_vault_application
from sandbox.simulators.serving import serve
from sandbox.simulators.tokens import TokenAuthority
from sandbox.tls import CertificateAuthority
from sandbox.world.model import Application, Tenant, World
from sandbox.world.seed import OPERATOR_TENANT_ID, REQUIRED_APP_ROLES, SERVICE_CLIENT_ID


async def run(directory: Path, sizes: list[int]) -> None:
    """Serve until asked to end."""
    world = World()
    operator = world.add_tenant(_tenant(OPERATOR_TENANT_ID, "operator"))
    customer = world.add_tenant(_tenant(tenant_id(CUSTOMER_USERS), "customer"))
    world.add_application(
        Application(
            SERVICE_CLIENT_ID, "Tenantry", OPERATOR_TENANT_ID, required_app_roles=set(REQUIRED_APP_ROLES)
        )
    )
    operator.grant_consent(SERVICE_CLIENT_ID)
    for size in sizes:
        world.add_tenant(_tenant(tenant_id(size), f"customer{size}"))
    for size in (CUSTOMER_USERS, *sizes):
        world.tenants[tenant_id(size)].grant_consent(SERVICE_CLIENT_ID, REQUIRED_APP_ROLES)
    for properties in population.users(CUSTOMER_USERS):
        customer.hire(properties)
    tokens, store = TokenAuthority(world), SecretStore(world.now)
    public_url = "http://127.0.0.1"
    hosting_secret = register_app(world, store, public_url)
    authority = CertificateAuthority.create(directory / "ca")
    async with AsyncExitStack() as stack:
        serve_https = partial(serve, ssl_context=authority.server_context())
        start = stack.enter_async_context
        entra_url = await start(serve_https(partial(entra_application, world, tokens)))
        graph_url = await start(serve_https(partial(graph_application, world, tokens)))
        vault_url = await start(
            serve_https(
                lambda url: key_vault_application(tokens, url, tenant_id=OPERATOR_TENANT_ID, store=store)
            )
        )
        pages_url = await start(serve_https(partial(graph_pages, sizes)))
        tables_url = await start(serve(lambda _: table_application()))
        settings = {
            "PUBLIC_URL": public_url,
            "KEY_VAULT_URL": vault_url,
            "ENTRA_AUTHORITY": entra_url,
            "ENTRA_CLIENT_ID": SERVICE_CLIENT_ID,
            "ENTRA_CLIENT_SECRET_NAME": CLIENT_SECRET_NAME,
            "GRAPH_URL": graph_url,
            "AZURE_AUTHORITY_HOST": entra_url,
            "AZURE_TENANT_ID": OPERATOR_TENANT_ID,
            "AZURE_CLIENT_ID": HOSTING_CLIENT_ID,
            "AZURE_CLIENT_SECRET": hosting_secret,
            **authority.environment(),
        }
        tables = (
            f"DefaultEndpointsProtocol=http;AccountName=bench;AccountKey={secrets.token_hex(32)};"
            f"TableEndpoint={tables_url}/bench;QueueEndpoint={tables_url}/bench;"
        )
        draft = directory / f"{RESULT}.draft"
        write_private(draft, msgspec.json.encode(Servers(settings, pages_url, tables)))
        draft.replace(directory / RESULT)
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await ended.wait()


def _tenant(tenant_id: str, name: str) -> Tenant:
    domains = [f"{name}.example", f"{name}.onmicrosoft.com"]
    return Tenant(tenant_id, name.title(), domains, datetime(2020, 1, 1, tzinfo=UTC))


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), [int(size) for size in sys.argv[2:]]))
