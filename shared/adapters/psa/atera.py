"""Atera, API v3 (app.atera.com/apidocs), as far as contacts, customers and departments go.

What its documents leave open, and what is done so that it comes out right either way:

- what a contact says after a write is not told: numbers are compared by their digits, texts without regard to
  white space, and what was written twice in vain is read back once;
- whether a page may have more than 50 contacts: 50 are asked for;
- whether contacts that were archived are listed: one that a sync archived counts as archived when it is not;
- how values are blanked: with an empty text; what is not named or null stays;
- whether an address may be there twice, in a customer or in the account: a refusal (409) is looked up;
- whether the id of what was made is a number or a text, in an answer of 200 or 201: all of these;
- how many calls a minute are allowed: a setting;
- what a suspended account or one without API is told: a key that may not even ask whose it is.

An address cannot be changed, so another address is another contact. Contacts cannot be asked for by customer.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime
from urllib.parse import quote

from shared.adapters.psa import problems
from shared.adapters.psa.api import ContactPage
from shared.adapters.psa.atera_documents import (
    CUSTOMER,
    PLAIN_FIELDS,
    AteraContact,
    ContactsPage,
    CustomField,
    Done,
    changed_body,
    contact_of,
    created_body,
    placed,
)
from shared.adapters.psa.atera_requests import NAME, PAGE, AteraRequests
from shared.adapters.psa.enrichment import CONTACT_FIELDS as CUSTOM
from shared.adapters.psa.enrichment import LOOK_AGAIN, missing_field
from shared.adapters.psa.http import PsaHttp
from shared.core.links import RemoteContact
from shared.core.models import ContactFields
from shared.core.report import TenantReport
from shared.core.supplement import Gap
from shared.core.text import normalized_email
from shared.ports import Clock, CustomFields, CustomFieldStore

_CLICKS = "Admin > Data management > Custom fields > Contacts > Add field"


class AteraContacts(AteraRequests):
    """Implements ContactsApi."""

    psa = NAME
    page_size = PAGE
    sends_whole = False
    moves_addresses = False
    unseen: AbstractSet[str] = frozenset(CUSTOM)
    unproven = False

    def __init__(
        self,
        http: PsaHttp,
        expires_at: datetime | None,
        clock: Clock,
        *,
        customer_id: int,
        psa_account: str,
        custom_fields: CustomFieldStore,
        sites: Iterable[str],
        enriched: AbstractSet[str],
    ) -> None:
        """`psa_account`: names the account among all; `sites`: those the connection moves people to;
        `enriched`: the custom fields that it fills, by our names."""
        super().__init__(http, expires_at, clock)
        self._customer_id, self._psa_account = customer_id, psa_account
        self._custom_fields, self._enriched = custom_fields, frozenset(enriched)
        others = {site.removeprefix(CUSTOMER) for site in sites if site.startswith(CUSTOMER)}
        self._itself_a_site = str(customer_id) in others
        self._mine = {str(customer_id), *others}
        self._known: CustomFields | None = None
        # There is no telling contacts by customer, so one look serves all customers of the account.
        self.listing = psa_account
        self.allowance = http.allowance

    async def fields(self) -> frozenset[str]:
        """See ContactsApi: custom fields where the account has them."""
        if self._known is None and self._enriched:
            self._known = await self._look_at_custom_fields()
        return PLAIN_FIELDS | self._places

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """See ContactsApi."""
        missing = self._known.missing if self._known is not None else frozenset[str]()
        return tuple(
            missing_field(NAME, theirs, _CLICKS)
            for ours, theirs in CUSTOM.items()
            if ours in self._enriched and theirs in missing
        )

    def cost(self, fields: ContactFields, changed: AbstractSet[str]) -> int:
        """See ContactsApi: one for the contact, one for each custom field."""
        custom = changed & self._places
        return len(custom) + bool(changed - custom)

    async def page(self, number: int) -> ContactPage:
        """See ContactsApi."""
        reply = await self.ask("GET", "contacts", params={"page": number, "itemsInPage": PAGE})
        page = reply.read(ContactsPage, NAME)
        found = [contact for contact in page.items or () if contact.EndUserID is not None]
        return ContactPage([contact_of(contact) for contact in found], page.pages, page.total)

    def mine(self, contact: RemoteContact) -> RemoteContact | None:
        """See ContactsApi."""
        return self._placed(contact) if contact.customer_id in self._mine else None

    async def get(self, contact_id: str) -> RemoteContact | None:
        """See ContactsApi."""
        try:
            reply = await self.ask("GET", f"contacts/{int(contact_id)}")
        except problems.Unknown:
            return None
        found = reply.read(AteraContact, NAME)
        return None if found.EndUserID is None else self._placed(contact_of(found))

    async def find(self, email: str) -> list[RemoteContact] | None:
        """See ContactsApi. The filter finds whatever contains the text."""
        params = {"Email": email, "page": 1, "itemsInPage": PAGE}
        page = (await self.ask("GET", "contacts", params=params)).read(ContactsPage, NAME)
        wanted = normalized_email(email)
        return [
            self._placed(contact_of(found))
            for found in page.items or ()
            if found.EndUserID is not None and normalized_email(found.Email or "") == wanted
        ]

    async def create(self, fields: ContactFields) -> RemoteContact:
        """See ContactsApi; custom fields are for `update`."""
        reply = await self.ask("POST", "contacts", body=created_body(fields, self._customer_id))
        made = reply.read(Done, NAME).ActionID
        if made is None or not str(made).isdecimal():
            raise problems.unintelligible(NAME)
        kept = {name: getattr(fields, name) for name in PLAIN_FIELDS}
        customer_id = fields.site.removeprefix(CUSTOMER) if fields.site.startswith(CUSTOMER) else ""
        return RemoteContact(str(made), customer_id or str(self._customer_id), ContactFields(**kept))

    async def update(
        self, before: RemoteContact, fields: ContactFields, changed: AbstractSet[str], *, active: bool
    ) -> RemoteContact | None:
        """See ContactsApi."""
        body = changed_body(fields, changed, self._customer_id)
        if active is not before.active:
            body["Archived"] = not active
        if body:
            await self.ask("PUT", f"contacts/{int(before.id)}", body=body)
        for ours in sorted(changed & self._places):
            name = quote(CUSTOM[ours], safe="")
            path = f"customvalues/contactfield/{int(before.id)}/{name}"
            await self.ask("PUT", path, body={"Value": getattr(fields, ours)})
        return None

    async def publish(self, report: TenantReport) -> None:
        """See ContactsApi: Atera has no place for it that its own integration would fill."""

    def _placed(self, contact: RemoteContact) -> RemoteContact:
        return placed(contact, str(self._customer_id), itself_a_site=self._itself_a_site)

    @property
    def _places(self) -> frozenset[str]:
        if self._known is None:
            return frozenset()
        return frozenset(ours for ours in self._enriched if CUSTOM[ours] in self._known.present)

    async def _look_at_custom_fields(self) -> CustomFields:
        known, now = await self._custom_fields.get(self._psa_account), self._clock.now()
        if known.looked_at is not None and now - known.looked_at < LOOK_AGAIN:
            return known
        reply = await self.ask("GET", "customvalues/customfields")
        found = {
            field.Name
            for field in reply.read(list[CustomField], NAME)
            if (field.Target, field.DataType) == ("Contact", "Text")
        }
        names = frozenset(CUSTOM.values())
        known = CustomFields(names & found, names - found, now)
        await self._custom_fields.save(self._psa_account, known)
        return known
