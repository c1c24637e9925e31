"""What every CustomFieldStore and AccountDestinationStore must do."""

import asyncio

import pytest

from shared.core.account_destination import AccountDestination, DestinationKind, DestinationProblem
from shared.core.errors import ConcurrentUpdate
from shared.ports import AccountDestinationStore, CustomFields, CustomFieldStore, Stored
from tests.contract.contracts.values import HOSTILE, LATER, NOW, unique


class CustomFieldStoreContract:
    """What is known of custom fields."""

    @pytest.fixture
    def custom_fields(self) -> CustomFieldStore:
        raise NotImplementedError("the store under test")

    async def test_nothing_is_known_at_first(self, custom_fields: CustomFieldStore) -> None:
        """Of any account, whatever it is called."""
        await custom_fields.save(unique(), CustomFields(frozenset({"azure_license"}), looked_at=NOW))
        for name in (unique(), *(f"{unique()} {text}" for text in HOSTILE)):
            assert await custom_fields.get(name) == CustomFields()

    @pytest.mark.parametrize("name", HOSTILE)
    async def test_what_was_found_out_is_found(self, custom_fields: CustomFieldStore, name: str) -> None:
        """And replaced as a whole; other accounts' stays."""
        name, other = f"{unique()} {name}", unique()
        known = CustomFields(frozenset(HOSTILE), frozenset({"x" * 1_000}), LATER)
        await custom_fields.save(other, known)
        for fields in (known, CustomFields(missing=frozenset({"a"})), CustomFields()):
            await custom_fields.save(name, fields)
            assert await custom_fields.get(name) == fields
        assert await custom_fields.get(other) == known


class AccountDestinationStoreContract:
    """Where accounts' contacts live."""

    @pytest.fixture
    def account_destinations(self) -> AccountDestinationStore:
        raise NotImplementedError("the store under test")

    async def test_where_nobody_chose_there_is_none(
        self, account_destinations: AccountDestinationStore
    ) -> None:
        """Of any account, whatever its id is."""
        await account_destinations.put(unique(), None, AccountDestination())
        for text in ("", unique(), *HOSTILE):
            assert await account_destinations.get(text) is None

    @pytest.mark.parametrize("text", [*HOSTILE, "名" * 1_000, "x" * 1_000])
    async def test_every_part_of_a_destination_is_kept(
        self, account_destinations: AccountDestinationStore, text: str
    ) -> None:
        """Any text in every field, of an account with any id; what is blank again is blank again."""
        account_id = f"{unique()}{text}"
        full = AccountDestination(
            DestinationKind.SYNCRO,
            subdomain=text,
            psa_account=text,
            name=text,
            secret_name=text,
            set_at=NOW,
            tested_at=LATER,
            problem=DestinationProblem(text, text, text, text, NOW, closed=True),
            importing_since=LATER,
            imported_at=NOW,
            customers=1_000_000,
        )
        stored = await account_destinations.put(account_id, None, full)
        assert await account_destinations.get(account_id) == stored
        assert stored.value == full
        again = await account_destinations.put(account_id, stored, AccountDestination())
        assert await account_destinations.get(account_id) == again
        assert again.value == AccountDestination()

    async def test_a_destination_is_written_over_what_was_read_once(
        self, account_destinations: AccountDestinationStore
    ) -> None:
        """Whoever read another version, or none, changes nothing."""
        account_id, mine = unique(), AccountDestination(DestinationKind.ATERA)
        with pytest.raises(ConcurrentUpdate):
            await account_destinations.put(account_id, Stored(mine, 'W/"nothing"'), mine)
        assert await account_destinations.get(account_id) is None
        first = await account_destinations.put(account_id, None, mine)
        second = await account_destinations.put(account_id, first, AccountDestination(name="second"))
        for outdated in (None, first):
            with pytest.raises(ConcurrentUpdate):
                await account_destinations.put(account_id, outdated, AccountDestination(name="too late"))
        assert await account_destinations.get(account_id) == second

    @pytest.mark.parametrize("exists", [True, False])
    async def test_of_many_writers_one_wins(
        self, account_destinations: AccountDestinationStore, exists: bool
    ) -> None:
        """Twenty who saw the same: what one of them wrote is there, and the others know."""
        account_id = unique()
        before = await account_destinations.put(account_id, None, AccountDestination()) if exists else None

        async def put(number: int) -> str | None:
            try:
                await account_destinations.put(account_id, before, AccountDestination(name=str(number)))
            except ConcurrentUpdate:
                return None
            return str(number)

        winners = [each for each in await asyncio.gather(*map(put, range(20))) if each is not None]
        found = await account_destinations.get(account_id)
        assert found is not None
        assert [found.value.name] == winners
