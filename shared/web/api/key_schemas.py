"""What goes over the wire: API keys."""

from typing import Annotated

from pydantic import Field

from shared.core.api_key import KeyScope
from shared.web.api.schemas import Name, Sent, Shown, Timestamp

_Scopes = Annotated[
    list[Annotated[KeyScope, Field(strict=False)]],
    Field(min_length=1, max_length=len(KeyScope), examples=[["customers:read", "runs:write"]]),
]


class KeySent(Sent):
    """A key to be made. Without `scopes` it may do what the key that makes it may do."""

    name: Annotated[Name, Field(description="What the key is for.", examples=["Ticket front end"])]
    scopes: Annotated[_Scopes | None, Field(description="What it may do.")] = None


class RotationSent(Sent):
    """How long the old key goes on counting beside the new one."""

    keep_old_for_hours: Annotated[
        int, Field(ge=0, le=168, description="0 ends it at once.", examples=[24])
    ] = 24


class KeyShown(Shown):
    """An API key. Its text is not shown again."""

    id: Annotated[str, Field(examples=["1b2c3d4e"])]
    name: str
    scopes: Annotated[
        list[KeyScope] | None,
        Field(description="What it may do; null: everything, whatever later versions add too."),
    ]
    created_at: Timestamp
    last_used_at: Annotated[Timestamp | None, Field(description="Right to the hour.")]
    expires_at: Annotated[Timestamp | None, Field(description="When it ends by itself, after a rotation.")]
    current: Annotated[bool, Field(description="Whether it is the key of this request.")]


class NewKeyShown(KeyShown):
    """A key that was just made."""

    key: Annotated[
        str,
        Field(
            description="Send it as `Authorization: Bearer …`. Shown this once.",
            examples=["tnt_…"],
            json_schema_extra={"format": "password"},
        ),
    ]
