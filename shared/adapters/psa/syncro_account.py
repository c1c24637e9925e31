"""A Syncro account: whether its token is good, and which customers it has."""

from collections.abc import AsyncIterator, Iterable, Mapping

from shared.adapters.psa import problems
from shared.adapters.psa.syncro_documents import CustomersPage, Me, SyncroCustomer
from shared.adapters.psa.syncro_requests import EDIT, LIST, NAME, VIEW, WHERE, SyncroRequests
from shared.core.account_destination import usual_domains
from shared.ports import FoundCustomer, PsaIdentity


class SyncroAccount(SyncroRequests):
    """Implements PsaAccount."""

    async def check(self) -> PsaIdentity:
        """See PsaAccount. Whether contacts may be written only `/me` tells: the others are tried."""
        me = (await self.ask("GET", "me", "")).read(Me, NAME)
        if me.permissions.get("customer", {}).get("write") is False:
            raise problems.permission_missing(NAME, WHERE, EDIT)
        await self.ask("GET", "customers", LIST, params={"page": 1})
        await self.ask("GET", "contacts", VIEW, params={"page": 1})
        name = me.subdomain or NAME
        return PsaIdentity(f"syncro {name}", name)

    async def customers(self) -> AsyncIterator[list[FoundCustomer]]:
        """See PsaAccount; Syncro has no places inside a customer for contacts."""
        number, last = 1, 1
        while number <= last:
            reply = await self.ask("GET", "customers", LIST, params={"page": number})
            page = reply.read(CustomersPage, NAME)
            yield [
                FoundCustomer(
                    str(customer.id),
                    customer.business_name or customer.fullname or str(customer.id),
                    usual_domains(_addresses(customer)),
                )
                for customer in page.customers
            ]
            last = page.meta.total_pages if page.customers else 0
            number += 1

    async def address_domains(self) -> Mapping[str, tuple[str, ...]]:
        """See PsaAccount: customers are listed with their contacts, so they tell themselves."""
        return {}


def _addresses(customer: SyncroCustomer) -> Iterable[str]:
    contacts = [contact.email for contact in customer.contacts or ()]
    return (address for address in (customer.email, *contacts) if address)
