"""Opens accounts, and their customers' contacts, in every PSA there is."""

from datetime import datetime

import httpx

from shared.adapters.psa import problems
from shared.adapters.psa.allowance import Allowance
from shared.adapters.psa.api import ContactsApi
from shared.adapters.psa.atera import AteraContacts
from shared.adapters.psa.atera_account import AteraAccount
from shared.adapters.psa.atera_requests import NAME as ATERA
from shared.adapters.psa.atera_requests import expiry_of, headers_of
from shared.adapters.psa.enrichment import CONTACT_FIELDS
from shared.adapters.psa.http import PsaHttp
from shared.adapters.psa.listing import Listings
from shared.adapters.psa.syncro import SyncroContacts
from shared.adapters.psa.syncro_account import SyncroAccount
from shared.adapters.psa.syncro_requests import NAME as SYNCRO
from shared.adapters.psa.syncro_requests import SUBDOMAIN
from shared.core.account_destination import AccountDestination, DestinationKind
from shared.core.connection import Connection
from shared.core.mapping import enriched_fields
from shared.ports import Budgets, Clock, CustomFields, CustomFieldStore, ListingStore, PsaAccount
from shared.settings import Settings

_IN_PERSON = 30  # calls a minute, on top of what syncs may use: Syncro's own limit leaves room for these
_PART = 5  # of what syncs may use: no more than that
_FEWEST = 6  # testing a key takes three


class Psas:
    """Implements PsaAccounts, and opens contacts for `shared.adapters.psa.routing`."""

    def __init__(
        self,
        settings: Settings,
        http: httpx.AsyncClient,
        *,
        budgets: Budgets,
        listings: ListingStore,
        custom_fields: CustomFieldStore,
        clock: Clock,
    ) -> None:
        """`http`: shared by all accounts, bounds what it reads."""
        self._settings, self._client, self._budgets, self._clock = settings, http, budgets, clock
        self._custom_fields = custom_fields
        self.listings = Listings(listings, clock)

    def open(
        self,
        kind: DestinationKind,
        key: str,
        subdomain: str | None,
        account_id: str,
        *,
        in_person: bool = False,
    ) -> PsaAccount:
        """See PsaAccounts."""
        if kind is DestinationKind.SYNCRO:
            return SyncroAccount(self._syncro(key, subdomain, by=account_id, in_person=in_person))
        http, expires_at = self._atera(key, account_id, by=account_id, in_person=in_person)
        return AteraAccount(
            http,
            expires_at,
            self._clock,
            listings=self.listings,
            custom_fields=self._custom_fields,
            account_id=account_id,
        )

    async def forget(self, destination: AccountDestination, account_id: str) -> None:
        """See PsaAccounts."""
        await self._custom_fields.save(f"{account_id} {destination.psa_account}", CustomFields())

    def contacts(self, destination: AccountDestination, key: str, connection: Connection) -> ContactsApi:
        """The contacts of a connection's customer. Raises DestinationRefused where it can be none there."""
        name = SYNCRO if destination.kind is DestinationKind.SYNCRO else ATERA
        if not connection.customer_id.isdecimal():
            raise problems.customer_unknown(name)
        customer_id = int(connection.customer_id)
        # What one account has seen is not shown to another, though both have keys of one PSA account.
        psa_account = f"{connection.account_id} {destination.psa_account}"
        enriched = enriched_fields(connection.configuration) & CONTACT_FIELDS.keys()
        if destination.kind is DestinationKind.SYNCRO:
            return SyncroContacts(
                self._syncro(key, destination.subdomain, by=connection.id),
                self._clock,
                customer_id=customer_id,
                psa_account=psa_account,
                custom_fields=self._custom_fields,
                enriched=enriched,
                enrichments=connection.configuration.enrichments,
            )
        http, expires_at = self._atera(key, connection.account_id, by=connection.id)
        return AteraContacts(
            http,
            expires_at,
            self._clock,
            customer_id=customer_id,
            psa_account=psa_account,
            custom_fields=self._custom_fields,
            sites=[rule.site for rule in connection.configuration.sites.rules],
            enriched=enriched,
        )

    def _syncro(self, key: str, subdomain: str | None, *, by: str, in_person: bool = False) -> PsaHttp:
        if subdomain is None or not SUBDOMAIN.fullmatch(subdomain):
            raise problems.account_unknown(SYNCRO)
        # Syncro counts by IP address, which all accounts of this app share.
        allowance = self._allowance(SYNCRO, "syncro", self._settings.syncro_calls, by, in_person=in_person)
        base_url = f"{self._settings.syncro_url.format(subdomain=subdomain)}/api/v1"
        return PsaHttp(self._client, SYNCRO, base_url, {"Authorization": f"Bearer {key}"}, allowance)

    def _atera(
        self, key: str, account_id: str, *, by: str, in_person: bool = False
    ) -> tuple[PsaHttp, datetime | None]:
        name, per_minute = f"atera {account_id}", self._settings.atera_calls
        allowance = self._allowance(ATERA, name, per_minute, by, in_person=in_person)
        http = PsaHttp(self._client, ATERA, f"{self._settings.atera_url}/api/v3", headers_of(key), allowance)
        return http, expiry_of(key)

    def _allowance(self, psa: str, name: str, per_minute: int, by: str, *, in_person: bool) -> Allowance:
        if in_person:
            name, per_minute = f"{name} in person", max(_FEWEST, min(per_minute // _PART, _IN_PERSON))
        return Allowance(self._budgets, self._clock, psa, name, per_minute=per_minute, by=by)
