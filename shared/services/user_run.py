"""One person now: the whole plan is made, and only this person's part of it is carried out and explained.

The plan needs everybody, for nobody may get a contact or an address that is another's; the connection's
place in the directory stays where it is, so the next sync sees whatever this run did not look at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from shared.core.changes import USER_WRITES, Change, ChangeKind, ConflictReason, Rejection
from shared.core.connection import Connection
from shared.core.explanation import NOT_FOUND, explained
from shared.core.mirror import Snapshot
from shared.core.models import Contact, DirectoryUser
from shared.core.planning import Plan
from shared.core.reviews import decisions
from shared.core.run import Run, contacts_since
from shared.core.run_moves import ended
from shared.core.text import normalized_email
from shared.ports import ChangeLog, Clock, Destination, Destinations, Directories, ReviewStore, RunStore
from shared.services import phases
from shared.services.change_chunks import REJECTED, WRITTEN, chunk_name
from shared.services.leases import Lease
from shared.services.progress import Progress
from shared.services.reading import DirectoryReading
from shared.telemetry.spans import spanned


@dataclass(frozen=True, slots=True)
class UserRunner:
    """Carries out one-user runs of connections that are already leased."""

    reading: DirectoryReading
    directories: Directories
    destinations: Destinations
    runs: RunStore
    changes: ChangeLog
    reviews: ReviewStore
    clock: Clock

    async def carry_out(self, run: Run, lease: Lease, *, resumed: bool) -> Run:
        """Returns the run `succeeded` or `partial`, with its steps, and the lease released."""
        work = Progress(self.runs, self.clock, run, lease)
        connection = lease.connection
        configuration = connection.configuration
        destination = self.destinations.open(connection)
        held = await destination.fields()
        reading = await self.reading.read(connection, configuration, run.kind, self.clock.now(), lease.keep)
        snapshot, fresh, requests = await self._with_fresh(connection, reading.snapshot, run.user or "")
        work.note(
            read_mode=reading.mode,
            full_reason=reading.full_reason,
            graph_requests=run.graph_requests + reading.requests + requests,
            gaps=snapshot.supplement.gaps,
            configuration_version=connection.configuration_version,
        )
        contacts = await phases.read_contacts(destination, contacts_since(run, self.clock.now()), lease.keep)
        object_id = fresh or _left(contacts, run.user or "")
        if object_id is None:
            work.note(steps=NOT_FOUND)
            await self._finish(work)
            return work.run
        queue = await self.reviews.all(connection.id) if connection.reviews else {}
        plan = await phases.plan(snapshot, contacts, configuration, decisions(queue), held)
        rejected: Sequence[Rejection] = ()
        mine = [_alone(change, contacts) for change in plan.changes if change.object_id == object_id]
        if resumed and not any(change.writes for change in mine):
            mine = await self._written_before(run, mine)
        else:
            rejected = await self._apply(work, [change for change in mine if change.writes], destination)
        user = snapshot.users.get(object_id)
        work.planned(_narrowed(plan, mine, user), [])
        refused = {rejection.change for rejection in rejected}
        work.wrote([change for change in mine if change.writes and change not in refused])
        work.failed(rejected)
        failure = next((rejection.reason for rejection in rejected), None)
        steps = explained(
            user, tuple(mine), configuration, snapshot.supplement, applied=True, failure=failure
        )
        work.note(steps=steps, gaps=(*snapshot.supplement.gaps, *destination.gaps))
        await self._finish(work)
        return work.run

    async def _with_fresh(
        self, connection: Connection, snapshot: Snapshot, asked: str
    ) -> tuple[Snapshot, str | None, int]:
        """The snapshot with the user as they are this moment, and their object id if there is such a user.

        A change of a minute ago may not be in the list of changes yet.
        """
        known = find(snapshot.users.values(), asked)
        reader = self.directories.open(connection)
        user = await reader.user(known or asked)
        if user is None:
            return snapshot, known, reader.requests
        users = {**snapshot.users, user.id: user}
        return msgspec.structs.replace(snapshot, users=users), user.id, reader.requests

    @spanned("run.apply")
    async def _apply(
        self, work: Progress, writes: Sequence[Change], destination: Destination
    ) -> Sequence[Rejection]:
        if not writes:
            return ()
        await work.lease.keep()
        await self.changes.put(work.run.id, chunk_name(WRITTEN, 0), writes)
        rejected = await destination.apply(writes, work.run.id)
        if rejected:
            lines = [rejection.line() for rejection in rejected]
            refused = {rejection.change for rejection in rejected}
            await self.changes.put(work.run.id, chunk_name(REJECTED, 0), lines)
            written = [change for change in writes if change not in refused]
            await self.changes.put(work.run.id, chunk_name(WRITTEN, 0), written)
        return rejected

    async def _written_before(self, run: Run, mine: Sequence[Change]) -> list[Change]:
        """What an earlier message wrote, and what there is to say besides."""
        written = [change async for chunk, lines in self.changes.chunks(run.id) for change in lines]
        if any(change.kind in USER_WRITES for change in written):
            return written
        return [*written, *mine]

    @spanned("run.commit")
    async def _finish(self, work: Progress) -> None:
        lease, run_id = work.lease, work.run.id
        await lease.release(lambda c: msgspec.structs.replace(lease.without_run(c), last_run=run_id))
        work.run = ended(work.run, work.outcome, self.clock.now())
        await work.save()


def _alone(change: Change, contacts: Iterable[Contact]) -> Change:
    """The change, or a conflict where it takes an address that another contact gives up in the same plan."""
    email = normalized_email(change.fields.email) if change.fields is not None else ""
    takes = any(
        modified.field == "email" and normalized_email(modified.old) != email for modified in change.modified
    )
    if not takes or all(
        contact.id == change.contact_id or normalized_email(contact.fields.email) != email
        for contact in contacts
    ):
        return change
    reason = ConflictReason.EMAIL_TAKEN.value
    return Change(ChangeKind.CONFLICT, change.object_id, change.name, change.contact_id, reason=reason)


def find(users: Iterable[DirectoryUser], asked: str) -> str | None:
    """The object id of the user that was asked for by object id, user principal name or address."""
    wanted, everybody = normalized_email(asked), list(users)
    for name in ("id", "user_principal_name", "mail"):
        found = [user.id for user in everybody if normalized_email(getattr(user, name) or "") == wanted]
        if found and wanted:
            return min(found)
    return None


def _left(contacts: Iterable[Contact], asked: str) -> str | None:
    """The object id of somebody who left, by the contact that is still linked to them."""
    wanted = normalized_email(asked)
    for contact in contacts:
        names = (contact.object_id, contact.fields.email)
        if contact.object_id and any(name and normalized_email(name) == wanted for name in names):
            return contact.object_id
    return None


def _narrowed(plan: Plan, mine: Sequence[Change], user: DirectoryUser | None) -> Plan:
    """The plan as far as it is about one user, so that the counts add up."""
    about_the_user = [change for change in mine if change.kind not in {"deactivate", "keep"}]
    unchanged = int(user is not None and not about_the_user)
    return Plan(int(user is not None), unchanged, tuple(mine), in_scope=plan.in_scope)
