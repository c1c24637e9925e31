"""The read of a run: the mirror, what the directory says has changed since, and what else is asked for."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec

from shared.core.configuration import Configuration
from shared.core.connection import Connection
from shared.core.errors import ResyncRequired, SourceFault
from shared.core.mirror import EMPTY, Snapshot, UserPage, folded, replaced, supplemented
from shared.core.run import FullReason, ReadMode, RunKind
from shared.ports import Directories, DirectoryReader, MirrorStore
from shared.services.supplements import read_supplement
from shared.telemetry.spans import spanned

FULL_READ_EVERY = timedelta(days=7)
"""A full read now and then heals whatever a delta may have missed."""
DELTA_LINK_LIFETIME = timedelta(days=6)
"""Microsoft forgets a delta link after 7 days; one that is nearly that old is not worth a try."""
LONGEST_READ = 20_000
"""Pages. The largest tenants have some millions of users; more pages than that is a fault."""


class Reading(msgspec.Struct, frozen=True):
    """A complete read."""

    snapshot: Snapshot
    delta_link: str
    mode: ReadMode
    full_reason: FullReason | None
    requests: int


def full_reason(connection: Connection, kind: RunKind, now: datetime) -> FullReason | None:
    """Why the directory must be read in full this time, or None when a delta will do."""
    if connection.delta_link is None or connection.mirror is None or connection.full_read_at is None:
        return FullReason.FIRST
    if kind is RunKind.FULL:
        return FullReason.REQUESTED
    # A preview reads what a run would read, or it would show another plan; one person's run is in a hurry.
    patient = kind is not RunKind.USER
    if connection.confirm_absence and patient:
        return FullReason.ABSENCE
    if now - connection.full_read_at >= FULL_READ_EVERY and patient:
        return FullReason.WEEKLY
    if connection.read_at is None or now - connection.read_at >= DELTA_LINK_LIFETIME:
        return FullReason.STALE
    return None


class DirectoryReading:
    """Reads a tenant for a run. An incomplete read raises; it never returns less than everything."""

    def __init__(self, directories: Directories, mirrors: MirrorStore) -> None:
        """`directories`: opens the tenant; `mirrors`: what was last read of it."""
        self._directories, self._mirrors = directories, mirrors

    @spanned("run.read_directory")
    async def read(
        self,
        connection: Connection,
        configuration: Configuration,
        kind: RunKind,
        now: datetime,
        alive: Callable[[], Awaitable[None]],
    ) -> Reading:
        """Read the tenant, as far as the configuration asks, calling `alive` after every page."""
        before = await self._mirror(connection)
        reason = full_reason(connection, kind, now)
        if before is None and reason is None:
            reason = FullReason.MIRROR
        reader = self._directories.open(connection)
        reading: Reading | None = None
        if reason is None and before is not None and connection.delta_link is not None:
            try:
                reading = await self._delta(reader, before, connection.delta_link, alive)
            except ResyncRequired:
                reason = FullReason.RESYNC
        if reading is None:
            reading = await self._full(reader, before or EMPTY, reason, alive)
        supplement = await read_supplement(reader, reading.snapshot, configuration, alive)
        return msgspec.structs.replace(
            reading, snapshot=supplemented(reading.snapshot, supplement), requests=reader.requests
        )

    async def _mirror(self, connection: Connection) -> Snapshot | None:
        if connection.mirror is None:
            return None
        return await self._mirrors.load(connection.id, connection.mirror)

    async def _delta(
        self,
        reader: DirectoryReader,
        before: Snapshot,
        delta_link: str,
        alive: Callable[[], Awaitable[None]],
    ) -> Reading:
        pages: list[UserPage] = []
        next_link: str | None = None
        async for page, link in reader.changes_since(delta_link):
            pages.append(page)
            next_link = link
            _check_length(pages)
            await alive()
        if next_link is None:
            raise SourceFault(
                "read_incomplete",
                "Microsoft Graph ended a list of changes without saying where it ends.",
                "Nobody has to act. The run is tried again.",
            )
        return Reading(folded(before, pages), next_link, ReadMode.DELTA, None, reader.requests)

    async def _full(
        self,
        reader: DirectoryReader,
        before: Snapshot,
        reason: FullReason | None,
        alive: Callable[[], Awaitable[None]],
    ) -> Reading:
        # The link is taken first: whatever changes while the list is read is in the next delta.
        delta_link = await reader.latest_delta_link()
        pages: list[UserPage] = []
        async for page in reader.users():
            pages.append(page)
            _check_length(pages)
            await alive()
        return Reading(replaced(before, pages), delta_link, ReadMode.FULL, reason, reader.requests)


def _check_length(pages: list[UserPage]) -> None:
    if len(pages) > LONGEST_READ:
        raise SourceFault(
            "read_endless",
            "Microsoft Graph sent more pages than any tenant has.",
            "Nobody has to act. The run is tried again.",
        )
