"""Values for contract tests of what is kept of contacts in a PSA."""

import random
from functools import lru_cache

import msgspec

from shared.core.links import Link, PendingCreate, RemoteContact
from shared.core.models import CONTACT_FIELDS, ContactFields
from tests.contract.contracts.values import HOSTILE, NOW

STRANGE = (*HOSTILE, "~", "~tilde", "-", "link-", "x" * 1_000, "名" * 400)
"""Ids that no PSA has, and that must do no harm."""
_SCRIPT = {code: 0x4E00 + 61 * code for code in range(256)}


def link(contact_id: str, **values: object) -> Link:
    made = Link(
        contact_id, written_at=NOW, created_at=NOW, object_id="object", written=ContactFields(name="Ada")
    )
    return msgspec.structs.replace(made, **values)


def pending(number: int, **values: object) -> PendingCreate:
    fields = ContactFields(name=f"Person {number}", email=f"person-{number}@example.com")
    made = PendingCreate(f"object-{number}", linked=True, fields=fields, at=NOW, run_id="run")
    return msgspec.structs.replace(made, **values)


def remote(number: int, **values: object) -> RemoteContact:
    fields = ContactFields(name=f"Person {number}", email=f"person-{number}@example.com")
    made = RemoteContact(str(number), "17", fields, rest={"notes": "", "properties": {"title": "x"}})
    return msgspec.structs.replace(made, **values)


def everywhere(text: str) -> ContactFields:
    """The text in every field."""
    return ContactFields(**dict.fromkeys(CONTACT_FIELDS, text))


@lru_cache(maxsize=256)
def long(seed: int) -> ContactFields:
    """1,000 characters of three bytes in every field, which hardly can be compressed."""
    chance = random.Random(seed)
    return ContactFields(
        **{name: chance.randbytes(1_000).decode("latin-1").translate(_SCRIPT) for name in CONTACT_FIELDS}
    )


def cut(fields: ContactFields) -> dict[str, str]:
    """What a PSA makes of values that are too long for it."""
    return {name: getattr(fields, name)[:-1] for name in CONTACT_FIELDS}
