"""What a request may carry.

Follows the schemas CreateContactRequest and UpdateContactRequest of the maker's OpenAPI document.
A name is right only as the document writes it; in any other way it is an unknown field.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from sandbox.simulators.atera.behaviour import Behaviour
from sandbox.simulators.atera.errors import AteraError, invalid
from sandbox.simulators.atera.records import CONTACT_NAMES

Text = str | UnsetType | None
Flag = bool | UnsetType | None
Number = int | UnsetType | None
Body = TypeVar("Body", bound=msgspec.Struct)


class ContactFields(msgspec.Struct, kw_only=True, rename=CONTACT_NAMES):
    """What may be written whenever a contact is."""

    customer_id: Number = UNSET
    customer_name: Text = UNSET
    first_name: Text = UNSET
    last_name: Text = UNSET
    job_title: Text = UNSET
    phone: Text = UNSET
    mobile_phone: Text = UNSET
    is_contact_person: Flag = UNSET
    in_ignore_mode: Flag = UNSET
    department_id: Number = UNSET
    department_name: Text = UNSET
    default_agent_id: Number = UNSET


class CreateContact(ContactFields, kw_only=True, rename=CONTACT_NAMES):
    """A new contact; its address is checked before it is read."""

    email: str
    created_on: datetime | UnsetType | None = UNSET


class UpdateContact(ContactFields, kw_only=True, rename=CONTACT_NAMES):
    """Changes to a contact; its address is not one of them."""

    archived: Flag = UNSET


class CreateDepartment(msgspec.Struct, rename="pascal"):
    """A new department."""

    name: str | None = None
    description: str | None = None


class SetCustomValue(msgspec.Struct, rename="pascal"):
    """A new value of a custom field, always as text."""

    value: str | None = None


async def read_object(request: web.Request) -> dict[str, Any]:
    """Return the body, a JSON object; raises AteraError 400 for anything else."""
    try:
        return msgspec.json.decode(await request.read(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise invalid("$", f"The request body is not valid: {error}") from error


def understood(body: dict[str, Any], expected: type[Body], behaviour: Behaviour) -> Body:
    """Return the body as what is expected; raises AteraError 400 for wrong types and refused fields."""
    known = {field.encode_name for field in msgspec.structs.fields(expected)}
    unknown = sorted(body.keys() - known)
    if unknown and behaviour.unknown_fields == "refused":
        raise AteraError(400, errors={name: f"The {name} field is not expected." for name in unknown})
    try:
        return msgspec.convert(body, expected)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `")
        raise invalid(place.rstrip("`") or "$", message) from error


def path_id(request: web.Request, name: str) -> int:
    """Return an id from the path; raises AteraError 400 for what is no number."""
    text = request.match_info[name]
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise invalid(name, f"The value '{text}' is not valid.")
    return int(text)


def action(behaviour: Behaviour, item_id: int, *, created: bool = False) -> web.Response:
    """Return the answer to a write that took effect."""
    told = str(item_id) if behaviour.action_id == "text" else item_id
    return web.json_response({"ActionID": told}, status=behaviour.created_status if created else 200)
