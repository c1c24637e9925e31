"""What goes over the wire: the account and its destination."""

from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr

from shared.core.account_destination import DestinationKind
from shared.core.errors import Actor
from shared.core.return_address import MOST_ORIGINS
from shared.web.api.schemas import Sent, Shown, Timestamp


class DestinationSent(Sent):
    """Where the contacts are to live. `api_key` is written and never shown again."""

    model_config = ConfigDict(hide_input_in_errors=True)

    kind: Annotated[DestinationKind, Field(strict=False)]
    api_key: SecretStr | None = None
    subdomain: Annotated[str, Field(max_length=253)] | None = None


class DestinationProblemShown(Shown):
    """Why the PSA lets nobody in, since when, who must act, and how."""

    code: str
    title: str
    detail: str
    actor: Actor
    since: Timestamp


class DestinationShown(Shown):
    """Where the account's contacts live.

    `subdomain`: of a Syncro account; `name`: the account's in the PSA; `imported_at`: when its customers were
    read last, `customers` how many there were; `importing`: they are being read now.
    """

    kind: DestinationKind
    subdomain: str | None
    name: str | None
    set_at: Timestamp | None
    tested_at: Timestamp | None
    problem: DestinationProblemShown | None
    imported_at: Timestamp | None
    customers: int
    importing: bool


class AccountShown(Shown):
    """The account of the API key."""

    id: str
    name: str
    created_at: Timestamp
    destination: DestinationShown
    return_origins: Annotated[
        list[str],
        Field(description="Sites that the portal may lead back to.", examples=[["https://psa.example"]]),
    ]


class AccountChangeSent(Sent):
    """What is to change of the account."""

    return_origins: Annotated[
        list[Annotated[str, Field(max_length=300)]] | None,
        Field(
            max_length=MOST_ORIGINS,
            description="Sites that the portal may lead back to: https origins, without a path.",
            examples=[["https://psa.example"]],
        ),
    ] = None
