"""SyncroMSP, API v1 (api-docs.syncromsp.com), as far as contacts and their customers go.

What its documents leave open, and what is done so that it comes out right either way:

- whether an update blanks what it does not name: every update names everything, as it was a minute ago at the
  most;
- whether `properties` are merged or replaced: all of them are sent back;
- whether `properties` count when a contact is made: what is missing in the answer is added by an update;
- how values are blanked: with an empty text;
- in what form numbers are kept: they are compared by their digits (`shared.core.links.same_value`);
- whether one customer may have an address twice: a refusal that speaks of it is one contact's, never the
  run's;
- in what order contacts are listed: a look at them that sees their number shrink begins again.

Contacts cannot be put away, so a deactivated one is marked at the end of its name. Custom fields can be
neither made nor listed: one that an update does not keep is not there.
"""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from datetime import datetime

from shared.adapters.psa import problems
from shared.adapters.psa.api import ContactPage
from shared.adapters.psa.enrichment import CONTACT_FIELDS as CUSTOM
from shared.adapters.psa.enrichment import CUSTOMER_FIELDS, LOOK_AGAIN, missing_field
from shared.adapters.psa.http import PsaHttp
from shared.adapters.psa.syncro_documents import (
    PLAIN_FIELDS,
    ContactsPage,
    CustomerEnvelope,
    SyncroContact,
    body_of,
    contact_of,
    lost,
    text_of,
)
from shared.adapters.psa.syncro_requests import EDIT, NAME, VIEW, SyncroRequests
from shared.core.configuration import Enrichment
from shared.core.links import RemoteContact
from shared.core.models import ContactFields
from shared.core.report import TenantReport
from shared.core.supplement import Gap
from shared.ports import Clock, CustomFields, CustomFieldStore

_CONTACT_CLICKS = "Admin > Customers > Contact Custom Fields > New Field"
_CUSTOMER_CLICKS = "Admin > Customers > Customer Custom Fields > New Field"


