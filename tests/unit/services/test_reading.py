"""When a directory is read in full, and what makes a read incomplete."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.core.connection import Connection
from shared.core.errors import SourceFault
from shared.core.mirror import Snapshot, UserPage
from shared.core.run import FullReason, ReadMode, RunKind
from shared.services import reading
from shared.services.reading import DELTA_LINK_LIFETIME, FULL_READ_EVERY, DirectoryReading, full_reason
from tests.contract.contracts.values import NOW, connection
from tests.fakes import TENANT, FakeDirectories, FakeDirectory, FakeDirectoryReader, FakeMirrorStore, Manners

SECOND = timedelta(seconds=1)


def synced(**values: object) -> Connection:
    usual: dict[str, object] = {
        "delta_link": "link",
        "mirror": "mirror",
        "full_read_at": NOW,
        "read_at": NOW,
        "tenant_id": TENANT,
    }
    return connection("account", None, **(usual | values))


@pytest.mark.parametrize(
    ("known", "kind", "reason"),
    [
        (synced(), RunKind.SYNC, None),
        (synced(), RunKind.FULL, FullReason.REQUESTED),
        (synced(delta_link=None), RunKind.SYNC, FullReason.FIRST),
        (synced(mirror=None), RunKind.SYNC, FullReason.FIRST),
        (synced(full_read_at=None), RunKind.FULL, FullReason.FIRST),
        (synced(full_read_at=NOW - FULL_READ_EVERY), RunKind.SYNC, FullReason.WEEKLY),
        (synced(full_read_at=NOW - FULL_READ_EVERY + SECOND), RunKind.SYNC, None),
        (synced(read_at=NOW - DELTA_LINK_LIFETIME), RunKind.SYNC, FullReason.STALE),
        (synced(read_at=NOW - DELTA_LINK_LIFETIME + SECOND), RunKind.SYNC, None),
        (synced(read_at=None), RunKind.SYNC, FullReason.STALE),
    ],
)
def test_a_full_read_has_a_reason(known: Connection, kind: RunKind, reason: FullReason | None) -> None:
    """Each limit at its moment and a second before."""
    assert full_reason(known, kind, NOW) is reason


class Tenant:
    """A tenant, a mirror store, and how often a read said that it is alive."""

    def __init__(self, *people: str) -> None:
        self.directories, self.mirrors, self.alive = FakeDirectories(), FakeMirrorStore(), 0
        self.directory = self.directories.add(FakeDirectory(TENANT, manners=Manners(page_size=2)))
        for person in people:
            self.directory.hire(person)

    async def read(self, known: Connection) -> reading.Reading:
        async def alive() -> None:
            self.alive += 1

        return await DirectoryReading(self.directories, self.mirrors).read(
            known, known.configuration, RunKind.SYNC, NOW, alive
        )

    async def synced(self) -> Connection:
        """A connection whose mirror and link are of now."""
        known = synced(delta_link=self.directory.link())
        await self.mirrors.save(
            known.id, "mirror", Snapshot(dict(self.directory.users), {}, None, changed=True)
        )
        return known


async def test_a_first_read_is_full_and_takes_the_link_first() -> None:
    """The link, then every page; `alive` after each of them."""
    tenant = Tenant("ada", "bob", "cyd")
    link = tenant.directory.link()

    def while_it_is_read(request: int) -> None:
        if request == 2:
            tenant.directory.change("ada", job_title="New")

    tenant.directory.on_request = while_it_is_read
    found = await tenant.read(synced(delta_link=None, mirror=None))
    assert (found.mode, found.full_reason, found.delta_link) == (ReadMode.FULL, FullReason.FIRST, link)
    assert found.requests == tenant.directory.requests == 3
    assert tenant.alive == 2


async def test_later_reads_follow_the_link() -> None:
    """Only what changed is asked for; a quiet tenant costs one request."""
    tenant = Tenant("ada", "bob", "cyd")
    known = await tenant.synced()
    quiet = await tenant.read(known)
    assert (quiet.mode, quiet.full_reason, quiet.requests, quiet.snapshot.changed) == (
        ReadMode.DELTA,
        None,
        1,
        False,
    )
    tenant.directory.change("ada", job_title="New")
    changed = await tenant.read(known)
    assert changed.snapshot.users == tenant.directory.users
    assert changed.snapshot.touched == frozenset({"ada"})
    assert changed.delta_link == tenant.directory.link()


async def test_a_missing_mirror_makes_it_full() -> None:
    """A delta without what it is a delta of would be half a directory."""
    tenant = Tenant("ada")
    found = await tenant.read(synced(delta_link=tenant.directory.link()))
    assert (found.mode, found.full_reason) == (ReadMode.FULL, FullReason.MIRROR)
    assert found.snapshot.users == tenant.directory.users


async def test_a_forgotten_link_makes_it_full() -> None:
    """And whoever is not in it is missing; gone they are when the next full read misses them too."""
    tenant = Tenant("ada", "bob")
    known = await tenant.synced()
    tenant.directory.remove("ada")
    tenant.directory.forget_links()
    found = await tenant.read(known)
    assert (found.mode, found.full_reason) == (ReadMode.FULL, FullReason.RESYNC)
    assert found.snapshot.missing == {"ada"}
    assert not found.snapshot.departed
    assert found.requests == 3


async def test_a_delta_without_an_end_is_no_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last page must say where to go on."""

    async def endless(self: FakeDirectoryReader, link: str) -> AsyncIterator[tuple[UserPage, str | None]]:
        yield UserPage(), None

    tenant = Tenant("ada")
    known = await tenant.synced()
    monkeypatch.setattr(FakeDirectoryReader, "changes_since", endless)
    with pytest.raises(SourceFault, match="read_incomplete"):
        await tenant.read(known)


@pytest.mark.parametrize(("people", "too_many"), [(6, False), (7, True)])
async def test_a_read_that_never_ends_is_stopped(
    monkeypatch: pytest.MonkeyPatch, people: int, too_many: bool
) -> None:
    """As many pages as the limit are fine, one more is a fault, in both kinds of read."""
    monkeypatch.setattr(reading, "LONGEST_READ", 3)
    tenant = Tenant()
    known = await tenant.synced()
    for number in range(people):
        tenant.directory.hire(f"person-{number}")
    for start in (known, synced(delta_link=None, mirror=None)):
        if too_many:
            with pytest.raises(SourceFault, match="read_endless"):
                await tenant.read(start)
        else:
            assert len((await tenant.read(start)).snapshot.users) == people
