"""Pages of collections that are small enough to be counted through."""

from __future__ import annotations

from typing import TypeVar

from sandbox.simulators.graph.errors import ExpiredPageToken
from sandbox.simulators.graph.messages import GraphRequest
from sandbox.simulators.graph.state import GraphState

Item = TypeVar("Item")


def slice_by_offset(
    state: GraphState, request: GraphRequest, found: list[Item], size: int | None = None
) -> tuple[list[Item], str | None]:
    """Return the items of the requested page, and the link to the next one unless this is the last.

    `size` is given where it does not follow from the request alone.
    """
    start, size = 0, size or request.page_size()
    if "$skiptoken" in request.query:
        content = state.opaque.open(request.query["$skiptoken"]) or {}
        if content.get("path") != request.path or content.get("tenant") != request.caller.tenant.id:
            raise ExpiredPageToken
        start = int(content["offset"])
    if start + size >= len(found):
        return found[start:], None
    token = state.opaque.seal(tenant=request.caller.tenant.id, path=request.path, offset=start + size)
    return found[start : start + size], request.link(skiptoken=token)
