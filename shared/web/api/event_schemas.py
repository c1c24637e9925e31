"""What goes over the wire: events."""

from typing import Any

from pydantic import Field

from shared.core.events import EventType
from shared.web.api.schemas import Part, Shown, Timestamp


class EventShown(Shown):
    """Something that happened; a webhook has exactly this document as its body."""

    id: str = Field(
        description="The same however often the event is delivered: whoever has seen it may ignore it.",
        examples=["evt_0f6e4f0e9a536a2f8c9f2d115b1f4a0c"],
    )
    type: EventType = Field(description="What happened.", examples=["run.completed"])
    timestamp: Timestamp = Field(description="When it happened.", examples=["2026-03-02T12:00:04.000Z"])
    customer_id: str | None = Field(
        description="The customer it is about, by the PSA's id; null where it is about the account.",
        examples=["acme"],
    )
    connection_id: str | None = Field(description="The customer's connection.", examples=["c0c0c0c0c0c0c0c0"])
    run_id: str | None = Field(
        description="The run it is about; `GET /api/v1/runs/{run}/changes` has what it changed.",
        examples=["run_c0c0c0c0c0c0c0c082275570000001badcafe0"],
    )
    data: dict[str, Any] = Field(
        description="Codes, counts and names of settings, by type as in docs/events.md; nothing personal.",
        examples=[{"kind": "sync", "trigger": "schedule", "state": "succeeded", "counts": {"created": 2}}],
    )


class EventsPart(Part[EventShown]):
    """A part of the feed, oldest first.

    `after` asks for the next part and is null at the end, as in every list. With a filter a part may be
    short, even empty, while there is more.
    """

    cursor: str = Field(
        description=(
            "Where this part ends. It is always there, also at the end of the feed and in an empty part: "
            "keep it and send it as `after` to get what has happened since."
        ),
        examples=["Qm9ndXM6MTI"],
    )
