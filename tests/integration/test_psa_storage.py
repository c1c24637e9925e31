"""What is kept of contacts in a PSA, and of looks at them, keeps its ports' contracts on Azurite."""

import pytest

from shared.adapters.tables.account_destinations import TableAccountDestinations, TableCustomFields
from shared.adapters.tables.accounts import TableAccounts
from shared.adapters.tables.links import TableLinks
from shared.adapters.tables.listings import TableListings
from shared.core.account_destination import AccountDestination
from shared.core.customer import Account
from shared.ports import CustomFields, ListingHead
from tests.contract.contracts.psa import AccountDestinationStoreContract, CustomFieldStoreContract
from tests.contract.contracts.psa_links import LinkStoreContract
from tests.contract.contracts.psa_listings import ListingStoreContract
from tests.contract.contracts.psa_values import remote
from tests.contract.contracts.values import NOW, unique
from tests.integration.storage import OwnTables


class TestTableLinks(LinkStoreContract):
    """Links."""

    @pytest.fixture
    def links(self, tables: OwnTables) -> TableLinks:
        return TableLinks(tables)


class TestTableListings(ListingStoreContract):
    """Looks at contacts."""

    @pytest.fixture
    def listings(self, tables: OwnTables) -> TableListings:
        return TableListings(tables)


class TestTableCustomFields(CustomFieldStoreContract):
    """Custom fields."""

    @pytest.fixture
    def custom_fields(self, tables: OwnTables) -> TableCustomFields:
        return TableCustomFields(tables)


class TestTableAccountDestinations(AccountDestinationStoreContract):
    """Accounts' destinations."""

    @pytest.fixture
    def account_destinations(self, tables: OwnTables) -> TableAccountDestinations:
        return TableAccountDestinations(tables)


async def test_a_look_and_custom_fields_may_have_one_name(tables: OwnTables) -> None:
    """They are kept side by side, and pruning the one leaves the other."""
    name, listings, custom_fields = f"{unique()} atera 1", TableListings(tables), TableCustomFields(tables)
    known = CustomFields(frozenset({"azure_license"}), frozenset(), NOW)
    await custom_fields.save(name, known)
    head = ListingHead("11aa", NOW, parts=1)
    await listings.move(name, None, head)
    await listings.add_part(name, head.version, 0, [remote(1)])
    await listings.prune(name, "22bb")
    assert await custom_fields.get(name) == known
    stored = await listings.head(name)
    assert stored is not None
    assert stored.value == head
    assert await listings.contacts(name, head) is None


async def test_an_accounts_destination_is_beside_the_account(tables: OwnTables) -> None:
    """Neither is taken for the other, or for one of its keys."""
    account = Account(unique(), "Example MSP", NOW)
    accounts, destinations = TableAccounts(tables), TableAccountDestinations(tables)
    await accounts.add(account)
    assert await destinations.get(account.id) is None
    stored = await destinations.put(account.id, None, AccountDestination(name="Example"))
    assert await accounts.get(account.id) == account
    assert await accounts.keys(account.id) == []
    assert await destinations.get(account.id) == stored
