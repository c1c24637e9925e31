"""What every LinkStore must do."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.core.errors import ConcurrentUpdate
from shared.core.links import Link, LinkBook, PendingCreate, Protection, book_name
from shared.core.models import CONTACT_FIELDS
from shared.ports import LinkStore, Stored
from tests.contract.contracts.psa_values import STRANGE, cut, everywhere, link, long, pending
from tests.contract.contracts.values import HOSTILE, LATER, NOW, unique

MOST = 50
"""Rows of one stroke."""


class LinkStoreContract:
    """Links, protections and creates under way."""

    @pytest.fixture
    def links(self) -> LinkStore:
        raise NotImplementedError("the store under test")

    # The whole book.

    async def test_a_book_nobody_wrote_in_is_empty(self, links: LinkStore) -> None:
        """Also where nothing was begun, settled or forgotten."""
        book = unique()
        await links.begin(book, [])
        await links.settle(book, [], 0)
        await links.forget(book, [])
        await links.forget(book, ["nobody"])
        assert await links.load(book) == LinkBook({}, {}, [])
        assert (await links.links(book, 10)).items == ()
        assert await links.link(book, "nobody") is None
        assert await links.protections(book) == {}
        assert await links.protection(book, "nobody") is None

    async def test_everything_kept_in_a_book_is_loaded(self, links: LinkStore) -> None:
        """Links and protections by the contact's id, and what is under way in the order it was named in."""
        book = unique()
        creates, kept = [pending(number) for number in range(3)], [link("1"), link("2")]
        protection = Protection("2", frozenset({"email"}), keep_active=True)
        await links.begin(book, creates)
        await links.settle(book, kept, 0)
        await links.protect(book, None, protection)
        loaded = await links.load(book)
        assert loaded == LinkBook({"1": kept[0], "2": kept[1]}, {"2": protection}, creates)

    @pytest.mark.parametrize("name", HOSTILE)
    async def test_a_book_may_have_any_name(self, links: LinkStore, name: str) -> None:
        """And shares nothing with books of nearly the same name."""
        book = book_name(unique(), name)
        near = [f"{book} ", f"{book}/", book[:-1], f"{book}%", book.upper()]
        await links.begin(book, [pending(1)])
        await links.settle(book, [link("1")], 0)
        await links.protect(book, None, Protection("1"))
        for other in near:
            assert await links.load(other) == LinkBook({}, {}, [])
            assert await links.link(other, "1") is None
            await links.forget(other, ["1"])
            await links.settle(other, [], 1)
        assert await links.load(book) == LinkBook({"1": link("1")}, {"1": Protection("1")}, [pending(1)])

    # Links.

    async def test_every_part_of_a_link_is_kept(self, links: LinkStore) -> None:
        """Whatever its texts are, and each of its marks."""
        book = unique()
        kept = [
            link(
                text,
                object_id=text,
                tenant_id=text,
                written=everywhere(text),
                rewritten=dict.fromkeys(CONTACT_FIELDS, text) | {text: text},
                written_at=LATER,
            )
            for text in HOSTILE
        ]
        kept += [
            link("put away", active=False, deactivated_by_sync=True),
            link("put away by hand", active=False),
            link("gone", gone=True),
        ]
        await links.settle(book, kept, 0)
        assert (await links.load(book)).links == {each.contact_id: each for each in kept}
        for each in kept:
            assert await links.link(book, each.contact_id) == each

    async def test_a_contact_may_have_any_id(self, links: LinkStore) -> None:
        """It is found, listed, protected and forgotten by it, and by no other."""
        book = unique()
        await links.settle(book, [link(text) for text in STRANGE], 0)
        for text in STRANGE:
            await links.protect(book, None, Protection(text, frozenset({text})))
        assert set((await links.load(book)).links) == set(STRANGE)
        assert {each.contact_id for each in await paged(links, book, 4)} == set(STRANGE)
        assert set(await links.protections(book)) == set(STRANGE)
        for text in STRANGE:
            assert await links.link(book, text) == link(text)
            assert await links.link(book, f"{text}?") is None
            found = await links.protection(book, text)
            assert found is not None
            assert found.value == Protection(text, frozenset({text}))
            await links.forget(book, [text])
            assert await links.link(book, text) is None
        assert (await links.load(book)).links == {}

    async def test_a_link_is_written_over(self, links: LinkStore) -> None:
        """What is not said any more is not kept, and the other links stay."""
        book = unique()
        full = link("1", tenant_id="tenant", active=False, rewritten={"name": "x"}, gone=True)
        bare = Link("1", NOW, NOW)
        await links.settle(book, [full, link("2")], 0)
        await links.settle(book, [bare], 0)
        assert (await links.load(book)).links == {"1": bare, "2": link("2")}

    @pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # far longer than any real one
    async def test_fifty_links_of_any_length_are_one_stroke(self, links: LinkStore) -> None:
        """Every field 1,000 characters long, in any script, and what the PSA made of it beside it."""
        book = unique()
        kept = [
            link(str(number), written=long(number), rewritten=cut(long(number))) for number in range(MOST)
        ]
        await links.settle(book, kept, 0)
        assert (await links.load(book)).links == {each.contact_id: each for each in kept}

    async def test_more_than_fifty_links_are_refused_and_none_is_kept(self, links: LinkStore) -> None:
        """And what was under way stays under way."""
        book = unique()
        await links.begin(book, [pending(1)])
        with pytest.raises(ValueError, match="51"):
            await links.settle(book, [link(str(number)) for number in range(MOST + 1)], 1)
        assert await links.load(book) == LinkBook({}, {}, [pending(1)])

    async def test_links_are_forgotten(self, links: LinkStore) -> None:
        """Any number of them, whether there or not, once or again; nothing else is."""
        book = unique()
        for start in range(0, 250, MOST):
            await links.settle(book, [link(str(number)) for number in range(start, start + MOST)], 0)
        await links.protect(book, None, Protection("1", keep_active=True))
        await links.begin(book, [pending(1)])
        leaving = [str(number) for number in range(1, 250)]
        for _ in range(2):
            await links.forget(book, [*leaving, "nobody"])
            assert await links.load(book) == LinkBook(
                {"0": link("0")}, {"1": Protection("1", keep_active=True)}, [pending(1)]
            )

    # Lists.

    @pytest.mark.parametrize("limit", [1, 2, 7, 59, 60, 61, 1_000])
    async def test_pages_of_links_hold_each_once_in_order(self, links: LinkStore, limit: int) -> None:
        """However the list is cut; protections and creates are not in it."""
        book = unique()
        ids = sorted(str(number) for number in range(1_000, 1_060))
        for part in (ids[MOST:], ids[:MOST]):
            await links.settle(book, [link(contact_id) for contact_id in part], 0)
        await links.protect(book, None, Protection("1001"))
        await links.begin(book, [pending(number) for number in range(5)])
        assert [each.contact_id for each in await paged(links, book, limit)] == ids

    async def test_a_page_begins_behind_any_id(self, links: LinkStore) -> None:
        """One that has been forgotten meanwhile, or never was; after the last there is nothing."""
        book = unique()
        await links.settle(book, [link(str(number)) for number in range(1, 10)], 0)
        first = await links.links(book, 4)
        assert first.after == "4"
        await links.forget(book, ["3", "4", "5"])
        rest = await links.links(book, 4, first.after)
        assert [each.contact_id for each in rest.items] == ["6", "7", "8", "9"]
        assert rest.after is None
        assert (await links.links(book, 4, "9")).items == ()
        for text in STRANGE:
            page = await links.links(book, 4, text)
            assert {each.contact_id for each in page.items} <= set("126789")

    # Creates under way.

    async def test_every_part_of_a_create_is_kept(self, links: LinkStore) -> None:
        """Whatever its texts are."""
        book = unique()
        creates = [
            PendingCreate(
                text,
                linked=False,
                fields=everywhere(text),
                at=LATER,
                run_id=text,
                beside=HOSTILE,
                replaces=text,
                deactivates=True,
            )
            for text in HOSTILE
        ]
        await links.begin(book, creates)
        assert (await links.load(book)).pending == creates

    @pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # far longer than any real one
    async def test_fifty_creates_of_any_length_are_one_stroke(self, links: LinkStore) -> None:
        """In the order they were named in, every field 1,000 characters long."""
        book = unique()
        creates = [pending(number, fields=long(number)) for number in range(MOST)]
        await links.begin(book, creates)
        assert (await links.load(book)).pending == creates

    async def test_more_than_fifty_creates_are_refused_and_none_is_kept(self, links: LinkStore) -> None:
        """What was written down before stays."""
        book = unique()
        await links.begin(book, [pending(100)])
        with pytest.raises(ValueError, match="51"):
            await links.begin(book, [pending(number) for number in range(MOST + 1)])
        assert (await links.load(book)).pending == [pending(100)]

    @pytest.mark.parametrize("before", [0, 1, 5, MOST])
    @pytest.mark.parametrize("after", [0, 1, 5, MOST])
    async def test_what_is_begun_takes_the_place_of_what_was(
        self, links: LinkStore, before: int, after: int
    ) -> None:
        """However many there were before, and whether it is sent once or twice."""
        book = unique()
        await links.begin(book, [pending(number) for number in range(before)])
        creates = [pending(100 + number) for number in range(after)]
        for _ in range(2):
            await links.begin(book, creates)
            assert (await links.load(book)).pending == creates

    @pytest.mark.parametrize("settled", [0, 1, 3, 5, MOST])
    async def test_what_is_settled_twice_comes_to_the_same(self, links: LinkStore, settled: int) -> None:
        """The first creates are forgotten and the links are kept, whoever saw the first answer or did not."""
        book = unique()
        creates = [pending(number) for number in range(5)]
        await links.begin(book, creates)
        for _ in range(2):
            await links.settle(book, [link("1"), link("2")], settled)
            loaded = await links.load(book)
            assert loaded == LinkBook({"1": link("1"), "2": link("2")}, {}, creates[settled:])

    async def test_fifty_links_and_fifty_creates_are_one_stroke(self, links: LinkStore) -> None:
        """A full batch is settled at once, and so is the next one."""
        book = unique()
        for batch in range(2):
            await links.begin(book, [pending(number) for number in range(MOST)])
            kept = [link(str(batch * MOST + number)) for number in range(MOST)]
            await links.settle(book, kept, MOST)
        loaded = await links.load(book)
        assert (len(loaded.links), list(loaded.pending)) == (2 * MOST, [])

    async def test_what_is_begun_after_a_settlement_is_under_way(self, links: LinkStore) -> None:
        """Fewer than before, or more, with nothing of what was settled among them."""
        book = unique()
        for number in (5, 2, 7):
            creates = [pending(100 * number + each) for each in range(number)]
            await links.begin(book, creates)
            assert (await links.load(book)).pending == creates
            await links.settle(book, [], number)
            assert (await links.load(book)).pending == []

    # Protections.

    @pytest.mark.parametrize("contact_id", HOSTILE)
    async def test_what_people_decided_is_found_as_it_was_written(
        self, links: LinkStore, contact_id: str
    ) -> None:
        """With the version that the next writer needs, and whether there is a link or not."""
        book = unique()
        written = await links.protect(book, None, Protection(contact_id, frozenset(HOSTILE)))
        assert await links.protection(book, contact_id) == written
        again = await links.protect(book, written, Protection(contact_id, keep_active=True))
        assert await links.protection(book, contact_id) == again
        assert again.etag != written.etag
        assert await links.protections(book) == {contact_id: again.value}
        assert (await links.load(book)).protections == {contact_id: again.value}

    async def test_a_protection_is_written_over_what_was_read_once(self, links: LinkStore) -> None:
        """Whoever read another version, or none, changes nothing."""
        book, mine = unique(), Protection("1", frozenset({"name"}))
        with pytest.raises(ConcurrentUpdate):
            await links.protect(book, Stored(mine, 'W/"nothing"'), mine)
        assert await links.protection(book, "1") is None
        first = await links.protect(book, None, mine)
        second = await links.protect(book, first, Protection("1", frozenset({"email"})))
        for outdated in (None, first):
            with pytest.raises(ConcurrentUpdate):
                await links.protect(book, outdated, Protection("1"))
        assert await links.protection(book, "1") == second

    @pytest.mark.parametrize("exists", [True, False])
    async def test_of_many_who_protect_a_contact_one_wins(self, links: LinkStore, exists: bool) -> None:
        """Twenty people who saw the same: what one of them wrote is there, and the others know."""
        book = unique()
        before = await links.protect(book, None, Protection("1")) if exists else None

        async def protect(number: int) -> str | None:
            pins = frozenset({str(number)})
            try:
                await links.protect(book, before, Protection("1", pins))
            except ConcurrentUpdate:
                return None
            return str(number)

        winners = [each for each in await asyncio.gather(*map(protect, range(20))) if each is not None]
        found = await links.protection(book, "1")
        assert found is not None
        assert [*found.value.pins] == winners

    async def test_no_run_writes_what_people_decided(self, links: LinkStore) -> None:
        """Whatever happens to the link and to creates, the version that was read is still the last."""
        book = unique()
        stored = await links.protect(book, None, Protection("1", frozenset({"name"}), keep_active=True))
        await links.begin(book, [pending(1)])
        await links.settle(book, [link("1")], 1)
        await links.forget(book, ["1"])
        assert await links.protection(book, "1") == stored
        await links.protect(book, stored, Protection("1"))


async def paged(links: LinkStore, book: str, limit: int) -> Sequence[Link]:
    """Every link, page by page, of which each but the last is full."""
    found: list[Link] = []
    after: str | None = None
    while True:
        page = await links.links(book, limit, after)
        found += page.items
        if page.after is None:
            return found
        assert len(page.items) == limit
        after = page.after
