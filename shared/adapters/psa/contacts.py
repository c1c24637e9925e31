"""The contacts of a PSA as we know them: those that a sync wrote or linked."""

from shared.core.errors import Actor, Refused
from shared.core.links import Link, Protection, book_name
from shared.core.models import Contact
from shared.ports import LinkStore, Page, Stored, StoredContact

_SOURCE = "entra"
_NOBODY_YET = "-"


class EditedElsewhere(Refused):
    """A change to a contact that lives in the PSA."""

    status = 409

    def __init__(self) -> None:
        """The remedy is always the same."""
        super().__init__(
            "contact_lives_in_the_psa",
            "The contact lives in the PSA, and so do its values.",
            "Edit it there. Here you can set `pins` and `keep_active`.",
            Actor.TECHNICIAN,
        )


class PsaContacts:
    """Implements ContactStore."""

    edits_fields = False

    def __init__(self, links: LinkStore, psa_account: str, kind: str) -> None:
        """`psa_account`: the account's PSA account, by name; `kind`: which PSA."""
        self._links, self._psa_account, self.kind = links, psa_account, kind

    async def list(self, connection_id: str, limit: int, after: str | None = None) -> Page[StoredContact]:
        """See ContactStore."""
        book = self._book(connection_id)
        page = await self._links.links(book, limit, after)
        protections = await self._links.protections(book) if page.items else {}
        items = [_stored(link, protections.get(link.contact_id)) for link in page.items if not link.gone]
        return Page(tuple(items), page.after)

    async def get(self, connection_id: str, contact_id: str) -> Stored[StoredContact] | None:
        """See ContactStore."""
        book = self._book(connection_id)
        link = await self._links.link(book, contact_id)
        if link is None or link.gone:
            return None
        protection = await self._links.protection(book, contact_id)
        etag = _NOBODY_YET if protection is None else protection.etag
        return Stored(_stored(link, None if protection is None else protection.value), etag)

    async def replace(
        self, connection_id: str, stored: Stored[StoredContact], value: StoredContact
    ) -> Stored[StoredContact]:
        """See ContactStore. Raises EditedElsewhere for anything but what people decide about the contact."""
        before, after = stored.value.contact, value.contact
        if (before.fields, before.active, before.object_id) != (after.fields, after.active, after.object_id):
            raise EditedElsewhere
        protection = Protection(after.id, after.pins, after.keep_active)
        known = None
        if stored.etag != _NOBODY_YET:
            known = Stored(Protection(before.id, before.pins, before.keep_active), stored.etag)
        written = await self._links.protect(self._book(connection_id), known, protection)
        return Stored(value, written.etag)

    def _book(self, connection_id: str) -> str:
        return book_name(connection_id, self._psa_account)


def _stored(link: Link, protection: Protection | None) -> StoredContact:
    kept = protection or Protection(link.contact_id)
    contact = Contact(
        link.contact_id,
        link.written,
        link.object_id,
        active=link.active,
        deactivated_by_sync=link.deactivated_by_sync,
        pins=kept.pins,
        keep_active=kept.keep_active,
    )
    return StoredContact(contact, _SOURCE, link.created_at, link.written_at)
