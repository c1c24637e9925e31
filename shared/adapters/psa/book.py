"""What is known of a customer's contacts while a run is at work: what the PSA shows, and what we keep."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime

from shared.core.links import Link, LinkBook, PendingCreate, RemoteContact, contact_seen
from shared.core.models import BLANK, Contact
from shared.core.text import normalized_email


class Book:
    """Contacts by id; `remote` as the PSA showed them at `looked_at`, `contacts` as a run is to see them."""

    def __init__(
        self,
        kept: LinkBook,
        remote: Mapping[str, RemoteContact],
        looked_at: datetime,
        tenant_id: str | None,
        unseen: AbstractSet[str],
    ) -> None:
        """`tenant_id`: where links lead; `unseen`: fields that the PSA keeps and does not show."""
        self.remote, self.links = dict(remote), dict(kept.links)
        self.looked_at = looked_at
        self._protections, self._tenant_id, self._unseen = kept.protections, tenant_id, unseen
        self._shown_at: dict[str, datetime] = {}
        self.contacts: dict[str, Contact] = {}
        self._by_object: dict[str, str] = {}
        self._by_email: dict[str, list[str]] = {}
        for contact_id in sorted({*self.remote, *self.links}):
            self._look_at(contact_id)

    def of_object(self, object_id: str) -> Contact | None:
        """The contact that is linked to the object."""
        found = self._by_object.get(object_id)
        return None if found is None else self.contacts.get(found)

    def with_address(self, email: str) -> list[Contact]:
        """The contacts that have the address."""
        email = normalized_email(email)
        found = (self.contacts.get(contact_id) for contact_id in self._by_email.get(email, ()))
        return [
            contact
            for contact in found
            if contact is not None and normalized_email(contact.fields.email) == email
        ]

    def owned(self) -> AbstractSet[str]:
        """Ids of the contacts that are somebody's."""
        return {contact.id for contact in self.contacts.values() if contact.object_id is not None}

    def stale(self) -> list[str]:
        """Links whose contacts are not there any more, as the look that missed them was begun later."""
        return [
            contact_id
            for contact_id, link in self.links.items()
            if contact_id not in self.contacts and link.written_at < self.looked_at
        ]

    def keep(self, link: Link) -> None:
        """A link that is durable now."""
        self.links[link.contact_id] = link
        self._look_at(link.contact_id)

    def show(self, contact: RemoteContact, at: datetime) -> None:
        """A contact as the PSA has just shown it."""
        self.remote[contact.id] = contact
        self._shown_at[contact.id] = at

    def shown_at(self, contact_id: str) -> datetime:
        """When the PSA showed the contact last."""
        return self._shown_at.get(contact_id, self.looked_at)

    def made(
        self, create: PendingCreate, found: RemoteContact, now: datetime, tenant_id: str | None
    ) -> list[Link]:
        """The links after it turned out that `found` is what a create made."""
        links = [
            Link(
                found.id,
                written_at=now,
                created_at=create.at,
                object_id=create.object_id if create.linked else None,
                tenant_id=tenant_id,
                active=found.active,
                written=found.fields,
            )
        ]
        if create.replaces is not None:
            links.append(self.replaced(create.replaces, now, deactivates=create.deactivates))
        return links

    def replaced(self, contact_id: str, now: datetime, *, deactivates: bool) -> Link:
        """The link of a contact that another one took the place of: nobody's."""
        before = self.links.get(contact_id)
        contact = self.contacts.get(contact_id)
        active = contact is not None and contact.active and not deactivates
        last_known = BLANK if before is None else before.written
        return Link(
            contact_id,
            written_at=now,
            created_at=before.created_at if before is not None else now,
            active=active,
            deactivated_by_sync=deactivates or (before is not None and before.deactivated_by_sync),
            written=last_known if contact is None else contact.fields,
        )

    def _look_at(self, contact_id: str) -> None:
        seen = contact_seen(
            self.remote.get(contact_id),
            self.links.get(contact_id),
            self._protections.get(contact_id),
            looked_at=self.looked_at,
            tenant_id=self._tenant_id,
            unseen=self._unseen,
        )
        before = self.contacts.pop(contact_id, None)
        owner = None if before is None else before.object_id
        if owner is not None and self._by_object.get(owner) == contact_id:
            del self._by_object[owner]
        if seen is None:
            return
        self.contacts[contact_id] = seen
        if seen.object_id is not None:
            self._by_object[seen.object_id] = contact_id
        if seen.fields.email:
            ids = self._by_email.setdefault(normalized_email(seen.fields.email), [])
            if contact_id not in ids:
                ids.append(contact_id)
