"""What every PSA's module offers: one customer's contacts in that PSA."""

from collections.abc import Set as AbstractSet
from typing import Protocol

import msgspec

from shared.adapters.psa.allowance import Allowance
from shared.core.links import RemoteContact
from shared.core.models import ContactFields
from shared.core.report import TenantReport
from shared.core.supplement import Gap


class ContactPage(msgspec.Struct, frozen=True):
    """A page of contacts; `pages` and `total` are how many pages and contacts the PSA says there are."""

    contacts: list[RemoteContact]
    pages: int
    total: int


class ContactsApi(Protocol):
    """One customer's contacts, as one PSA has them.

    Every method may raise NotSent, Unanswered and DestinationRefused; those that write Taken, Invalid and
    Unknown (the contact, or the customer) too.
    """

    psa: str
    """Its name."""
    listing: str
    """What a look at the contacts goes by: looks of the same name are the same."""
    page_size: int
    """Contacts of a page that is full."""
    sends_whole: bool
    """Whether an update sends everything, so that it must be known as it is."""
    moves_addresses: bool
    """Whether a contact's address can be changed."""
    unseen: AbstractSet[str]
    """Fields that are kept and not shown."""
    allowance: Allowance

    async def fields(self) -> frozenset[str]:
        """The fields of a contact that have a place."""
        ...

    @property
    def unproven(self) -> bool:
        """Whether the next write will tell whether some of the fields really have a place."""
        ...

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Fields that would have a place if somebody made one."""
        ...

    def cost(self, fields: ContactFields, changed: AbstractSet[str]) -> int:
        """How many calls a write of the changed fields takes, as a rule."""
        ...

    async def page(self, number: int) -> ContactPage:
        """A page of the look, from 1."""
        ...

    def mine(self, contact: RemoteContact) -> RemoteContact | None:
        """A contact of the look as this customer sees it, or None where it is another's."""
        ...

    async def get(self, contact_id: str) -> RemoteContact | None:
        """One contact as it is now, or None."""
        ...

    async def find(self, email: str) -> list[RemoteContact] | None:
        """Every contact of the account with the address; None where the PSA cannot be asked that."""
        ...

    async def create(self, fields: ContactFields) -> RemoteContact:
        """Make a contact; returns it as far as it is made, which may lack fields that `update` adds."""
        ...

    async def update(
        self, before: RemoteContact, fields: ContactFields, changed: AbstractSet[str], *, active: bool
    ) -> RemoteContact | None:
        """Write the changed fields, and whether the contact is active.

        `before`: the contact as it is there. Returns it as it is then, where the PSA says so.
        """
        ...

    async def publish(self, report: TenantReport) -> None:
        """Keep what the report says of the customer, as far as there is a place for it."""
        ...
