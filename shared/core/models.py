"""The values the sync engine decides over: people in the directory and contacts in the PSA."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class DirectoryUser(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One person, room or mailbox as the directory describes it.

    A field the directory never had a value for is None. `aliases`: addresses that mail also reaches, lower
    case, without `mail`; `licences`: SKU ids. The order of the fields is the format of the directory
    mirror: append only, and raise `shared.core.mirror.FORMAT` when that is not enough.
    """

    id: str
    user_principal_name: str | None = None
    mail: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    surname: str | None = None
    job_title: str | None = None
    department: str | None = None
    office_location: str | None = None
    company_name: str | None = None
    mobile_phone: str | None = None
    business_phone: str | None = None
    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    user_type: str | None = None
    enabled: bool | None = None
    aliases: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()


class RemovalReason(StrEnum):
    """Why the directory no longer lists a user (Graph's `@removed.reason`, or absence from full reads)."""

    SOFT_DELETED = "soft_deleted"
    HARD_DELETED = "hard_deleted"
    ABSENT = "absent"


class ContactFields(msgspec.Struct, frozen=True, gc=False):
    """What a contact says about a person; an empty string means blank.

    `site` is the id of one of the customer's sites. The last five come from enrichment.
    """

    name: str = ""
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    job_title: str = ""
    department: str = ""
    office: str = ""
    company: str = ""
    mobile_phone: str = ""
    business_phone: str = ""
    street: str = ""
    street_2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    site: str = ""
    licence: str = ""
    licences: str = ""
    mfa_status: str = ""
    mfa_methods: str = ""
    last_activity: str = ""


CONTACT_FIELDS: tuple[str, ...] = ContactFields.__struct_fields__
ALL_FIELDS = frozenset(CONTACT_FIELDS)
BLANK = ContactFields()


class Contact(msgspec.Struct, frozen=True, gc=False):
    """A person in the PSA.

    `object_id` is the link: the directory object the contact belongs to, if any. `deactivated_by_sync` tells
    a contact that a run deactivated from one that a person did. `pins` are the fields that a run leaves as
    they are; a contact with `keep_active` is never deactivated by one.
    """

    id: str
    fields: ContactFields
    object_id: str | None = None
    active: bool = True
    deactivated_by_sync: bool = False
    pins: frozenset[str] = frozenset()
    keep_active: bool = False


class UserType(StrEnum):
    """Graph's `userType`, lower case."""

    GUEST = "guest"
    MEMBER = "member"


def user_type(user: DirectoryUser) -> UserType:
    """Guest or member; accounts older than the property carry none and are members."""
    return UserType.GUEST if (user.user_type or "").lower() == UserType.GUEST else UserType.MEMBER


def fields_as_mapping(fields: ContactFields) -> Mapping[str, str]:
    """The fields by name, in their declared order."""
    return {name: getattr(fields, name) for name in CONTACT_FIELDS}
