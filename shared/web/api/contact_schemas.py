"""What goes over the wire: contacts, and people who could not be matched without guessing."""

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, create_model
from pydantic_core import PydanticCustomError

from shared.core.models import CONTACT_FIELDS
from shared.core.reviews import ReviewAction
from shared.core.text import clean
from shared.web.api.schemas import Sent, Shown, Timestamp


def _field(name: str) -> str:
    if name not in CONTACT_FIELDS:
        raise PydanticCustomError("contact_field", "There is no such field")
    return name


Pin = Annotated[str, AfterValidator(_field)]
Text = Annotated[str, Field(max_length=1000), AfterValidator(clean)]

if TYPE_CHECKING:
    ContactFieldsSent = Sent
else:
    ContactFieldsSent = create_model(
        "ContactFieldsSent",
        __base__=Sent,
        __doc__="The fields to change; the others stay.",
        **dict.fromkeys(CONTACT_FIELDS, (Text, "")),
    )


class ContactSent(Sent):
    """A person's edit; what is not sent stays.

    `pins`: all fields that runs are to leave as they are. `keep_active`: no run ever deactivates the contact.
    """

    fields: ContactFieldsSent = Field(default_factory=ContactFieldsSent)
    pins: Annotated[list[Pin], Field(max_length=100)] = Field(default_factory=list)
    keep_active: bool = False
    active: bool = True


class ContactShown(Shown):
    """A contact of the built-in destination; `source` says where its values come from.

    `linked`: it belongs to the directory object `object_id`. `deactivated_by_sync`: a run deactivated it, and
    not a person.
    """

    id: str
    name: str
    email: str
    first_name: str
    last_name: str
    job_title: str
    department: str
    office: str
    company: str
    mobile_phone: str
    business_phone: str
    street: str
    street_2: str
    city: str
    state: str
    postal_code: str
    country: str
    site: str
    licence: str
    licences: str
    mfa_status: str
    mfa_methods: str
    last_activity: str
    active: bool
    deactivated_by_sync: bool
    keep_active: bool
    pins: list[str]
    linked: bool
    object_id: str | None
    source: str
    created_at: Timestamp
    updated_at: Timestamp


class DecisionSent(Sent):
    """What is to become of one person; `contact_id` names the contact of a link."""

    action: Annotated[ReviewAction, Field(strict=False)]
    contact_id: Annotated[str, Field(min_length=1, max_length=128)] | None = None


class DecisionShown(Shown):
    """What a technician decided."""

    action: ReviewAction
    contact_id: str | None


class ReviewShown(Shown):
    """A person in the queue; open while there is no decision."""

    object_id: str
    name: str
    reason: str
    contact_id: str | None
    run_id: str
    opened_at: Timestamp
    decision: DecisionShown | None
    decided_at: Timestamp | None
