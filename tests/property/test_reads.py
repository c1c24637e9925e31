"""Following delta links comes to the same as reading everything, however Graph behaves."""

import asyncio
import random
import unicodedata

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.mirror import EMPTY, Snapshot, UserPage, folded, replaced
from shared.core.models import DirectoryUser, RemovalReason
from shared.core.text import clean, is_email, normalized_email
from tests.fakes import FakeDirectory, FakeDirectoryReader, Manners
from tests.property.strategies import hostile_text

PEOPLE = ["ada", "bob", "cyd", "dan"]
manners = st.builds(
    Manners,
    page_size=st.integers(1, 4),
    empty_pages=st.booleans(),
    duplicates=st.booleans(),
    replays=st.booleans(),
    shuffled=st.none() | st.builds(random.Random, st.integers(0, 9)),
)
steps = st.tuples(
    st.sampled_from(["hire", "change", "leave", "purge", "restore", "read"]), st.sampled_from(PEOPLE)
)


def happen(tenant: FakeDirectory, what: str, person: str, number: int) -> None:
    """One thing that can happen to a person; impossible ones do not."""
    if what == "hire" and person not in tenant.users and person not in tenant.bin:
        tenant.hire(person)
    elif what == "change" and person in tenant.users:
        tenant.change(person, job_title=f"Title {number}")
    elif what == "leave" and person in tenant.users:
        tenant.remove(person)
    elif what == "purge" and (person in tenant.users or person in tenant.bin):
        tenant.remove(person, RemovalReason.HARD_DELETED)
    elif what == "restore" and person in tenant.bin:
        tenant.restore(person)


def sure(users: dict[str, DirectoryUser]) -> Snapshot:
    """A mirror that stands on enough full reads."""
    return msgspec.structs.replace(EMPTY, users=users, full_reads=2)


@settings(max_examples=300)
@given(manners, st.lists(steps, max_size=25))
def test_deltas_come_to_the_same_as_a_full_read(how: Manners, what: list[tuple[str, str]]) -> None:
    """With duplicates, replays, empty pages and any order, after every read.

    Only of who left a delta is certain at once, with the reason; full reads must agree a second time.
    """
    tenant = FakeDirectory("tenant", manners=how)

    async def scenario() -> None:
        link = await FakeDirectoryReader(tenant).latest_delta_link()
        mirror = sure({})
        for number, (verb, person) in enumerate([*what, ("read", "")]):
            if verb != "read":
                happen(tenant, verb, person, number)
                continue
            pages = []
            async for page, next_link in FakeDirectoryReader(tenant).changes_since(link):
                pages.append(page)
                link = next_link or link
            snapshot = folded(mirror, pages)
            everybody = [page async for page in FakeDirectoryReader(tenant).users()]
            once = replaced(mirror, everybody)
            twice = replaced(once, everybody)
            assert snapshot.users == once.users == twice.users == tenant.users
            assert snapshot.departed.keys() == once.missing == twice.departed.keys()
            assert (once.departed, twice.missing, snapshot.missing) == ({}, frozenset(), frozenset())
            assert snapshot.changed == once.changed
            assert all(
                snapshot.departure(gone) in {RemovalReason.SOFT_DELETED, RemovalReason.HARD_DELETED}
                and once.departure(gone) is None
                and twice.departure(gone) is RemovalReason.ABSENT
                for gone in snapshot.departed
            )
            mirror = snapshot

    asyncio.run(scenario())


@given(manners, st.lists(steps, min_size=1, max_size=10), st.integers(1, 4))
def test_what_changes_while_the_list_is_read_is_in_the_next_delta(
    how: Manners, what: list[tuple[str, str]], at: int
) -> None:
    """The link is taken before the list, so nothing falls between the two."""
    tenant = FakeDirectory("tenant", manners=how)
    for person in PEOPLE[:3]:
        tenant.hire(person)

    def meanwhile(request: int) -> None:
        if request == at:
            for number, (verb, person) in enumerate(what):
                happen(tenant, verb, person, number)

    async def scenario() -> None:
        reader = FakeDirectoryReader(tenant)
        tenant.on_request = meanwhile
        link = await reader.latest_delta_link()
        first = replaced(EMPTY, [page async for page in reader.users()])
        tenant.on_request = lambda request: None
        pages = [page async for page, _ in reader.changes_since(link)]
        assert folded(first, pages).users == tenant.users

    asyncio.run(scenario())


