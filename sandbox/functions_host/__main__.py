"""The command line of the host; `--help` lists the options."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path

from sandbox.functions_host.errors import StartupError
from sandbox.functions_host.keys import AccessKeys


def main(arguments: list[str] | None = None) -> int:
    """Run the host; 0 after a signal, 1 when it could not start, 2 for a wrong command line."""
    given = _parser().parse_args(arguments)
    # Only now: with the help or a wrong option nobody waits for the engine and the storage SDK.
    from sandbox.functions_host import host

    root = given.root.resolve()
    options = host.Options(
        root=root,
        port=given.port,
        settings=given.settings.resolve() if given.settings else None,
        state=(given.state or root / ".sandbox" / "functions").resolve(),
        keys=AccessKeys(
            given.master_key or secrets.token_urlsafe(32), tuple(given.host_key), dict(given.function_key)
        ),
        queue_lock=timedelta(seconds=given.queue_lock),
        grace=given.grace,
    )
    try:
        clean = asyncio.run(host.run(options))
    except StartupError as error:
        print(error, file=sys.stderr)
        return 1
    if not clean:
        # A plain `def` function cannot be cancelled; leaving now is what was asked for.
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.functions_host",
        description="Run an Azure Functions Python app on this machine.",
    )
    parser.add_argument("--root", type=Path, required=True, help="folder with host.json and function_app.py")
    parser.add_argument("--port", type=_port, default=7071, help="0 takes any free one (default: 7071)")
    parser.add_argument("--settings", type=Path, help="default: local.settings.json in ROOT, if there is one")
    parser.add_argument(
        "--state", type=Path, help="folder for what timers remember (default: .sandbox/functions in ROOT)"
    )
    parser.add_argument(
        "--queue-lock",
        type=_positive,
        default=600,
        metavar="SECONDS",
        help="how long a queue message stays hidden while it is in work; renewed at half time (default: 600)",
    )
    parser.add_argument(
        "--grace",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="how long running invocations may take to end after SIGTERM or SIGINT (default: 10)",
    )
    parser.add_argument("--master-key", help="opens /admin and every function; without it nothing does")
    parser.add_argument(
        "--host-key",
        action="append",
        default=[],
        help="opens every function of the level 'function'; repeatable",
    )
    parser.add_argument(
        "--function-key",
        action="append",
        default=[],
        type=_named_key,
        metavar="NAME=KEY",
        help="opens one function",
    )
    return parser


def _port(text: str) -> int:
    if not 0 <= (port := int(text)) <= 65535:
        raise argparse.ArgumentTypeError("a port is from 0 to 65535")
    return port


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _named_key(text: str) -> tuple[str, str]:
    name, separator, key = text.partition("=")
    if not (name and separator and key):
        raise argparse.ArgumentTypeError("must look like NAME=KEY")
    return name, key


if __name__ == "__main__":
    sys.exit(main())