class SyncroContacts(SyncroRequests):
    """Implements ContactsApi."""

    psa = NAME
    page_size = 50
    sends_whole = True
    moves_addresses = True
    unseen: AbstractSet[str] = frozenset()

    def __init__(
        self,
        http: PsaHttp,
        clock: Clock,
        *,
        customer_id: int,
        psa_account: str,
        custom_fields: CustomFieldStore,
        enriched: AbstractSet[str],
        enrichments: Collection[Enrichment],
    ) -> None:
        """`psa_account`: names the account among all; `enriched`: the custom fields of contacts that the
        connection fills, by our names; `enrichments`: what it asks for, so which of the customer's."""
        super().__init__(http)
        self._customer_id, self._psa_account, self._clock = customer_id, psa_account, clock
        self._custom_fields, self._enriched = custom_fields, frozenset(enriched)
        self._figures = frozenset(name for name, asked in CUSTOMER_FIELDS.items() if asked in enrichments)
        self._known: CustomFields | None = None
        self.listing = f"{psa_account} {customer_id}"
        self.allowance = http.allowance

    async def fields(self) -> frozenset[str]:
        """See ContactsApi: custom fields as long as they are not known to be missing."""
        if self._known is None and self._enriched:
            self._known = _recent(await self._custom_fields.get(self._psa_account), self._clock.now())
        return PLAIN_FIELDS | self._places

    @property
    def unproven(self) -> bool:
        """See ContactsApi."""
        return not {CUSTOM[ours] for ours in self._places} <= self._found.present

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """See ContactsApi."""
        names = [CUSTOM[ours] for ours in CUSTOM if ours in self._enriched]
        clicks = dict.fromkeys(names, _CONTACT_CLICKS) | dict.fromkeys(
            sorted(self._figures), _CUSTOMER_CLICKS
        )
        return tuple(
            missing_field(NAME, name, clicks[name]) for name in clicks if name in self._found.missing
        )

    def cost(self, fields: ContactFields, changed: AbstractSet[str]) -> int:
        """See ContactsApi."""
        return 1

    async def page(self, number: int) -> ContactPage:
        """See ContactsApi."""
        params = {"customer_id": self._customer_id, "page": number}
        page = (await self.ask("GET", "contacts", VIEW, params=params)).read(ContactsPage, NAME)
        return ContactPage(
            [contact_of(found) for found in page.contacts], page.meta.total_pages, page.meta.total_entries
        )

    def mine(self, contact: RemoteContact) -> RemoteContact | None:
        """See ContactsApi: should the filter ever be ignored, nobody else's contact is touched."""
        return contact if contact.customer_id == str(self._customer_id) else None

    async def get(self, contact_id: str) -> RemoteContact | None:
        """See ContactsApi."""
        try:
            reply = await self.ask("GET", f"contacts/{int(contact_id)}", VIEW)
        except problems.Unknown:
            return None
        return contact_of(reply.read(SyncroContact, NAME))

    async def find(self, email: str) -> list[RemoteContact] | None:
        """See ContactsApi: contacts cannot be asked for by address."""
        return None

    async def create(self, fields: ContactFields) -> RemoteContact:
        """See ContactsApi."""
        places = self._places
        body = body_of(self._customer_id, fields, {}, places, active=True)
        try:
            reply = await self.ask("POST", "contacts", EDIT, body=body)
        except problems.Unknown:
            raise problems.customer_unknown(NAME) from None
        made = contact_of(reply.read(SyncroContact, NAME))
        kept = self._sent(fields, places) - lost(made, self._sent(fields, places))
        await self._note(kept, frozenset())
        return made

    async def update(
        self, before: RemoteContact, fields: ContactFields, changed: AbstractSet[str], *, active: bool
    ) -> RemoteContact | None:
        """See ContactsApi."""
        places = self._places
        if not changed & (PLAIN_FIELDS | places) and active is before.active:
            return before
        body = body_of(self._customer_id, fields, before.rest, places, active=active)
        reply = await self.ask("PUT", f"contacts/{int(before.id)}", EDIT, body=body)
        after = contact_of(reply.read(SyncroContact, NAME))
        sent = self._sent(fields, places & changed)
        await self._note(sent, lost(after, sent))
        return after

    async def publish(self, report: TenantReport) -> None:
        """See ContactsApi: counts and score, where the customer has custom fields for them."""
        wanted = self._figures - self._found.missing
        values = {name: value for name, value in _figures(report).items() if name in wanted}
        if not values:
            return
        path = f"customers/{self._customer_id}"
        try:
            found = (await self.ask("GET", path, VIEW)).read(CustomerEnvelope, NAME).customer
            properties = found.properties or {}
            if all(text_of(properties.get(name)) == value for name, value in values.items()):
                return
            reply = await self.ask("PUT", path, EDIT, body={"properties": {**properties, **values}})
        except problems.Unknown:
            raise problems.customer_unknown(NAME) from None
        kept = reply.read(CustomerEnvelope, NAME).customer.properties or {}
        lacking = frozenset(name for name in values if not text_of(kept.get(name)))
        await self._note(frozenset(values), lacking)

    @property
    def _found(self) -> CustomFields:
        return self._known or CustomFields()

    @property
    def _places(self) -> frozenset[str]:
        return frozenset(ours for ours in self._enriched if CUSTOM[ours] not in self._found.missing)

    def _sent(self, fields: ContactFields, places: AbstractSet[str]) -> frozenset[str]:
        """The custom fields, by Syncro's names, that are sent with a value."""
        return frozenset(CUSTOM[ours] for ours in places if getattr(fields, ours))

    async def _note(self, tried: frozenset[str], missing: frozenset[str]) -> None:
        """Write down which custom fields are there, where that is news."""
        before = self._found
        present, absent = before.present | (tried - missing), before.missing | missing
        if (present, absent) != (before.present, before.missing):
            since = before.looked_at if before.missing else None
            self._known = CustomFields(present, absent, since or self._clock.now())
            await self._custom_fields.save(self._psa_account, self._known)


def _recent(known: CustomFields, now: datetime) -> CustomFields:
    """What is known, unless it is so old that somebody may have made the fields meanwhile."""
    if known.looked_at is not None and now - known.looked_at < LOOK_AGAIN:
        return known
    return CustomFields(known.present)


def _figures(report: TenantReport) -> dict[str, str]:
    score = report.secure_score.percent if report.secure_score is not None else None
    figures = {
        "microsoft_secure_score": None if score is None else f"{score:g}%",
        "azure_licensed_user_count": str(report.licensed_users),
        "azure_active_user_count": None if report.active_users is None else str(report.active_users),
    }
    return {name: value for name, value in figures.items() if value is not None}
