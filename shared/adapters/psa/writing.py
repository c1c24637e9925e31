"""One batch of changes: calls to the PSA, a few at a time, and what they came to."""

import asyncio
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import timedelta

import msgspec

from shared.adapters.psa.after import After, link_after, link_gone, with_fields
from shared.adapters.psa.api import ContactsApi
from shared.adapters.psa.book import Book
from shared.adapters.psa.problems import Invalid, NotSent, Taken, Unanswered, Unknown, rationed
from shared.core.changes import Change, ChangeKind, Rejection, RejectionReason
from shared.core.configuration import LeaverPolicy
from shared.core.connection import Connection
from shared.core.errors import DestinationRefused, RetryLater
from shared.core.links import Link, PendingCreate, RemoteContact, rewritten
from shared.core.models import BLANK, Contact, ContactFields
from shared.core.text import normalized_email
from shared.ports import Clock, LinkStore

_AT_ONCE = 4
_STROKE = 50  # links that are kept in one transaction
_FRESH = timedelta(seconds=60)
"""So old a contact may be that is sent back whole."""
_IN_TIME = 15.0
"""Seconds from writing down what is to be made to asking for it. A worker that stalls for longer may have
been given up, and somebody else be at its work."""


class _Outcome(msgspec.Struct):
    """What a change came to: links to keep, why it was not taken, or why it is not done; `unsure`: a contact
    may have been made all the same."""

    links: list[Link]
    rejection: Rejection | None = None
    error: Exception | None = None
    unsure: bool = False


