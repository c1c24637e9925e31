"""What every AccountStore and CustomerStore must do."""

from datetime import timedelta

import msgspec
import pytest

from shared.core.api_key import KeyScope, new_api_key
from shared.core.customer import Account, Customer, Site, new_account_id
from shared.ports import AccountStore, CustomerStore
from tests.contract.contracts.values import HOSTILE, LATER, NOW, unique


class AccountStoreContract:
    """Accounts and their API keys."""

    @pytest.fixture
    def accounts(self) -> AccountStore:
        raise NotImplementedError("the store under test")

    async def test_an_account_is_found_as_it_was_added(self, accounts: AccountStore) -> None:
        """What goes in comes out, to the microsecond and to the last character of the name."""
        account = Account(new_account_id(), 'Zoë\'s "MSP" / 名前 😀', NOW)
        await accounts.add(account)
        assert await accounts.get(account.id) == account

    async def test_a_saved_account_takes_the_place_of_what_was_there(self, accounts: AccountStore) -> None:
        """Its keys stay."""
        account = Account(new_account_id(), "Old", NOW)
        key, _ = new_api_key(account.id, "label", NOW)
        await accounts.add(account)
        await accounts.add_key(key)
        saved = Account(account.id, "New", NOW, ("https://psa.example", "https://other.example:8443"))
        await accounts.save(saved)
        assert await accounts.get(account.id) == saved
        assert await accounts.get_key(account.id, key.id) == key

    async def test_an_unknown_account_is_none(self, accounts: AccountStore) -> None:
        """Looking for what is not there is no error."""
        assert await accounts.get(unique()) is None
        assert await accounts.get_key(unique(), "00000000") is None
        assert await accounts.keys(unique()) == []

    async def test_keys_belong_to_one_account(self, accounts: AccountStore) -> None:
        """A key is found under its own account only."""
        mine, other = new_account_id(), new_account_id()
        key, _ = new_api_key(mine, "label", NOW)
        await accounts.add_key(key)
        assert await accounts.get_key(mine, key.id) == key
        assert await accounts.get_key(other, key.id) is None
        assert await accounts.keys(other) == []

    async def test_every_key_is_listed_revoked_ones_too(self, accounts: AccountStore) -> None:
        """The list of keys shows what exists, in whatever state."""
        account_id = new_account_id()
        keys = [new_api_key(account_id, f"key {number}", NOW)[0] for number in range(5)]
        for key in keys:
            await accounts.add_key(key)
        assert await accounts.revoke_key(account_id, keys[0].id, LATER)
        listed = {key.id: key.revoked_at for key in await accounts.keys(account_id)}
        assert listed == {key.id: None for key in keys} | {keys[0].id: LATER}

    async def test_a_revoked_key_accepts_nothing(self, accounts: AccountStore) -> None:
        """After revoking, the stored key refuses its own secret."""
        account_id = new_account_id()
        key, text = new_api_key(account_id, "label", NOW)
        await accounts.add_key(key)
        await accounts.revoke_key(account_id, key.id, LATER)
        found = await accounts.get_key(account_id, key.id)
        assert found is not None
        assert key.accepts(text.rpartition("_")[2], NOW)
        assert not found.accepts(text.rpartition("_")[2], NOW)

    async def test_revoking_again_keeps_the_first_time(self, accounts: AccountStore) -> None:
        """A key was revoked when it was first revoked."""
        account_id = new_account_id()
        key, _ = new_api_key(account_id, "label", NOW)
        await accounts.add_key(key)
        await accounts.revoke_key(account_id, key.id, LATER)
        assert await accounts.revoke_key(account_id, key.id, LATER + timedelta(hours=1))
        found = await accounts.get_key(account_id, key.id)
        assert found is not None
        assert found.revoked_at == LATER

    async def test_a_key_is_swapped_by_whoever_knows_it_as_it_is(self, accounts: AccountStore) -> None:
        """Noting a use can therefore never undo a revocation that came in between."""
        account_id = new_account_id()
        key, _ = new_api_key(account_id, "label", NOW, (KeyScope.RUNS_READ, KeyScope.KEYS_WRITE), "1b2c3d4e")
        noted = msgspec.structs.replace(key, last_used_at=NOW)
        assert not await accounts.swap_key(key, noted)
        await accounts.add_key(key)
        assert await accounts.swap_key(key, noted)
        assert await accounts.get_key(account_id, key.id) == noted
        await accounts.revoke_key(account_id, key.id, LATER)
        assert not await accounts.swap_key(noted, msgspec.structs.replace(noted, last_used_at=LATER))
        assert await accounts.get_key(account_id, key.id) == msgspec.structs.replace(noted, revoked_at=LATER)

    async def test_revoking_an_unknown_key_says_so(self, accounts: AccountStore) -> None:
        """There is nothing to revoke, also in somebody else's account."""
        account_id = new_account_id()
        key, _ = new_api_key(account_id, "label", NOW)
        await accounts.add_key(key)
        assert not await accounts.revoke_key(new_account_id(), key.id, LATER)
        assert not await accounts.revoke_key(account_id, "ffffffff", LATER)


