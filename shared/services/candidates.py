"""Which contacts a person of the review queue could be, for a technician to choose among."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from shared.core.connection import Connection
from shared.core.mapping import email_of
from shared.core.models import Contact, DirectoryUser
from shared.core.reviews import Review
from shared.core.text import normalized_email
from shared.ports import ContactStores, MirrorStore

_AT_ONCE = 1000
_MOST_LOOKS = 20  # so many contacts of one customer, times `_AT_ONCE`, are looked at
_MOST = 10


class Candidacy(msgspec.Struct, frozen=True):
    """A person as last read, with the address that their contact would have, and contacts that have it.

    `user` is None for somebody whom the last read no longer has. `more`: there are more than are shown.
    """

    user: DirectoryUser | None = None
    email: str = ""
    contacts: tuple[Contact, ...] = ()
    more: bool = False


UNKNOWN = Candidacy()


@dataclass(frozen=True, slots=True)
class Candidates:
    """Goes by the directory mirror and by the contacts as they are known here."""

    mirrors: MirrorStore
    contacts: ContactStores

    async def of(self, connection: Connection, reviews: Collection[Review]) -> dict[str, Candidacy]:
        """The candidates of each of these people, by object id; contacts that are free come first."""
        if not reviews:
            return {}
        users: dict[str, DirectoryUser] = {}
        if connection.mirror is not None:
            snapshot = await self.mirrors.load(connection.id, connection.mirror)
            users = {} if snapshot is None else snapshot.users
        wanted = {review.object_id: _addresses(users.get(review.object_id)) for review in reviews}
        named = {review.contact_id for review in reviews if review.contact_id is not None}
        by_email, by_id = await self._found(
            connection, {email for each in wanted.values() for email in each}, named
        )
        found: dict[str, Candidacy] = {}
        for review in reviews:
            user = users.get(review.object_id)
            contacts = {each.id: each for email in wanted[review.object_id] for each in by_email[email]}
            if review.contact_id in by_id:
                contacts[review.contact_id] = by_id[review.contact_id]
            ordered = sorted(contacts.values(), key=lambda each: (each.object_id is not None, each.id))
            email = "" if user is None else email_of(user, connection.configuration.email_source)
            found[review.object_id] = Candidacy(user, email, tuple(ordered[:_MOST]), len(ordered) > _MOST)
        return found

    async def _found(
        self, connection: Connection, emails: Collection[str], ids: Collection[str]
    ) -> tuple[dict[str, list[Contact]], dict[str, Contact]]:
        store, after = await self.contacts.of(connection.account_id), None
        by_email: dict[str, list[Contact]] = defaultdict(list)
        by_id: dict[str, Contact] = {}
        for _ in range(_MOST_LOOKS):
            page = await store.list(connection.id, _AT_ONCE, after)
            for stored in page.items:
                contact, email = stored.contact, normalized_email(stored.contact.fields.email)
                if email in emails:
                    by_email[email].append(contact)
                if contact.id in ids:
                    by_id[contact.id] = contact
            after = page.after
            if after is None:
                break
        return by_email, by_id


def _addresses(user: DirectoryUser | None) -> frozenset[str]:
    if user is None:
        return frozenset()
    addresses = (user.mail or "", user.user_principal_name or "", *user.aliases)
    return frozenset(normalized_email(address) for address in addresses if address)
