"""What goes over the wire: webhook endpoints and deliveries."""

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from shared.core.events import EventType
from shared.core.text import clean
from shared.core.webhook_addresses import LONGEST_URL
from shared.core.webhooks import DeliveryState, DisabledReason
from shared.web.api.schemas import Sent, Shown, Timestamp

_URL = "https://psa.example.com/hooks/tenantry"
_ENDPOINT = "whe_5b1f4a0c0f6e4f0e9a536a2f"
_DELIVERY = "dlv_82275466929995b1f4a0c0f6e4f0e"


def _without_defaults(schema: dict[str, Any]) -> None:
    """What is not sent stays as it is, so there is no value to tell of."""
    for member in schema["properties"].values():
        member.pop("default", None)


def _subscribed(types: list[EventType]) -> list[EventType]:
    if EventType.WEBHOOK_TEST in types:
        raise ValueError("A webhook.test is sent on request only")
    return list(dict.fromkeys(types))


Url = Annotated[
    str,
    Field(
        max_length=LONGEST_URL,
        description="An https address on the public internet, without user name, password and fragment.",
        examples=[_URL],
    ),
]
Types = Annotated[
    list[Annotated[EventType, Field(strict=False)]],
    AfterValidator(_subscribed),
    Field(
        max_length=len(EventType),
        description="Which events are sent; empty for all of them, also those that are yet to come.",
        examples=[["run.completed", "run.held", "connection.action_required"]],
    ),
]
Description = Annotated[
    str,
    AfterValidator(clean),
    Field(max_length=200, description="What it is for, for whoever reads the list.", examples=["PSA"]),
]


class EndpointSent(Sent):
    """Where events are to be sent."""

    model_config = ConfigDict(hide_input_in_errors=True)

    url: Url
    types: Types = Field(default_factory=list)
    description: Description = ""


class EndpointChangeSent(Sent):
    """What is to be different; the rest stays."""

    model_config = ConfigDict(hide_input_in_errors=True, json_schema_extra=_without_defaults)

    url: Url = ""
    types: Types = Field(default_factory=list)
    description: Description = ""
    enabled: bool = Field(
        True,
        description="False stops deliveries. True begins again, with what happens from then on.",
        examples=[True],
    )


class EndpointShown(Shown):
    """Where events are sent."""

    id: str = Field(description="The endpoint's id.", examples=[_ENDPOINT])
    url: Url
    types: list[EventType] = Field(
        description="Which events are sent; empty for all of them.", examples=[["run.completed"]]
    )
    description: str = Field(description="What it is for.", examples=["PSA"])
    enabled: bool = Field(description="Whether events are sent there.", examples=[True])
    disabled_reason: DisabledReason | None = Field(
        description=(
            "Why this service disabled it: `gone` (it answered 410) or `failing` (nothing came through for "
            "five days); null where it did not."
        ),
        examples=[None],
    )
    failing_since: Timestamp | None = Field(
        description="Since when nothing has come through; null while all is well.", examples=[None]
    )
    created_at: Timestamp = Field(description="When it was made.", examples=["2026-03-02T12:00:00.000Z"])
    secret_changed_at: Timestamp | None = Field(
        description="When its secret was last changed; the former one signs along for 24 hours.",
        examples=[None],
    )


class EndpointSecretShown(EndpointShown):
    """An endpoint with its new secret, which is shown this once."""

    secret: str = Field(
        description="What deliveries are signed with, as Standard Webhooks writes it. Keep it safe.",
        examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"],
    )


class DeliveryShown(Shown):
    """One event on its way to an endpoint, or there. Nothing of what the receiver answered is kept but its
    status."""

    id: str = Field(description="The delivery's id.", examples=[_DELIVERY])
    event_id: str = Field(
        description="The event's id, which is the `webhook-id` of every attempt.",
        examples=["evt_0f6e4f0e9a536a2f8c9f2d115b1f4a0c"],
    )
    event_type: EventType = Field(description="The event's type.", examples=["run.completed"])
    state: DeliveryState = Field(
        description="`pending` while it is tried, then `delivered` or `failed`.", examples=["delivered"]
    )
    attempts: int = Field(description="How many attempts there were.", examples=[2])
    status: int | None = Field(
        description="The HTTP status that the last attempt was answered with.", examples=[204]
    )
    code: str | None = Field(
        description=(
            "Why the last attempt failed: `http_status`, `timeout`, `connection_failed`, `tls_failed`, "
            "`name_not_resolved`, `address_not_allowed`, `secret_missing`, `endpoint_disabled` or "
            "`internal_error`; null where it came through."
        ),
        examples=[None],
    )
    created_at: Timestamp = Field(
        description="When the event happened.", examples=["2026-03-02T12:00:04.000Z"]
    )
    last_at: Timestamp | None = Field(
        description="When the last attempt was made.", examples=["2026-03-02T12:00:10.000Z"]
    )
    next_at: Timestamp | None = Field(description="When the next attempt is due.", examples=[None])
