"""`queues`: what waits, and what failed on every delivery."""

import json
from typing import Annotated, Any

import typer

from shared.admin.output import Json, listing, moment, moving, show
from shared.admin.running import act, look
from shared.operations import Operations
from shared.ports.operation import PeekedMessage

app = typer.Typer(no_args_is_help=True, help="The queues of work.")

Queue = Annotated[str, typer.Argument(help="The queue's name, as `queues list` has it.")]
_AT_ONCE = 32  # messages between two looks at how far it is
_TOLD = (
    "kind",
    "account_id",
    "connection_id",
    "run_id",
    "endpoint_id",
    "delivery_id",
    "attempt",
    "postponed",
)


@app.command("list")
def list_queues(as_json: Json = False) -> None:
    """List the queues: about how many messages wait, hidden ones included, and how many were set aside."""
    found = look("queues list", {}, lambda operations: operations.queues.lengths(), as_json=as_json)
    rows = [{"queue": one.name, "messages": one.messages, "poison": one.poison} for one in found]
    listing(rows, as_json=as_json, shown=("queue", "messages", "poison"), empty="There are no queues.")


@app.command("peek")
def peek(
    queue: Queue,
    poison: Annotated[
        bool, typer.Option("--poison", help="Look at what was set aside after failing on every delivery.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=32, help="At most so many.")] = 10,
    as_json: Json = False,
) -> None:
    """Look at the first messages without taking them: what each is for, by its ids."""
    found = look(
        "queues peek",
        {"queue": queue},
        lambda operations: operations.queues.peek(queue, limit, poison=poison),
        as_json=as_json,
    )
    listing(
        [_row(message) for message in found],
        as_json=as_json,
        shown=("kind", "deliveries", "inserted", "about"),
        empty="No message can be seen there now.",
    )


@app.command("requeue")
def requeue(
    queue: Queue,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 1000,
    as_json: Json = False,
) -> None:
    """Put messages that were set aside back on their queue.

    The app itself ends what such a message was for and takes it away, so there are some only while the
    functions that do so are off or failing. For runs that were ended: `runs retry --given-up`.
    """

    async def moved(operations: Operations, more: dict[str, str]) -> dict[str, Any]:
        count = 0
        with moving() as say:
            while count < limit:
                some = await operations.queues.requeue(queue, min(limit - count, _AT_ONCE))
                if not some:
                    break
                count += some
                say(f"{count} messages are back")
        more["messages"] = str(count)
        return {"queue": queue, "requeued": count}

    show(act("queues requeue", {"queue": queue}, moved, as_json=as_json), as_json=as_json)


def _row(message: PeekedMessage) -> dict[str, Any]:
    told = _told(message.body)
    return {
        "id": message.id,
        "kind": told.pop("kind", "not one of ours"),
        "deliveries": message.deliveries,
        "inserted": moment(message.inserted_at),
        "about": " ".join(f"{name}={value}" for name, value in told.items()),
    }


def _told(body: bytes) -> dict[str, Any]:
    """The ids of a message; of one that is none of ours nothing is shown, for it may hold anything."""
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(document, dict):
        return {}
    return {name: document[name] for name in _TOLD if isinstance(document.get(name), str | int)}