class CustomerStoreContract:
    """The customers of an account, by the PSA's own id."""

    @pytest.fixture
    def customers(self) -> CustomerStore:
        raise NotImplementedError("the store under test")

    async def test_a_customer_is_found_as_it_was_put(self, customers: CustomerStore) -> None:
        """Name and sites survive whatever they are made of."""
        account_id = unique()
        sites = tuple(Site(text, text * 3) for text in HOSTILE)
        customer = Customer("c-1", account_id, "Zoë / 名前 😀", unique(), NOW, sites)
        await customers.put(customer)
        assert await customers.get(account_id, "c-1") == customer

    async def test_hostile_ids_are_kept_apart(self, customers: CustomerStore) -> None:
        """A PSA's id may hold any character; each names its own customer, and all are listed."""
        account_id = unique()
        for number, customer_id in enumerate(HOSTILE):
            await customers.put(Customer(customer_id, account_id, f"Customer {number}", unique(), NOW))
        for number, customer_id in enumerate(HOSTILE):
            found = await customers.get(account_id, customer_id)
            assert found is not None
            assert (found.id, found.name) == (customer_id, f"Customer {number}")
        assert sorted(await _all(customers, account_id, limit=4)) == sorted(HOSTILE)

    async def test_putting_again_replaces(self, customers: CustomerStore) -> None:
        """The last one put is the one that is there; sites that are gone are gone."""
        account_id = unique()
        await customers.put(Customer("c", account_id, "Old", "x", NOW, (Site("1", "Site"),)))
        new = Customer("c", account_id, "New", "x", NOW)
        await customers.put(new)
        assert await customers.get(account_id, "c") == new

    async def test_customers_belong_to_one_account(self, customers: CustomerStore) -> None:
        """The same id in two accounts names two customers."""
        mine, other = unique(), unique()
        await customers.put(Customer("c", mine, "Mine", "x", NOW))
        assert await customers.get(other, "c") is None
        assert await _all(customers, other, limit=10) == []

    async def test_pages_hold_everybody_once_in_order(self, customers: CustomerStore) -> None:
        """However the list is cut, it is the same list, and only the last page has no `after`."""
        account_id = unique()
        ids = [f"customer-{number:03d}" for number in range(23)]
        for customer_id in reversed(ids):
            await customers.put(Customer(customer_id, account_id, customer_id, "x", NOW))
        for limit in (1, 7, 22, 23, 24):
            assert await _all(customers, account_id, limit) == ids

    async def test_many_sites_fit(self, customers: CustomerStore) -> None:
        """A customer with a thousand sites with long names is stored whole."""
        account_id = unique()
        sites = tuple(Site(f"site-{number}", "Ünïcödé 名 " * 20) for number in range(1000))
        customer = Customer("c", account_id, "Large", "x", NOW, sites)
        await customers.put(customer)
        assert await customers.get(account_id, "c") == customer


async def _all(customers: CustomerStore, account_id: str, limit: int) -> list[str]:
    found: list[str] = []
    after: str | None = None
    while True:
        page = await customers.list(account_id, limit, after)
        assert len(page.items) <= limit
        found += [customer.id for customer in page.items]
        if page.after is None:
            return found
        after = page.after