class Writing:
    """Carries out one batch."""

    def __init__(
        self,
        api: ContactsApi,
        connection: Connection,
        name: str,
        book: Book,
        *,
        links: LinkStore,
        clock: Clock,
    ) -> None:
        """`name`: of the book in the store."""
        self._api, self._connection, self._name = api, connection, name
        self._book, self._links, self._clock = book, links, clock
        self._held: AbstractSet[str] = frozenset()
        self._began = clock.monotonic()
        self._stopped = False

    async def carry_out(self, changes: Sequence[Change], run_id: str) -> list[Rejection]:
        """Those that were not taken. Raises what made going on impossible, once what is done is kept."""
        self._held = await self._api.fields()
        creates = [create for change in changes if (create := self._pending(change, run_id)) is not None]
        await self._api.allowance.expect(sum(map(self._cost, changes)))
        if creates:
            await self._links.begin(self._name, creates)
        self._began = self._clock.monotonic()
        outcomes = await self._all(changes)
        again = [number for number, outcome in enumerate(outcomes) if _taken(outcome)]
        if again and len(again) < len(changes) and not self._stopped:
            # Whoever had the address may have given it up in this very batch.
            second = await self._all([changes[number] for number in again])
            for number, outcome in zip(again, second, strict=True):
                outcomes[number] = outcome
        unsure = any(outcome.unsure for outcome in outcomes)
        await self._keep(
            [link for outcome in outcomes for link in outcome.links], 0 if unsure else len(creates)
        )
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        if errors:
            raise max(errors, key=_weight)
        return [outcome.rejection for outcome in outcomes if outcome.rejection is not None]

    def _cost(self, change: Change) -> int:
        """How many calls the change takes, as a rule."""
        fields = change.fields or BLANK
        changed = {line.field for line in change.modified} & self._held
        return max(1, self._api.cost(fields, changed))

    async def _keep(self, links: Sequence[Link], settled: int) -> None:
        for start in range(0, len(links), _STROKE):
            await self._links.settle(self._name, links[start : start + _STROKE], 0)
        if settled:
            await self._links.settle(self._name, (), settled)
        for link in links:
            self._book.keep(link)

    async def _all(self, changes: Sequence[Change]) -> list[_Outcome]:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(change: Change) -> _Outcome:
            async with gate:
                return await self._one(change)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(change)) for change in changes]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None  # callers know the errors, not the groups they come in
        return [task.result() for task in tasks]

    async def _one(self, change: Change) -> _Outcome:
        outcome = _Outcome([])
        if self._stopped:
            return outcome
        try:
            await self._carry_out(change, outcome)
        except Taken as refused:
            outcome.rejection = Rejection(change, RejectionReason.ADDRESS_TAKEN, refused.said)
        except Invalid as refused:
            outcome.rejection = Rejection(change, RejectionReason.INVALID, refused.said)
        except Unknown:
            outcome.rejection = Rejection(change, RejectionReason.CONTACT_GONE)
            if change.contact_id is not None:
                outcome.links.append(link_gone(change.contact_id, self._clock.now()))
        except (RetryLater, DestinationRefused) as error:
            outcome.error, self._stopped = error, True
        return outcome

    async def _carry_out(self, change: Change, outcome: _Outcome) -> None:
        contact = self._target(change)
        if contact is None or self._needs_another(change, contact):
            await self._make(change, contact, outcome)
        else:
            await self._change(change, contact, outcome)

    def _target(self, change: Change) -> Contact | None:
        """The contact that is written, None for one that is to be made. Raises Unknown."""
        if change.contact_id is not None:
            contact = self._book.contacts.get(change.contact_id)
            if contact is None:
                raise Unknown
            return contact
        if change.linked:
            return self._book.of_object(change.object_id)
        holders = self._book.with_address(_fields(change).email)
        return next((contact for contact in holders if contact.object_id is None), None)

    def _needs_another(self, change: Change, contact: Contact) -> bool:
        """Whether the change is of an address that cannot be changed."""
        if self._api.moves_addresses or change.kind is ChangeKind.DEACTIVATE:
            return False
        return normalized_email(_fields(change).email) != normalized_email(contact.fields.email)

    def _pending(self, change: Change, run_id: str) -> PendingCreate | None:
        try:
            contact = self._target(change)
        except Unknown:
            return None
        if contact is not None and not self._needs_another(change, contact):
            return None
        fields = _fields(change)
        return PendingCreate(
            change.object_id,
            change.linked,
            fields,
            self._clock.now(),
            run_id,
            beside=tuple(holder.id for holder in self._book.with_address(fields.email)),
            replaces=None if contact is None else contact.id,
            deactivates=contact is not None and self._puts_away,
        )

    @property
    def _puts_away(self) -> bool:
        """Whether the contact of an address that somebody gave up is deactivated, as a leaver's is."""
        return self._connection.configuration.leavers is LeaverPolicy.DEACTIVATE

    async def _make(self, change: Change, replaces: Contact | None, outcome: _Outcome) -> None:
        if self._clock.monotonic() - self._began > _IN_TIME:
            raise rationed(self._api.psa, timedelta(seconds=1))
        fields = _fields(change)
        made: RemoteContact | None = None
        try:
            made = await self._api.create(fields)
        except Taken as taken:
            await self._adopt(change, outcome, taken)
        except Unanswered:
            outcome.unsure = True
            raise
        else:
            self._book.show(made, self._clock.now())
            outcome.links.append(self._link(After(made.id, made.fields, active=True), change, None))
        if replaces is not None:
            # From now on the person has the new contact; that the former one is put away is still owed.
            outcome.links.append(
                self._book.replaced(replaces.id, self._clock.now(), deactivates=self._puts_away)
            )
            outcome.unsure = self._puts_away
            if self._puts_away and replaces.active:
                with suppress(Unknown):  # somebody deleted it, which puts it away too
                    before = await self._before(replaces)
                    await self._api.update(before, before.fields, frozenset(), active=False)
            outcome.unsure = False
        if made is not None:
            outcome.links[0] = await self._completed(change, made, fields)

    async def _completed(self, change: Change, made: RemoteContact, fields: ContactFields) -> Link:
        """Add what a new contact does not get when it is made."""
        lacking = frozenset(
            name for name in self._held if getattr(fields, name) and not getattr(made.fields, name)
        )
        after = await self._api.update(made, fields, lacking, active=True) if lacking else made
        return await self._written(change, None, made, fields, changed=self._held, after=after, active=True)

    async def _adopt(self, change: Change, outcome: _Outcome, taken: Taken) -> None:
        """Take a contact that the PSA says it has, if nobody knew of it and it is the customer's own. Raises
        `taken` where it is not."""
        found = await self._api.find(_fields(change).email) or []
        holders = [mine for contact in found if (mine := self._api.mine(contact)) is not None]
        if len(holders) != len(found) or len(holders) != 1 or holders[0].id in self._book.contacts:
            raise taken
        (holder,) = holders
        self._book.show(holder, self._clock.now())
        await self._change(change, Contact(holder.id, holder.fields, active=holder.active), outcome)

    async def _change(self, change: Change, contact: Contact, outcome: _Outcome) -> None:
        before = await self._before(contact)
        known = self._book.remote.get(contact.id, before)
        fields = contact.fields if change.kind is ChangeKind.DEACTIVATE else _fields(change)
        changed = frozenset(
            name for name in self._held if getattr(fields, name) != getattr(contact.fields, name)
        )
        wished = changed
        if not self._api.moves_addresses:
            changed -= {"email"}  # which says the same in other letters
        active = contact.active
        if change.kind in {ChangeKind.DEACTIVATE, ChangeKind.REACTIVATE}:
            active = change.kind is ChangeKind.REACTIVATE
        whole = with_fields(before.fields, fields, changed)
        after = await self._api.update(before, whole, changed, active=active)
        # What somebody changed there since it was read, and the directory does not govern, stays so.
        edited = frozenset(
            name for name in self._held if getattr(known.fields, name) != getattr(before.fields, name)
        )
        wanted = with_fields(with_fields(contact.fields, before.fields, edited), fields, wished)
        link = await self._written(
            change, contact, before, wanted, changed=changed, after=after, active=active
        )
        outcome.links.append(link)
        assumed = msgspec.structs.replace(before, fields=whole, active=active)
        self._book.show(after or assumed, self._clock.now())

    async def _before(self, contact: Contact) -> RemoteContact:
        """The contact as it is there; where it is sent back whole, as it was a moment ago. Raises Unknown."""
        found = self._book.remote.get(contact.id)
        if self._api.sends_whole:
            if found is not None and self._clock.now() - self._book.shown_at(contact.id) < _FRESH:
                return found
            found = await self._api.get(contact.id)
            if found is None:
                raise Unknown
            return found
        return found or RemoteContact(contact.id, "", contact.fields, contact.active)

    async def _written(
        self,
        change: Change,
        contact: Contact | None,
        before: RemoteContact,
        wanted: ContactFields,
        *,
        changed: AbstractSet[str],
        after: RemoteContact | None,
        active: bool,
    ) -> Link:
        """The link after a write; `after`: the contact as the PSA says it is then."""
        link = self._book.links.get(before.id)
        former = BLANK if link is None else link.written
        in_vain = frozenset(name for name in changed if getattr(former, name) == getattr(wanted, name))
        if after is None and contact is not None and in_vain - self._api.unseen:
            after = await self._api.get(before.id)  # written before, and found otherwise
        known = {} if link is None else link.rewritten
        made_of = {name: value for name, value in known.items() if name not in changed}
        if after is not None:
            held = await self._api.fields()
            lost = changed - held
            wanted = with_fields(wanted, after.fields, lost)
            made_of |= rewritten(wanted, after.fields, (changed & held) - self._api.unseen)
        return self._link(After(before.id, wanted, active, made_of), change, contact)

    def _link(self, after: After, change: Change, contact: Contact | None) -> Link:
        before = self._book.links.get(after.contact_id)
        return link_after(
            after, change, contact, before=before, connection=self._connection, now=self._clock.now()
        )


def _fields(change: Change) -> ContactFields:
    if change.fields is None:
        raise ValueError(f"this {change.kind} change has no fields")
    return change.fields


def _taken(outcome: _Outcome) -> bool:
    return outcome.rejection is not None and outcome.rejection.reason is RejectionReason.ADDRESS_TAKEN


def _weight(error: Exception) -> tuple[bool, bool, float]:
    """A refusal says more than an outage, and that more than a wait, of which the longest counts."""
    wait = error.after.total_seconds() if isinstance(error, RetryLater) else 0.0
    return isinstance(error, DestinationRefused), not isinstance(error, NotSent), wait
