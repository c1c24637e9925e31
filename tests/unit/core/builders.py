"""Short ways to say who is in the directory and who is in the PSA."""

from collections.abc import Iterable

from shared.core.changes import Change
from shared.core.configuration import Configuration
from shared.core.models import Contact, ContactFields, DirectoryUser, RemovalReason
from shared.core.planning import Plan, make_plan


def user(object_id: str, email: str | None = None, **properties: str | bool | None) -> DirectoryUser:
    """A member with `object_id@example.com` as address if not told otherwise."""
    values: dict[str, object] = {"display_name": f"Name {object_id}", "user_type": "Member", "enabled": True}
    address = f"{object_id}@example.com" if email is None else email
    return DirectoryUser(object_id, mail=address, **(values | properties))  # type: ignore[arg-type]


def contact(contact_id: str, email: str = "", object_id: str | None = None, **fields: str) -> Contact:
    """A contact; one that is linked has the name its user has."""
    name = fields.pop("name", f"Name {object_id}" if object_id else "By hand")
    return Contact(contact_id, ContactFields(name=name, email=email, **fields), object_id)


def plan(
    users: Iterable[DirectoryUser],
    contacts: Iterable[Contact] = (),
    departed: dict[str, RemovalReason] | None = None,
    configuration: Configuration = Configuration(),  # noqa: B008 - frozen
) -> Plan:
    return make_plan(users, departed or {}, contacts, configuration)


def lines(planned: Plan) -> dict[str, tuple[str, str | None, str | None]]:
    """Object id → kind, contact and reason of every line."""
    return {line.object_id: (line.kind.value, line.contact_id, line.reason) for line in planned.changes}


def only(planned: Plan) -> Change:
    """The plan's one line."""
    (line,) = planned.changes
    return line
