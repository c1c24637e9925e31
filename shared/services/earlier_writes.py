"""What earlier messages of a run wrote, told from the log of changes, the contacts and the plan of today."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from shared.core.changes import Change, ChangeKind, narrowed, shows
from shared.core.models import Contact
from shared.core.planning import Plan
from shared.core.text import normalized_email
from shared.ports import ChangeLog
from shared.services.change_chunks import WRITTEN, number_of
from shared.services.progress import Progress


class EarlierWrites(NamedTuple):
    """What earlier messages of a run wrote: the changes that are done, and whom it was about to make a
    contact for, of which some may be half made."""

    done: list[Change]
    made_for: frozenset[str]


async def earlier_writes(
    log: ChangeLog,
    work: Progress,
    known: AbstractSet[str],
    contacts: Sequence[Contact],
    *,
    plan: Plan,
    held: AbstractSet[str],
) -> EarlierWrites:
    """The changes that were written, as far as the counts of the plan leave room for them.

    A change is logged before it is written, so whatever the new plan still wants to write was not: it leaves
    the log and is written, and logged, once more. Of the rest a line stays if the contact shows what it says.
    `known`: object ids of the users in the directory. `held`: the fields that the destination has, of which
    an earlier message may have found out that there are fewer than it thought.
    """
    pending = {_what(change) for change in plan.writes()}
    unchanged = known - {change.object_id for change in plan.changes}
    found = _Found(contacts)
    earlier: list[Change] = []
    unfinished: set[str] = set()
    async for chunk, logged in log.chunks(work.run.id):
        if not chunk.startswith(WRITTEN):
            continue
        work.chunk = number_of(chunk, WRITTEN) + 1
        unfinished |= {change.object_id for change in logged if change.kind is ChangeKind.CREATE}
        kept = [narrowed(change, held) for change in logged if _what(change) not in pending]
        done = [change for change in kept if found.shows(change) and not _empty(change)]
        if done != logged:
            # Whoever took over may have written them since this worker read the contacts.
            await work.lease.keep()
            await log.put(work.run.id, chunk, done)
        earlier += [
            change for change in done if change.kind is ChangeKind.DEACTIVATE or change.object_id in unchanged
        ]
    return EarlierWrites(earlier, frozenset(unfinished))


def _empty(change: Change) -> bool:
    """Whether nothing is left of an update, because its fields turned out to have no place."""
    return change.kind is ChangeKind.UPDATE and not change.changed


def _what(change: Change) -> tuple[str, bool]:
    """Somebody in scope is written, and somebody who left; one object may be both, for two contacts."""
    return change.object_id, change.kind is ChangeKind.DEACTIVATE


class _Found:
    """The contacts, to be found by what a change says of them."""

    def __init__(self, contacts: Sequence[Contact]) -> None:
        self._by_id = {contact.id: contact for contact in contacts}
        self._by_object_id = {contact.object_id: contact for contact in contacts if contact.object_id}
        self._by_email = {normalized_email(contact.fields.email): contact for contact in contacts}

    def shows(self, change: Change) -> bool:
        """Whether the contact the change is about is as it says."""
        return any(contact is not None and shows(contact, change) for contact in self._candidates(change))

    def _candidates(self, change: Change) -> Iterator[Contact | None]:
        if change.contact_id is not None:
            yield self._by_id.get(change.contact_id)
        if change.linked:  # where another address is another contact, an update may have made one
            yield self._by_object_id.get(change.object_id)
        elif change.contact_id is None:
            email = change.fields.email if change.fields is not None else ""
            yield self._by_email.get(normalized_email(email))
