"""The sandbox's commands: `python -m sandbox up` and `python -m sandbox demo`."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn
from urllib.parse import quote

import httpx
import typer

from sandbox.azurite import AzuriteError
from sandbox.endpoints import FILE, Endpoints
from sandbox.stack import Ports, SandboxError, Stack, telemetry_to

DEFAULT_PORT = 7071

cli = typer.Typer(add_completion=False, no_args_is_help=True, help="Tenantry and the world around it, here.")


@cli.command()
def up(
    port: Annotated[
        int, typer.Option(help="The app's port; the simulators take those 10 above it.")
    ] = DEFAULT_PORT,
    scale: Annotated[str, typer.Option(help="How big the customers are: small or full.")] = "full",
    telemetry: Annotated[
        str, typer.Option(metavar="URL", help="The collector that the app sends its telemetry to.")
    ] = "",
) -> None:
    """Start everything, say where it is, and stay until Ctrl-C."""
    stack = Stack(
        scale="small" if scale == "small" else "full",
        ports=Ports.fixed(port),
        settings=telemetry_to(telemetry) if telemetry else {},
        on_step=_report,
    )
    with stack:
        _stay(stack)


@cli.command()
def demo(
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write what happened to this file.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="Leave everything running at the end.")] = False,
    plain: Annotated[bool, typer.Option(help="No colours, no moving lines.")] = False,
) -> None:
    """Tell the whole story, from consent to contacts that follow the directory."""
    from sandbox.demo import run

    with Stack(scale="full", on_step=_report) as stack:
        code = asyncio.run(run(stack, json_file=json_file, plain=plain))
        if keep:
            _stay(stack)
    if code:
        raise SystemExit(code)


@cli.command()
def portal(
    customer: Annotated[
        str, typer.Argument(help="The PSA's own id of the customer; made when new.")
    ] = "contoso",
    account: Annotated[bool, typer.Option("--account", help="For the account, not for a customer.")] = False,
) -> None:
    """Print a one-use link that opens the portal of a running sandbox for a customer, or for the account."""
    try:
        here = Endpoints.read()
        print(_account_link(here) if account else _portal_link(here, customer))
    except FileNotFoundError:
        raise SandboxError("no sandbox runs here. Start one: python3 dev.py up") from None
    except httpx.HTTPError as error:
        raise SandboxError(f"the sandbox does not answer as it should: {error}") from None


def _api(here: Endpoints) -> httpx.Client:
    headers = {"Authorization": f"Bearer {here.api_key}"}
    return httpx.Client(base_url=here.api_url, headers=headers, trust_env=False, timeout=30)


def _account_link(here: Endpoints) -> str:
    with _api(here) as api:
        return str(api.post("/account/portal-sessions").raise_for_status().json()["url"])


def _portal_link(here: Endpoints, customer: str) -> str:
    with _api(here) as api:
        address = f"/customers/{quote(customer, safe='')}"
        if api.get(address).status_code == httpx.codes.NOT_FOUND:
            api.put(address, json={"name": customer.capitalize()}).raise_for_status()
        return str(api.post(f"{address}/portal-sessions").raise_for_status().json()["url"])


def _report(name: str, seconds: float) -> None:
    print(f"  ✓ {name:<44} {seconds:6.1f} s", file=sys.stderr, flush=True)


def _describe(stack: Stack) -> None:
    here = stack.endpoints
    print(
        f"\n  Portal     {_portal_link(here, 'contoso')}"
        "\n             opens once; another link: .sandbox/venv/bin/python -m sandbox portal"
        "\n             sign in there as admin@contoso.example; the browser does not know the certificate"
        f"\n  API        {here.api_url}"
        f"\n             Authorization: Bearer {here.api_key}"
        f"\n             described at {here.api_url}/docs"
        f"\n  Entra ID   {here.world.entra_url}/_control/tenants"
        f"\n  Graph      {here.world.graph_url}/_control/requests"
        f"\n  Key Vault  {here.world.key_vault_url}/_control/secrets"
        f"\n  Atera      {here.world.atera_url}/_control/accounts"
        f"\n  Syncro     {here.world.syncro_url}/_control/accounts"
        f"\n  All of it  {FILE}"
        f"\n  Logs       {here.run_directory}"
        "\n\n  Ctrl-C ends it.",
        flush=True,
    )


def _stay(stack: Stack) -> None:
    """Say where everything is, for people and in endpoints.json, until Ctrl-C."""
    stack.endpoints.write()
    try:
        _describe(stack)
        never = threading.Event()
        while not never.wait(1.0):  # returns now and then, because Windows delivers Ctrl-C only in between
            pass
    finally:
        FILE.unlink(missing_ok=True)


def _unwind(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def main() -> int:
    """Run one command; returns the exit code."""
    signal.signal(signal.SIGTERM, _unwind)
    try:
        code = cli(standalone_mode=False)
    except (SandboxError, AzuriteError) as error:
        print(f"\nsandbox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
