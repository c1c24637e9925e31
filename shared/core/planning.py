"""The plan of a run: a pure function of the directory, the contacts, the configuration and the decisions."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from shared.core.changes import Change, ChangeKind, LifecycleReason, differences
from shared.core.configuration import Configuration, LeaverCause, LeaverPolicy, Matching
from shared.core.mapping import Mapper
from shared.core.matching import Match, match_by_email, match_by_identity
from shared.core.mirror import Snapshot
from shared.core.models import ALL_FIELDS, Contact, ContactFields, DirectoryUser
from shared.core.reviews import NO_DECISIONS, Decision, ReviewAction
from shared.core.scope import Filter, SkipReason
from shared.core.sites import Classifier
from shared.core.text import clean

_encode = msgspec.json.Encoder().encode


class Plan(msgspec.Struct, frozen=True):
    """What a run would do.

    `changes` holds every user that is not left as it is, ordered by object id, so that the same inputs in
    any order give the same plan. `users_read` counts the users of the directory; with `unchanged` and the
    kinds of the changes that speak of users it adds up. `in_scope`: users who are to have a contact.
    `contacts`: how many contacts the connection's people had before; `linked`: active ones among them that
    are linked. `unsure`: linked contacts of people who were not found for the first time.
    """

    users_read: int
    unchanged: int
    changes: tuple[Change, ...]
    in_scope: int = 0
    contacts: int = 0
    linked: int = 0
    unsure: int = 0

    def counts(self) -> Counter[ChangeKind]:
        """How many changes of each kind."""
        return Counter(change.kind for change in self.changes)

    def writes(self) -> tuple[Change, ...]:
        """The changes that write to the destination, in order."""
        return tuple(change for change in self.changes if change.writes)

    def digest(self) -> str:
        """What names exactly these writes: 64 hexadecimal digits, the same for equal plans."""
        digest = hashlib.blake2b(digest_size=32)
        for change in self.changes:
            if change.writes:
                digest.update(_encode(change))
        return digest.hexdigest()


def make_plan(
    snapshot: Snapshot,
    contacts: Iterable[Contact],
    configuration: Configuration,
    decisions: Mapping[str, Decision] = NO_DECISIONS,
    held: AbstractSet[str] = ALL_FIELDS,
) -> Plan:
    """Decide what happens to every user of the directory and to everybody who left it.

    `decisions`: object id → what a technician decided in the review queue. `held`: the fields of a contact
    that the destination has.
    """
    return _Planner(snapshot, list(contacts), configuration, decisions, held).plan()


def completing(plan: Plan, made_for: AbstractSet[str]) -> Plan:
    """The plan of a run that was taken up again. What is still missing from contacts that it was making is
    part of making them: whoever reads the log finds that they were created.

    `made_for`: object ids of those whom the run was about to make a contact for.
    """
    if not made_for:
        return plan
    changes = tuple(
        msgspec.structs.replace(change, kind=ChangeKind.CREATE, contact_id=None, changed=())
        if change.kind is ChangeKind.UPDATE and change.object_id in made_for
        else change
        for change in plan.changes
    )
    return msgspec.structs.replace(plan, changes=changes)


class _Planner:
    def __init__(
        self,
        snapshot: Snapshot,
        contacts: Sequence[Contact],
        configuration: Configuration,
        decisions: Mapping[str, Decision],
        held: AbstractSet[str],
    ) -> None:
        self._snapshot, self._contacts, self._decisions = snapshot, contacts, decisions
        self._configuration = configuration
        self._links = configuration.matching is Matching.IDENTITY
        self._filter = Filter(configuration, snapshot.supplement)
        self._sites = Classifier(configuration.sites)
        self._mapper = Mapper(configuration, snapshot.supplement, held)
        self._linked = {contact.object_id: contact for contact in contacts if contact.object_id is not None}
        self._wanted: dict[str, ContactFields] = {}
        self._skipped: dict[str, SkipReason] = {}
        self._changes: list[Change] = []
        self._unsure = 0

    def plan(self) -> Plan:
        users = self._snapshot.users
        for user in users.values():
            self._sort_out(user)
        matches = self._matches()
        unchanged = 0
        for object_id, outcome in matches.items():
            change = self._change(object_id, outcome)
            if change is None:
                unchanged += 1
            else:
                self._changes.append(change)
        if self._links:
            self._changes.extend(self._leavers(matches))
        self._changes.sort(key=lambda change: (change.object_id, change.kind, change.contact_id or ""))
        return Plan(
            users_read=len(users),
            unchanged=unchanged,
            changes=tuple(self._changes),
            in_scope=len(self._wanted),
            contacts=sum(1 for outcome in matches.values() if outcome.contact is not None),
            linked=sum(1 for contact in self._contacts if contact.active and contact.object_id is not None),
            unsure=self._unsure,
        )

    def _sort_out(self, user: DirectoryUser) -> None:
        """Either the fields the user's contact is to have, or the reason for none."""
        reason = self._filter.left_out(user)
        site = None
        if reason is None:
            site = self._sites.site(user)
            fields = self._mapper.fields(user, site or "")
            reason = self._reason(user, fields, site)
            if reason is None:
                mine = self._linked.get(user.id)
                # Nearly always the contact says so already: then what it says is kept once.
                same = mine is not None and mine.fields == fields
                self._wanted[user.id] = mine.fields if mine is not None and same else fields
                return
        self._skipped[user.id] = reason
        name = clean(user.display_name)
        self._changes.append(Change(ChangeKind.SKIP, user.id, name, reason=reason.value))

    def _reason(self, user: DirectoryUser, fields: ContactFields, site: str | None) -> SkipReason | None:
        if not fields.email:
            return SkipReason.NO_ADDRESS
        if site is None:
            return SkipReason.NO_SITE
        decision = self._decisions.get(user.id)
        if decision is not None and decision.action is ReviewAction.DISMISS:
            return SkipReason.DISMISSED
        return None

    def _matches(self) -> dict[str, Match]:
        if not self._links:
            return match_by_email(self._wanted, self._contacts)
        users = self._snapshot.users
        aliases = {object_id: found for object_id in self._wanted if (found := users[object_id].aliases)}
        return match_by_identity(self._wanted, self._contacts, users.keys(), aliases, self._decisions)

    def _change(self, object_id: str, outcome: Match) -> Change | None:
        """What happens to somebody in scope, or None where nothing does."""
        wanted, contact = self._wanted[object_id], outcome.contact
        name = self._name(object_id)
        if outcome.conflict is not None:
            contact_id = contact.id if contact else None
            return Change(ChangeKind.CONFLICT, object_id, name, contact_id, reason=outcome.conflict.value)
        if contact is None:
            fields = self._mapper.named(wanted)
            return Change(ChangeKind.CREATE, object_id, name, fields=fields, linked=self._links)
        after = self._mapper.merged(contact.fields, wanted, contact.pins)
        changed = differences(contact.fields, after)
        returns = self._links and contact.deactivated_by_sync and not contact.active
        kind = _kind(outcome, contact.fields, after, returns=returns)
        if kind is None:
            return None
        return Change(kind, object_id, name, contact.id, after, changed, linked=self._links)

    def _leavers(self, matches: Mapping[str, Match]) -> Iterator[Change]:
        """A line for every linked contact whose person left the directory or the scope."""
        given = {
            outcome.contact.id
            for outcome in matches.values()
            if outcome.contact is not None and not outcome.linked and outcome.conflict is None
        }
        for contact in self._contacts:
            object_id = contact.object_id
            if object_id is None or object_id in self._wanted or contact.id in given:
                continue
            if object_id in self._snapshot.users:
                yield from self._left_scope(contact, object_id)
            else:
                yield from self._left_directory(contact, object_id)

    def _left_directory(self, contact: Contact, object_id: str) -> Iterator[Change]:
        departure = self._snapshot.departure(object_id)
        if departure is None:
            acts = contact.active and self._acts_on(LeaverCause.DELETED)
            self._unsure += acts
            if acts or (self._snapshot.touched is None and object_id in self._snapshot.missing):
                yield self._kept(contact, object_id, LifecycleReason.ABSENT_ONCE)
            return
        reason = LifecycleReason(f"lifecycle.{departure.value}")
        # Of people who left long ago the run that noticed it spoke; a plan speaks of them when it acts.
        fresh = object_id in self._snapshot.departed
        yield from self._left(contact, object_id, LeaverCause.DELETED, reason, fresh=fresh)

    def _left_scope(self, contact: Contact, object_id: str) -> Iterator[Change]:
        skipped = self._skipped[object_id]
        if skipped is SkipReason.DISMISSED:
            return
        disabled = skipped is SkipReason.DISABLED
        cause = LeaverCause.DISABLED if disabled else LeaverCause.OUT_OF_SCOPE
        reason = LifecycleReason.DISABLED if disabled else LifecycleReason.OUT_OF_SCOPE
        yield from self._left(contact, object_id, cause, reason, fresh=False)

    def _left(
        self, contact: Contact, object_id: str, cause: LeaverCause, reason: LifecycleReason, *, fresh: bool
    ) -> Iterator[Change]:
        acts = self._acts_on(cause)
        if acts and not contact.active:
            return  # this run may have seen to it, before it was cut short
        if acts and contact.keep_active:
            yield self._kept(contact, object_id, LifecycleReason.KEPT_ACTIVE)
        elif acts:
            yield Change(
                ChangeKind.DEACTIVATE, object_id, self._shown(contact), contact.id, reason=reason.value
            )
        elif fresh:
            yield self._kept(contact, object_id, reason)

    def _acts_on(self, cause: LeaverCause) -> bool:
        policy = self._configuration
        return policy.leavers is LeaverPolicy.DEACTIVATE and cause in policy.leaver_causes

    def _kept(self, contact: Contact, object_id: str, reason: LifecycleReason) -> Change:
        return Change(ChangeKind.KEEP, object_id, self._shown(contact), contact.id, reason=reason.value)

    def _name(self, object_id: str) -> str:
        return clean(self._snapshot.users[object_id].display_name) or self._wanted[object_id].email

    def _shown(self, contact: Contact) -> str:
        fields = contact.fields
        return fields.name or f"{fields.first_name} {fields.last_name}".strip() or fields.email


def _kind(outcome: Match, before: ContactFields, after: ContactFields, *, returns: bool) -> ChangeKind | None:
    if returns:  # a link, where there is none, is made by the same write
        return ChangeKind.REACTIVATE
    if not outcome.linked:
        return ChangeKind.LINK
    if before == after:
        return None
    return ChangeKind.MOVE_SITE if before.site != after.site else ChangeKind.UPDATE
