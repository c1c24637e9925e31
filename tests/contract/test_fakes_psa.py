"""The fakes of what is kept of contacts in a PSA keep the contracts that the real adapters are held to."""

import pytest

from tests.contract.contracts.psa import AccountDestinationStoreContract, CustomFieldStoreContract
from tests.contract.contracts.psa_links import LinkStoreContract
from tests.contract.contracts.psa_listings import ListingStoreContract
from tests.fakes.psa import FakeAccountDestinations, FakeCustomFields, FakeLinkStore, FakeListingStore


class TestFakeLinkStore(LinkStoreContract):
    """Links in memory."""

    @pytest.fixture
    def links(self) -> FakeLinkStore:
        return FakeLinkStore()


class TestFakeListingStore(ListingStoreContract):
    """Looks at contacts in memory."""

    @pytest.fixture
    def listings(self) -> FakeListingStore:
        return FakeListingStore()


class TestFakeCustomFields(CustomFieldStoreContract):
    """Custom fields in memory."""

    @pytest.fixture
    def custom_fields(self) -> FakeCustomFields:
        return FakeCustomFields()


class TestFakeAccountDestinations(AccountDestinationStoreContract):
    """Accounts' destinations in memory."""

    @pytest.fixture
    def account_destinations(self) -> FakeAccountDestinations:
        return FakeAccountDestinations()
