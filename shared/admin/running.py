"""Carrying out one verb: in an event loop, written down where it has to be, and with errors said in full.

Exit codes: 0 done; 1 refused or failed; 2 the command line or the settings are wrong; 3 done in part, or not
proven; 4 something outside did not answer, and the same command may succeed later.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn, TypeVar

import typer

from shared import bootstrap
from shared.core.errors import Actor, NotFound, RetryLater, TenantryError
from shared.logs import where
from shared.operations import Operations
from shared.settings import SettingsError

T = TypeVar("T")

FAILED, WRONG, PARTLY, LATER = 1, 2, 3, 4
"""Exit codes."""


def look(
    verb: str,
    ids: Mapping[str, str | None],
    work: Callable[[Operations], Awaitable[T]],
    *,
    as_json: bool,
) -> T:
    """What a verb finds that changes nothing and shows nobody's personal data; written down as `act` does."""

    async def looked(operations: Operations) -> T:
        async with operations.auditing.act(verb, _named(ids), looked=True):
            return await work(operations)

    return _carried_out(looked, as_json)


def act(
    verb: str,
    ids: Mapping[str, str | None],
    work: Callable[[Operations, dict[str, str]], Awaitable[T]],
    *,
    as_json: bool,
) -> T:
    """What comes of a verb that is written into the audit log before it acts.

    `ids`: what it is about; `work` may add to the dictionary that it is given, for the row that is written
    at the end.
    """

    async def audited(operations: Operations) -> T:
        async with operations.auditing.act(verb, _named(ids)) as more:
            return await work(operations, more)

    return _carried_out(audited, as_json)


def _named(ids: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in ids.items() if value is not None}


def refuse(code: str, title: str, detail: str, *, as_json: bool, status: int = WRONG) -> NoReturn:
    """End with an error. `title`: what is wrong; `detail`: how it is put right."""
    _say({"code": code, "title": title, "detail": detail, "actor": "operator"}, as_json=as_json)
    raise typer.Exit(status)


def said(error: TenantryError) -> dict[str, str]:
    """An error as an operator reads it: what happened, who must act, how."""
    detail, actor = error.detail, error.actor
    if error.code == "identity_unavailable":  # to a service it comes back by itself, a person has to sign in
        detail, actor = "Sign in with `az login`; docs/cli.md says which roles that takes.", Actor.OPERATOR
    elif isinstance(error, NotFound):
        detail = "Check the id; the verb `list` shows those that there are."
    elif isinstance(error, RetryLater):
        detail = "Run the command again in a minute."
    return {"code": error.code, "title": error.title, "detail": detail, "actor": actor.value}


def _carried_out(work: Callable[[Operations], Awaitable[T]], as_json: bool) -> T:
    async def run() -> T:
        operations = bootstrap.new_operations()
        try:
            return await work(operations)
        finally:
            await operations.close()

    try:
        return asyncio.run(run())
    except SettingsError as error:
        detail = "docs/cli.md says where an operator gets the settings from."
        refuse("settings_incomplete", str(error), detail, as_json=as_json)
    except TenantryError as error:
        _say(said(error), as_json=as_json)
        raise typer.Exit(LATER if isinstance(error, RetryLater) else FAILED) from None
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold anything
        refuse(
            f"unexpected.{type(error).__name__}",
            "The command met an error that it does not know.",
            f"Run it again. If it keeps failing, report it as a bug: {where(error)}",
            as_json=as_json,
            status=FAILED,
        )


def _say(error: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"error": error}), err=True)
        return
    typer.echo(f"{error['title']} {error['detail']}", err=True)
    typer.echo(f"Who must act: {error['actor']}. Code: {error['code']}.", err=True)
