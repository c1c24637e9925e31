"""What every ListingStore must do."""

import asyncio

import pytest

from shared.core.errors import ConcurrentUpdate
from shared.core.links import RemoteContact
from shared.ports import ListingHead, ListingStore, Stored
from tests.contract.contracts.psa_values import everywhere, long, remote
from tests.contract.contracts.values import HOSTILE, LATER, NOW, unique


class ListingStoreContract:
    """Looks at contacts that are shared."""

    @pytest.fixture
    def listings(self) -> ListingStore:
        raise NotImplementedError("the store under test")

    @pytest.mark.parametrize("name", HOSTILE)
    async def test_a_look_may_have_any_name(self, listings: ListingStore, name: str) -> None:
        """And shares nothing with looks of nearly the same name."""
        name = f"{unique()} {name}"
        head = ListingHead("11aa", NOW, parts=1)
        stored = await listings.move(name, None, head)
        await listings.add_part(name, "11aa", 0, [remote(1)])
        for other in (f"{name} ", f"{name}/", name[:-1], name.upper()):
            assert await listings.head(other) is None
            assert await listings.contacts(other, head) is None
            await listings.prune(other, "none")
        assert await listings.head(name) == stored
        assert await listings.contacts(name, head) == [remote(1)]

    async def test_a_head_is_found_as_it_was_written(self, listings: ListingStore) -> None:
        """Every part of it, and what is not said any more is not kept."""
        name = unique()
        assert await listings.head(name) is None
        full = ListingHead(
            "11aa", NOW, 7, total=305, parts=2, complete=True, found=302, busy_until=LATER, shortage=3
        )
        stored = await listings.move(name, None, full)
        assert await listings.head(name) == stored
        assert stored.value == full
        bare = await listings.move(name, stored, ListingHead("22bb", LATER))
        assert await listings.head(name) == bare
        assert bare.value == ListingHead("22bb", LATER)

    async def test_a_head_is_moved_from_where_it_was_read_once(self, listings: ListingStore) -> None:
        """Whoever read another version, or none, moves nothing."""
        name, head = unique(), ListingHead("11aa", NOW)
        with pytest.raises(ConcurrentUpdate):
            await listings.move(name, Stored(head, 'W/"nothing"'), head)
        assert await listings.head(name) is None
        first = await listings.move(name, None, head)
        second = await listings.move(name, first, ListingHead("11aa", NOW, next_page=2))
        for outdated in (None, first):
            with pytest.raises(ConcurrentUpdate):
                await listings.move(name, outdated, ListingHead("33cc", LATER))
        assert await listings.head(name) == second

    @pytest.mark.parametrize("exists", [True, False])
    async def test_of_many_who_move_a_head_one_wins(self, listings: ListingStore, exists: bool) -> None:
        """Twenty workers who want to look: one does, and the others know."""
        name = unique()
        before = await listings.move(name, None, ListingHead("11aa", NOW)) if exists else None

        async def move(number: int) -> str | None:
            try:
                await listings.move(name, before, ListingHead(f"{number}", NOW))
            except ConcurrentUpdate:
                return None
            return str(number)

        winners = [each for each in await asyncio.gather(*map(move, range(20))) if each is not None]
        found = await listings.head(name)
        assert found is not None
        assert [found.value.version] == winners

    async def test_the_contacts_of_every_part_are_there_in_order(self, listings: ListingStore) -> None:
        """3,000 of them, in parts that were not kept in order."""
        name = unique()
        everybody = [remote(number) for number in range(3_000)]
        for number in (2, 0, 1):
            await listings.add_part(name, "11aa", number, everybody[number * 1_000 : (number + 1) * 1_000])
        assert await listings.contacts(name, ListingHead("11aa", NOW, parts=3)) == everybody

    async def test_more_than_ten_parts_keep_their_order(self, listings: ListingStore) -> None:
        """The tenth comes after the second."""
        name = unique()
        for number in range(12):
            await listings.add_part(name, "11aa", number, [remote(number)])
        found = await listings.contacts(name, ListingHead("11aa", NOW, parts=12))
        assert found == [remote(number) for number in range(12)]

    async def test_a_part_of_long_contacts_is_kept_whole(self, listings: ListingStore) -> None:
        """A thousand, every field 1,000 characters long in any script."""
        name = unique()
        everybody = [remote(number, fields=long(number % 20)) for number in range(1_000)]
        await listings.add_part(name, "11aa", 0, everybody)
        assert await listings.contacts(name, ListingHead("11aa", NOW, parts=1)) == everybody

    async def test_every_part_of_a_contact_is_kept(self, listings: ListingStore) -> None:
        """Whatever its texts are, and whatever must be sent back with it."""
        name = unique()
        rest = {"notes": "a\nb", "properties": {"title": "x", "age": 7, "none": None, "list": [1.5, True]}}
        everybody = [
            RemoteContact(text, text, everywhere(text), active=False, rest=rest | {text: text})
            for text in HOSTILE
        ]
        await listings.add_part(name, "11aa", 0, everybody)
        assert await listings.contacts(name, ListingHead("11aa", NOW, parts=1)) == everybody

    @pytest.mark.parametrize("missing", [0, 1, 2])
    async def test_where_a_part_is_missing_there_are_no_contacts(
        self, listings: ListingStore, missing: int
    ) -> None:
        """The first, the last or one in the middle: nobody takes the rest for everybody."""
        name = unique()
        for number in {0, 1, 2} - {missing}:
            await listings.add_part(name, "11aa", number, [remote(number)])
        assert await listings.contacts(name, ListingHead("11aa", NOW, parts=3)) is None
        await listings.add_part(name, "11aa", missing, [remote(missing)])
        found = await listings.contacts(name, ListingHead("11aa", NOW, parts=3))
        assert found == [remote(number) for number in range(3)]

    async def test_a_look_without_parts_has_no_contacts(self, listings: ListingStore) -> None:
        """Which is nobody, and not that something is missing."""
        assert await listings.contacts(unique(), ListingHead("11aa", NOW)) == []

    async def test_parts_that_the_head_does_not_count_are_not_there(self, listings: ListingStore) -> None:
        """Somebody kept them and was cut short before saying so."""
        name = unique()
        for number in range(3):
            await listings.add_part(name, "11aa", number, [remote(number)])
        assert await listings.contacts(name, ListingHead("11aa", NOW, parts=2)) == [remote(0), remote(1)]
        assert await listings.contacts(name, ListingHead("11aa", NOW)) == []

    @pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1), (1, 40), (40, 1), (40, 40)])
    async def test_a_part_is_written_over(self, listings: ListingStore, before: int, after: int) -> None:
        """By one of the same number, which may be shorter or longer by far."""
        name, head = unique(), ListingHead("11aa", NOW, parts=2)
        await listings.add_part(name, "11aa", 1, [remote(1_000)])
        for count, seed in ((before, 0), (after, 500)):
            part = [remote(seed + number, fields=long(seed + number)) for number in range(count)]
            await listings.add_part(name, "11aa", 0, part)
            assert await listings.contacts(name, head) == [*part, remote(1_000)]

    async def test_versions_share_nothing(self, listings: ListingStore) -> None:
        """Also where the name of one begins with that of another."""
        name = unique()
        for number, version in enumerate(("11aa", "11aab", "22bb")):
            await listings.add_part(name, version, 0, [remote(number)])
        for number, version in enumerate(("11aa", "11aab", "22bb")):
            found = await listings.contacts(name, ListingHead(version, NOW, parts=1))
            assert found == [remote(number)]
        assert await listings.contacts(name, ListingHead("11", NOW, parts=1)) is None

    async def test_every_other_version_is_pruned(self, listings: ListingStore) -> None:
        """All of their parts, once or again; the head and the version that is kept stay."""
        name = unique()
        stored = await listings.move(name, None, ListingHead("22bb", NOW, parts=2))
        for version in ("11aa", "22bb", "22bbc", "33cc"):
            for number in range(2):
                await listings.add_part(name, version, number, [remote(number)])
        for _ in range(2):
            await listings.prune(name, "22bb")
            assert await listings.head(name) == stored
            assert await listings.contacts(name, stored.value) == [remote(0), remote(1)]
            for version in ("11aa", "22bbc", "33cc"):
                assert await listings.contacts(name, ListingHead(version, NOW, parts=1)) is None
