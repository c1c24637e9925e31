"""The simulated outside world as one process: Entra ID, Microsoft Graph, Key Vault, Atera and SyncroMSP.

    python -m sandbox.outside --directory DIR --public-url URL [--scale small|full] [--*-port PORT]

It makes the world, gives the app its registration and secrets, serves until SIGTERM, and says where it is in
`DIR/outside.json`, which appears when everything answers.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import msgspec

from sandbox.endpoints import Psas, write_private
from sandbox.endpoints import World as WorldEndpoints
from sandbox.psa_seed import seed_psas
from sandbox.simulators.atera import Atera, atera_application
from sandbox.simulators.entra import entra_application
from sandbox.simulators.graph import graph_application
from sandbox.simulators.key_vault import SecretStore, key_vault_application
from sandbox.simulators.serving import serve
from sandbox.simulators.syncro import Syncro, syncro_application
from sandbox.simulators.tokens import TokenAuthority
from sandbox.tls import CertificateAuthority
from sandbox.world.model import Application, World
from sandbox.world.seed import OPERATOR_TENANT_ID, SERVICE_CLIENT_ID, Scale, build_world

RESULT = "outside.json"
CLIENT_SECRET_NAME = "entra-client-secret"  # noqa: S105 - a name, not a value

# Stands for the managed identity that the app has in Azure: it may read and write the vault, nothing else.
HOSTING_CLIENT_ID = "5b1f4a0c-0f6e-4f0e-9a53-6a2f8c9f2d11"


class Outside(msgspec.Struct, frozen=True):
    """What the sandbox must know of the world that was started."""

    world: WorldEndpoints
    psas: Psas
    tenant_id: str
    client_id: str
    hosting_client_id: str
    hosting_client_secret: str
    ca_file: str
    ca_bundle: str


def register_app(world: World, store: SecretStore, public_url: str) -> str:
    """Give the app's registration its redirect URI and a new secret, which goes to the vault.

    Returns the secret of the identity that the app uses for the vault.
    """
    registration = world.applications[SERVICE_CLIENT_ID]
    registration.redirect_uris.add(f"{public_url}/connect/callback")
    client_secret, hosting_secret = secrets.token_urlsafe(30), secrets.token_urlsafe(30)
    registration.secrets.add(client_secret)
    store.set(CLIENT_SECRET_NAME, client_secret)
    world.add_application(
        Application(HOSTING_CLIENT_ID, "Tenantry function app", OPERATOR_TENANT_ID, {hosting_secret})
    )
    world.tenants[OPERATOR_TENANT_ID].grant_consent(HOSTING_CLIENT_ID)
    return hosting_secret


async def run(
    directory: Path,
    public_url: str,
    *,
    seed: int = 2026,
    scale: Scale = "small",
    entra_port: int = 0,
    graph_port: int = 0,
    key_vault_port: int = 0,
    atera_port: int = 0,
    syncro_port: int = 0,
) -> None:
    """Serve the world until this process is asked to end; a port of 0 means any free one."""
    world = build_world(seed, scale)
    tokens = TokenAuthority(world)
    store = SecretStore(world.now)
    hosting_secret = register_app(world, store, public_url)
    atera, syncro = Atera(world.now), Syncro(world.now)
    psas = seed_psas(atera, syncro, world)
    authority = CertificateAuthority.create(directory / "ca")
    async with AsyncExitStack() as servers:
        serve_https = partial(serve, ssl_context=authority.server_context())
        entra_url = await servers.enter_async_context(
            serve_https(partial(entra_application, world, tokens), port=entra_port)
        )
        graph_url = await servers.enter_async_context(
            serve_https(partial(graph_application, world, tokens), port=graph_port)
        )
        key_vault_url = await servers.enter_async_context(
            serve_https(
                lambda url: key_vault_application(tokens, url, tenant_id=OPERATOR_TENANT_ID, store=store),
                port=key_vault_port,
            )
        )
        atera_url = await servers.enter_async_context(
            serve_https(partial(atera_application, atera), port=atera_port)
        )
        syncro_url = await servers.enter_async_context(
            serve_https(partial(syncro_application, syncro), port=syncro_port)
        )
        outside = Outside(
            world=WorldEndpoints(
                entra_url=entra_url,
                graph_url=graph_url,
                key_vault_url=key_vault_url,
                atera_url=atera_url,
                syncro_url=syncro_url,
            ),
            psas=psas,
            tenant_id=OPERATOR_TENANT_ID,
            client_id=SERVICE_CLIENT_ID,
            hosting_client_id=HOSTING_CLIENT_ID,
            hosting_client_secret=hosting_secret,
            ca_file=str(authority.certificate_path),
            ca_bundle=str(authority.bundle_path),
        )
        draft = directory / f"{RESULT}.draft"
        write_private(draft, msgspec.json.encode(outside))
        draft.replace(directory / RESULT)
        await _asked_to_end()


async def _asked_to_end() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, ended.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(ended.set))
    await ended.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--public-url", required=True)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--scale", choices=("small", "full"), default="small")
    for name in ("entra", "graph", "key-vault", "atera", "syncro"):
        parser.add_argument(f"--{name}-port", type=int, default=0)
    asyncio.run(run(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