class Read(msgspec.Struct, frozen=True):
    """A complete read: whom it lists, and, for a delta, who it says was removed."""

    listed: frozenset[str]
    removed: frozenset[str] | None = None


@st.composite
def read_histories(draw: st.DrawFn) -> list[Read]:
    """A full read, then full reads that may leave out anybody, and deltas."""
    some = st.frozensets(st.sampled_from(PEOPLE))
    history = [Read(draw(some))]
    for _ in range(draw(st.integers(0, 8))):
        listed = draw(some)
        history.append(Read(listed, draw(some) - listed) if draw(st.booleans()) else Read(listed))
    return history


def _page(read: Read) -> UserPage:
    users = tuple(DirectoryUser(person) for person in sorted(read.listed))
    removed = sorted(read.removed or ())
    return UserPage(users, tuple((person, RemovalReason.SOFT_DELETED) for person in removed))


def _certainly_gone(person: str, history: list[Read]) -> bool:
    """Whether somebody who is not there is gone for certain, told from the reads alone."""
    enough = sum(read.removed is None for read in history) >= 2
    omitted = 0
    for read in reversed(history):
        if person in read.listed:
            return omitted >= 2
        if read.removed is None:
            omitted += 1
        elif person in read.removed:
            return enough or read is history[-1]
    return enough


@settings(max_examples=400)
@given(read_histories())
def test_nobody_is_gone_for_certain_but_by_a_removal_or_two_absences(history: list[Read]) -> None:
    """After any full reads and deltas: one absence is noise, and whoever was listed since is there."""
    mirror = EMPTY
    for number, read in enumerate(history):
        before = mirror
        mirror = (replaced if read.removed is None else folded)(before, [_page(read)])
        for person in PEOPLE:
            if person in mirror.users:
                assert person not in mirror.departed
                assert person not in mirror.missing
                continue
            known = person in before.users or person in before.missing
            if read.removed is not None and person in read.removed and not known:
                assert person not in mirror.departed  # of whom nobody knew, there is nothing to say
                continue
            certain = mirror.departure(person) is not None
            assert certain == _certainly_gone(person, history[: number + 1])


@settings(max_examples=300)
@given(read_histories(), read_histories())
def test_a_read_that_is_told_again_changes_nothing(before: list[Read], deltas: list[Read]) -> None:
    """The pages of a delta twice over come to the same as once, in which whoever left left once."""
    mirror = EMPTY
    for read in before:
        mirror = (replaced if read.removed is None else folded)(mirror, [_page(read)])
    pages = [_page(read) for read in deltas if read.removed is not None]
    once = folded(mirror, pages)
    again = folded(once, pages)
    assert folded(mirror, [*pages, *pages]) == once
    assert (again.users, again.missing) == (once.users, once.missing)
    assert not again.changed
    assert again.departed == {}


@settings(max_examples=500)
@given(hostile_text)
def test_cleaning_is_done_at_once(text: str) -> None:
    """Clean text stays as it is; it is one line without controls, and never longer than before."""
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert cleaned == cleaned.strip()
    assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in cleaned)
    assert not set(cleaned) & set("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert "  " not in cleaned


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20))
def test_plain_text_is_left_alone(text: str) -> None:
    """Printable ASCII without white space has nothing to clean."""
    assert clean(text) == text


@settings(max_examples=500)
@given(hostile_text)
def test_normalizing_is_done_at_once(text: str) -> None:
    """A normalized address is its own normal form, however it was written."""
    normal = normalized_email(text)
    assert normalized_email(normal) == normal
    assert normalized_email(f" {text} ") == normal
    assert normalized_email(clean(text)) == normalized_email(clean(clean(text)))


@given(hostile_text, hostile_text)
def test_the_local_part_of_an_address_is_folded_in_case_alone(local: str, other: str) -> None:
    """Two mailboxes of a domain are one only where they differ in case, Unicode form or space around."""
    one, two = f"{local}@bücher.example", f"{other}@xn--bcher-kva.example"
    plain = [unicodedata.normalize("NFC", text).lstrip().lower() for text in (local, other)]
    assert (normalized_email(one) == normalized_email(two)) == (plain[0] == plain[1])


@given(hostile_text)
def test_an_address_stays_one_when_it_is_normalized(text: str) -> None:
    """Being an address is a matter of the mailbox, not of the spelling."""
    if is_email(text):
        assert normalized_email(text)
        assert "#ext#" not in normalized_email(text)
