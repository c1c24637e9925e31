"""What we keep of contacts that live in a PSA: whose each is, and what a sync wanted it to say.

No PSA has a place for a directory's object id, and none repeats a request that it was sent twice only once.
So the links are ours, a contact that is being made is written down before it is asked for, and a PSA that
writes a value in its own way (a phone number without its spaces) is not corrected at every sync.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shared.core.models import CONTACT_FIELDS, Contact, ContactFields
from shared.core.text import normalized_email

SETTLED = timedelta(seconds=60)
"""So long after a create was written down, a request that nobody saw answered has had its effect or never
will: it is sent within 15 seconds and waited for 30."""
_PHONES = frozenset({"mobile_phone", "business_phone"})
_NOTHING: AbstractSet[str] = frozenset()


class RemoteContact(msgspec.Struct, frozen=True, gc=False):
    """A contact as the PSA shows it.

    `customer_id`: the PSA's own; `fields`: those the PSA has, the others blank; `rest`: what else must be
    sent back with every change, or it might be lost.
    """

    id: str
    customer_id: str
    fields: ContactFields
    active: bool = True
    rest: dict[str, Any] = {}


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """What runs keep of one contact.

    `object_id` of `tenant_id` is whose it is; `written`: what it said after the last write, as we wanted it;
    `rewritten`: field → what the PSA made of it; `gone`: it was not there any more. Times are UTC.
    """

    contact_id: str
    written_at: datetime
    created_at: datetime
    object_id: str | None = None
    tenant_id: str | None = None
    active: bool = True
    deactivated_by_sync: bool = False
    written: ContactFields = ContactFields()
    rewritten: dict[str, str] = {}
    gone: bool = False


class Protection(msgspec.Struct, frozen=True, omit_defaults=True):
    """What people decided about one contact; no run writes it."""

    contact_id: str
    pins: frozenset[str] = frozenset()
    keep_active: bool = False


class PendingCreate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A contact that is being made: whoever comes after a lost answer looks for it before asking again.

    `beside`: contacts with the address that are not it; `replaces`: the contact of the same person that it
    takes the place of, which is deactivated after that if `deactivates`.
    """

    object_id: str
    linked: bool
    fields: ContactFields
    at: datetime
    run_id: str
    beside: tuple[str, ...] = ()
    replaces: str | None = None
    deactivates: bool = False


class LinkBook(msgspec.Struct, frozen=True):
    """Everything kept of one connection's contacts in one PSA account, each by the contact's id."""

    links: Mapping[str, Link]
    protections: Mapping[str, Protection]
    pending: Sequence[PendingCreate]


def book_name(connection_id: str, psa_account: str) -> str:
    """What is kept of a connection's contacts in one PSA account goes by this name."""
    return f"{connection_id} {psa_account}"


def contact_seen(
    remote: RemoteContact | None,
    link: Link | None,
    protection: Protection | None,
    *,
    looked_at: datetime,
    tenant_id: str | None,
    unseen: AbstractSet[str] = _NOTHING,
) -> Contact | None:
    """The contact as a run is to see it, or None where there is none.

    `looked_at`: when the PSA was asked for `remote`; what was written since then counts instead. `unseen`:
    fields that the PSA keeps and does not show, for which the last write counts.
    """
    newer = link is not None and link.written_at >= looked_at
    if link is not None and newer:
        if link.gone:
            return None
        fields, active = link.written, link.active
    elif remote is not None:
        fields = remote.fields if link is None else _as_wanted(remote.fields, link, unseen)
        active = remote.active
    elif link is not None and link.deactivated_by_sync and not link.gone:
        fields, active = link.written, False  # a PSA may not list contacts that are put away
    else:
        return None
    known_id = remote.id if remote is not None else link.contact_id if link is not None else ""
    mine = link is not None and (tenant_id is None or link.tenant_id in (None, tenant_id))
    return Contact(
        known_id,
        fields,
        link.object_id if link is not None and mine else None,
        active=active,
        deactivated_by_sync=link is not None and link.deactivated_by_sync and not active,
        pins=protection.pins if protection is not None else frozenset(),
        keep_active=protection is not None and protection.keep_active,
    )


def _as_wanted(shown: ContactFields, link: Link, unseen: AbstractSet[str]) -> ContactFields:
    """What the PSA shows, in our words where it only put them in its own."""
    if shown == link.written:
        return link.written
    ours = {
        name: wanted
        for name in CONTACT_FIELDS
        if (wanted := getattr(link.written, name)) != (actual := getattr(shown, name))
        and (name in unseen or link.rewritten.get(name) == actual or same_value(name, wanted, actual))
    }
    return msgspec.structs.replace(shown, **ours)


def same_value(name: str, one: str, other: str) -> bool:
    """Whether two spellings say the same: a phone number by its digits, an address without case, a text
    without regard to white space and to how its letters are composed."""
    if one == other:
        return True
    if not one or not other:
        return False
    if name in _PHONES:
        digits = _digits(one)
        return bool(digits) and digits == _digits(other)
    if name == "email":
        return normalized_email(one) == normalized_email(other)
    return _plain(one) == _plain(other)


def rewritten(wanted: ContactFields, shown: ContactFields, names: Iterable[str]) -> dict[str, str]:
    """Field → what the PSA made of it, for the fields among `names` that it did not keep as they were."""
    return {
        name: getattr(shown, name)
        for name in sorted(names)
        if not same_value(name, getattr(wanted, name), getattr(shown, name))
    }


def made_by(
    pending: PendingCreate, contacts: Iterable[RemoteContact], taken: AbstractSet[str]
) -> RemoteContact | None:
    """The contact that a request made whose answer nobody saw, or None where it made none.

    `contacts`: the customer's; `taken`: ids of contacts that belong to somebody. Of several the one that says
    most of what was asked for, and of those the newest.
    """
    email = normalized_email(pending.fields.email)
    found = [
        contact
        for contact in contacts
        if normalized_email(contact.fields.email) == email
        and contact.id not in pending.beside
        and contact.id not in taken
    ]
    return max(found, key=lambda contact: (_likeness(pending, contact), _age(contact)), default=None)


def _likeness(pending: PendingCreate, contact: RemoteContact) -> int:
    return sum(
        same_value(name, getattr(pending.fields, name), getattr(contact.fields, name))
        for name in CONTACT_FIELDS
    )


def _age(contact: RemoteContact) -> tuple[int, str]:
    return len(contact.id), contact.id  # ids are numbers that grow


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdecimal())


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
