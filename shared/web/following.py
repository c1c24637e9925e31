"""What a page shows while something is under way, and when it has to be loaded anew."""

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse

from shared.core.connection import Connection, ConnectionState
from shared.core.run import Run, RunKind, RunState
from shared.web.marks import marked
from shared.web.words import words_of


class Following(msgspec.Struct, frozen=True):
    """`key` changes when the whole page does; `value` of `max` is done, or nobody knows yet."""

    key: str
    title: str
    text: str
    value: int | None = None
    max: int | None = None


def document(request: Request, view: Following) -> JSONResponse:
    """The view in the language of the page that follows it."""
    say = words_of(request).sentence
    said = msgspec.structs.replace(view, title=say(view.title), text=say(view.text))
    return JSONResponse(msgspec.to_builtins(said))


def following(connection: Connection, state: ConnectionState, run: Run | None) -> Following:
    """The view of a connection. `run`: the one under way, if any."""
    key = f"{state.value}.{connection.current_run or ''}.{connection.last_run or ''}"
    if run is not None and not run.state.ended:
        return _run(key, run)
    if state is ConnectionState.VALIDATING:
        return Following(
            key,
            marked("Waiting for Microsoft"),
            "Nobody has to act. This page goes on by itself.",
        )
    return Following(key, "", "")


def following_run(run: Run) -> Following:
    """The view of one run."""
    if run.state.ended or run.state is RunState.HELD:
        return Following(run.state.value, "", "")
    return _run("under_way", run)


def _run(key: str, run: Run) -> Following:
    previews = run.kind is RunKind.PREVIEW
    title = marked("Preview in progress") if previews else marked("Sync in progress")
    if run.state is RunState.QUEUED:
        return Following(key, title, "It begins in a moment.")
    if run.error is not None:
        return Following(key, title, f"{run.error.title} It is tried again by itself.")
    if not run.planned:
        return Following(key, title, "Reading the directory and comparing it with the contacts.")
    text = f"{run.applied:,} of {run.planned:,} contacts are written."
    return Following(key, title, text, value=run.applied, max=run.planned)
