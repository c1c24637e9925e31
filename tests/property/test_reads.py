"""Following delta links comes to the same as reading everything, however Graph behaves."""

import asyncio
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.mirror import folded, replaced
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


@settings(max_examples=300)
@given(manners, st.lists(steps, max_size=25))
def test_deltas_come_to_the_same_as_a_full_read(how: Manners, what: list[tuple[str, str]]) -> None:
    """With duplicates, replays, empty pages and any order, after every read."""
    tenant = FakeDirectory("tenant", manners=how)

    async def scenario() -> None:
        link = await FakeDirectoryReader(tenant).latest_delta_link()
        mirror: dict[str, DirectoryUser] = {}
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
            full = replaced(mirror, everybody)
            assert snapshot.users == full.users == tenant.users
            assert snapshot.departed.keys() == full.departed.keys()
            assert snapshot.changed == full.changed
            mirror = snapshot.users

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
        first = replaced({}, [page async for page in reader.users()])
        tenant.on_request = lambda request: None
        pages = [page async for page, _ in reader.changes_since(link)]
        assert folded(first.users, pages).users == tenant.users

    asyncio.run(scenario())


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


@given(hostile_text)
def test_an_address_stays_one_when_it_is_normalized(text: str) -> None:
    """Being an address is a matter of the mailbox, not of the spelling."""
    if is_email(text):
        assert normalized_email(text)
        assert "#ext#" not in normalized_email(text)
