"""What goes over the wire: issues."""

from typing import Annotated

from pydantic import Field

from shared.core.errors import Actor
from shared.core.issues import NextStep
from shared.web.api.schemas import Shown, Timestamp


class AffectedShown(Shown):
    """A customer that an issue affects. `run_id`: the run that shows it, where there is one."""

    customer_id: str
    connection_id: str
    run_id: Annotated[str | None, Field(description="The run that shows it, where there is one.")]


class IssueShown(Shown):
    """One root cause that somebody has to act on. It is derived, so it is gone as soon as its cause is."""

    id: Annotated[
        str, Field(description="The same for as long as the issue lasts.", examples=["9f2c6b1e0d3a4c58"])
    ]
    code: str
    title: str
    detail: str
    actor: Actor
    next_step: Annotated[
        NextStep | None, Field(description="What to do in the portal; null where that changes nothing.")
    ]
    url: Annotated[
        str | None,
        Field(
            description="The page of the portal to do it on, for a browser that has a session.",
            examples=["https://tenantry.example/portal/customers/acme"],
        ),
    ]
    since: Annotated[Timestamp | None, Field(description="Since when, as far as that is known.")]
    affected: Annotated[list[AffectedShown], Field(description="The first hundred customers, by id.")]
    affected_count: Annotated[int, Field(description="How many customers it affects.", examples=[1])]
