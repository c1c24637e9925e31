"""An Atera account: whether its key is good, and which customers it has."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from shared.adapters.psa import problems
from shared.adapters.psa.atera import AteraContacts
from shared.adapters.psa.atera_documents import (
    CUSTOMER,
    DEPARTMENT,
    AccountInfo,
    CustomersPage,
    DepartmentsPage,
)
from shared.adapters.psa.atera_requests import NAME, PAGE, AteraRequests
from shared.adapters.psa.http import PsaHttp
from shared.adapters.psa.listing import Listings
from shared.core.account_destination import usual_domains
from shared.ports import Clock, CustomFieldStore, FoundCustomer, PsaIdentity

_SHARED_LOOK = timedelta(minutes=15)


class AteraAccount(AteraRequests):
    """Implements PsaAccount."""

    def __init__(
        self,
        http: PsaHttp,
        expires_at: datetime | None,
        clock: Clock,
        *,
        listings: Listings,
        custom_fields: CustomFieldStore,
        account_id: str,
    ) -> None:
        """`account_id`: ours, whose looks are not shared with others."""
        super().__init__(http, expires_at, clock)
        self._listings, self._custom_fields, self._account_id = listings, custom_fields, account_id

    async def check(self) -> PsaIdentity:
        """See PsaAccount. That contacts may be written cannot be tried without writing one."""
        account = await self.account()
        await self.ask("GET", "customers", params={"page": 1, "itemsInPage": 1})
        await self.ask("GET", "contacts", params={"page": 1, "itemsInPage": 1})
        return PsaIdentity(_named(account), account.CompanyName or NAME)

    async def account(self) -> AccountInfo:
        """Whose key it is."""
        return (await self.ask("GET", "account")).read(AccountInfo, NAME)

    async def customers(self) -> AsyncIterator[list[FoundCustomer]]:
        """See PsaAccount. The sites of a customer are the account's departments; where an IT department uses
        Atera, the other customers too, which it calls sites."""
        it_department = (await self.account()).IsITDepartment is True
        departments = [(f"{DEPARTMENT}{key}", name) async for key, name in self._departments()]
        found: list[FoundCustomer] = []
        number, last = 1, 1
        while number <= last:
            reply = await self.ask("GET", "customers", params={"page": number, "itemsInPage": PAGE})
            page = reply.read(CustomersPage, NAME)
            found += [
                FoundCustomer(
                    str(customer.CustomerID),
                    customer.CustomerName or str(customer.CustomerID),
                    _domains(customer.Domain),
                )
                for customer in page.items or ()
                if customer.CustomerID is not None
            ]
            last, number = page.pages, number + 1
        for start in range(0, len(found), PAGE):
            yield [
                msgspec.structs.replace(
                    customer,
                    sites=(*departments, *(_sites(found, customer) if it_department else ())),
                )
                for customer in found[start : start + PAGE]
            ]

    async def address_domains(self) -> Mapping[str, tuple[str, ...]]:
        """See PsaAccount: from the look that the customers' first syncs go by too."""
        contacts = AteraContacts(
            self._http,
            self._expires_at,
            self._clock,
            customer_id=0,
            psa_account=f"{self._account_id} {_named(await self.account())}",
            custom_fields=self._custom_fields,
            sites=(),
            enriched=frozenset(),
        )
        listing = await self._listings.read(contacts, self._clock.now() - _SHARED_LOOK)
        addresses: dict[str, list[str]] = defaultdict(list)
        for contact in listing.contacts:
            addresses[contact.customer_id].append(contact.fields.email)
        return {customer: usual_domains(found) for customer, found in addresses.items()}

    async def _departments(self) -> AsyncIterator[tuple[int, str]]:
        number, last = 1, 1
        while number <= last:
            params = {"page": number, "itemsInPage": PAGE}
            try:
                reply = await self.ask("GET", "departments", params=params)
            except problems.Unknown:
                return  # an account of before there were departments
            page = reply.read(DepartmentsPage, NAME)
            for department in page.items or ():
                if department.Id is not None:
                    yield department.Id, department.Name or str(department.Id)
            last, number = page.pages, number + 1


def _named(account: AccountInfo) -> str:
    """The account among all accounts of all PSAs."""
    return f"atera {account.AccountID}"


def _sites(customers: Iterable[FoundCustomer], own: FoundCustomer) -> Iterable[tuple[str, str]]:
    return ((f"{CUSTOMER}{other.id}", other.name) for other in customers if other.id != own.id)


def _domains(text: str | None) -> tuple[str, ...]:
    separated = (text or "").replace(",", ";").replace(" ", ";").split(";")
    return tuple(dict.fromkeys(part.strip().lower() for part in separated if part.strip()))
