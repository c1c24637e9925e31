"""`POST /$batch`.

Follows "Combine multiple HTTP requests using JSON batching" (learn.microsoft.com/graph/json-batching).
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from typing import Any

import msgspec

from sandbox.simulators.graph.errors import BadRequest
from sandbox.simulators.graph.messages import GraphAnswer, json_answer

MOST_REQUESTS = 20
FAILED_DEPENDENCY = {"error": {"code": "FailedDependency", "message": "A request it depends on has failed."}}


class Member(msgspec.Struct, rename="camel"):
    """One request of a batch; `url` is relative to the version."""

    id: str
    method: str
    url: str
    headers: dict[str, str] = {}
    body: Any = None
    depends_on: list[str] = []


class _Batch(msgspec.Struct):
    requests: list[Member]


def answer_batch(
    body: bytes, answer_member: Callable[[Member], GraphAnswer], source: random.Random
) -> GraphAnswer:
    """Answer every member on its own and return the answers in any order; raises GraphError 400."""
    members = _parse(body)
    answers: dict[str, dict[str, Any]] = {}
    while members:
        ready = [member for member in members if all(name.lower() in answers for name in member.depends_on)]
        if not ready:
            raise BadRequest("The dependencies of the requests form a cycle.")
        for member in ready:
            members.remove(member)
            failed = any(answers[name.lower()]["status"] >= 400 for name in member.depends_on)
            if failed:
                answers[member.id.lower()] = {"id": member.id, "status": 424, "body": FAILED_DEPENDENCY}
            else:
                answers[member.id.lower()] = _encode(member, answer_member(member))
    responses = list(answers.values())
    source.shuffle(responses)
    return json_answer({"responses": responses})


def _parse(body: bytes) -> list[Member]:
    try:
        members = msgspec.json.decode(body, type=_Batch).requests
    except msgspec.MsgspecError as error:
        raise BadRequest(f"Invalid batch payload format: {error}") from error
    ids = [member.id.lower() for member in members]
    if not members or len(members) > MOST_REQUESTS:
        raise BadRequest(
            f"Number of batch request steps must be between 1 and {MOST_REQUESTS}.", "MaximumValueExceeded"
        )
    if len(set(ids)) != len(ids) or "" in ids:
        raise BadRequest("Request Id cannot be null, empty, or used more than once.")
    for member in members:
        if any(name.lower() not in ids for name in member.depends_on):
            raise BadRequest(f"Request '{member.id}' depends on a request that is not in the batch.")
    return members


def _encode(member: Member, answer: GraphAnswer) -> dict[str, Any]:
    headers = {**answer.headers, "Cache-Control": "no-cache", "Content-Type": answer.content_type}
    if answer.content_type.startswith("application/json"):
        body: Any = msgspec.Raw(answer.body)
    else:
        body = base64.b64encode(answer.body).decode()
    return {"id": member.id, "status": answer.status, "headers": headers, "body": body}
