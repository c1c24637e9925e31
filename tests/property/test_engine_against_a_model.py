"""Two customers of one account: whatever happens in whatever order, the contacts are what the rules say."""

import asyncio
from collections import Counter
from datetime import timedelta

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.core.changes import WRITES, ChangeKind
from shared.core.configuration import Configuration, GroupMode, LeaverPolicy, Matching
from shared.core.customer import Customer
from shared.core.errors import Gone
from shared.core.messages import PreviewMessage, QueueMessage, SyncMessage
from shared.core.models import Contact, ContactFields
from shared.core.planning import Plan
from shared.core.reviews import Decision, ReviewAction, decisions
from shared.core.run import Run, RunKind, RunState, Trigger
from shared.core.text import normalized_email
from tests.fakes import ACCOUNT, START, Process, World
from tests.property.model import Facts, contacts_after
from tests.property.policies import configurations
from tests.property.scenarios import CONNECTION, CUSTOMER
from tests.property.surroundings import ADDRESSES, PEOPLE, Surroundings, events, numbers, people
from tests.property.watching import WatchedContacts, WatchedRuns

SOON = timedelta(hours=12)
OTHER = Customer("c-2", ACCOUNT, "Other", "d0d0d0d0d0d0d0d0", START)
OTHER_TENANT = "7e4a47e4-0000-4000-8000-00000000000b"

Happened = list[tuple[str, dict[str, object]]]
happenings = st.lists(events, min_size=1, max_size=8)
calls = st.integers(1, 40)
kinds = st.sampled_from([RunKind.SYNC, RunKind.FULL, RunKind.USER, RunKind.PREVIEW])


class EngineAgainstAModel(RuleBasedStateMachine):
    """Rules let things happen and ask for runs; `settle` compares with the model when all is quiet."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = World(batch_size=2)
        self.world.runs = self.runs = WatchedRuns()
        self.world.contacts = self.psa = WatchedContacts(self.world.clock, self.runs, batch_size=2)
        self.world.app = self.world.start_app()
        self.tenant = self.world.tenant()
        self.around = Surroundings(self.world, self.tenant, self.psa, CONNECTION)
        self.policy = Configuration()
        self.given: set[tuple[str | None, str | None]] = set()

    @initialize(policy=configurations)
    def two_customers(self, policy: Configuration) -> None:
        """Their tenants have people with the same names and addresses."""
        other = self.world.tenant(OTHER_TENANT, *PEOPLE)
        for customer, tenant in ((CUSTOMER, self.tenant), (OTHER, other)):
            self.runner.run(self.world.customers.put(customer))
            self.runner.run(self.world.connect(tenant, customer))
        self.world.queue.waiting.clear()
        self.psa.add_by_hand(OTHER.connection_id, ContactFields("By hand", ADDRESSES[1]))
        self.runner.run(self.world.sync(OTHER))
        self.others = self.psa.stored(OTHER.connection_id)
        for name in PEOPLE:
            self.around.hire(name)
        self.configure(policy)
        self.sync(happened=[], full=False)

    def teardown(self) -> None:
        """However it went on, in the end all is quiet."""
        try:
            self.settle(happened=[])
        finally:
            self.runner.close()

    # What people do.

    @rule(happened=happenings)
    def life_goes_on(self, happened: Happened) -> None:
        """A few things happen that nobody coordinates."""
        for verb, details in happened:
            self.around.happen(verb, details)

    @rule(policy=configurations)
    def configure(self, policy: Configuration) -> None:
        """A technician chooses other policies."""
        self.policy = policy
        self.runner.run(self.world.configure(CUSTOMER, policy))

    @rule(number=numbers, action=st.sampled_from(ReviewAction), contact=numbers)
    def decide_about_a_person(self, number: int, action: ReviewAction, contact: int) -> None:
        """A technician decides about somebody in the review queue."""
        connection = self.runner.run(self.world.connection(CUSTOMER))
        queue = self.runner.run(self.world.app.reviews.list(connection))
        undecided = [review for review in queue if review.decision is None]
        choices: list[str | None] = [one.id for one in self.around.contacts()]
        if undecided and choices:
            chosen = choices[contact % len(choices)] if action is ReviewAction.LINK else None
            person = undecided[number % len(undecided)].object_id
            self.given.add((person, chosen))
            self.runner.run(self.world.app.reviews.decide(connection, person, Decision(action, chosen)))

    @precondition(lambda self: self._held())
    @rule(choice=st.sampled_from(["approve", "approve", "reject", "cancel"]), at=calls, after=st.booleans())
    def decide_about_a_run(self, choice: str, at: int, after: bool) -> None:
        """Somebody approves, rejects or cancels; the worker that follows may die."""
        run = self._held()[0]
        try:
            if choice == "approve":
                self.runner.run(self.world.app.runs.approve(run, run.digest or ""))
            else:
                self.runner.run(getattr(self.world.app.runs, choice)(run))
        except Gone:
            assert choice != "cancel"
            assert run.held_until is not None
            assert run.held_until <= self.world.clock.now()
        self._drain_with(Process(at, after=after))

    # Runs.

    @rule(happened=happenings, full=st.booleans())
    def sync(self, happened: Happened, full: bool) -> None:
        """Once, undisturbed."""
        self.life_goes_on(happened)
        self.runner.run(self._sync(RunKind.FULL if full else RunKind.SYNC))

    @rule(happened=happenings, name=people, asked=st.sampled_from(["id", "name", "mail", "nobody"]))
    def sync_one(self, happened: Happened, name: str, asked: str) -> None:
        """One person now; contacts of others stay as they are."""
        self.life_goes_on(happened)
        before = {contact.id: contact for contact in self._drained()}
        object_id = next(iter(self.around.called(name)), name)
        words = {"id": object_id, "nobody": "nobody@contoso.example"}
        user = self.tenant.users.get(object_id)
        if user is not None:
            words |= {"name": user.user_principal_name or "", "mail": user.mail or object_id}
        self.runner.run(self._done(self.runner.run(self._ask(RunKind.USER, words.get(asked, object_id)))))
        changed = [one for one in self.around.contacts() if before.get(one.id) != one]
        assert len(changed) <= 1

    @rule(policy=st.none() | configurations)
    def preview(self, policy: Configuration | None) -> None:
        """It writes no contact and nothing of the connection, the place in the directory included."""
        before = self._drained(), self.runner.run(self.world.connection(CUSTOMER))
        self.runner.run(self._preview(policy))
        assert before == (self.around.contacts(), self.runner.run(self.world.connection(CUSTOMER)))

    @rule(happened=happenings, kind=kinds, at=calls, after=st.booleans())
    def killed(self, happened: Happened, kind: RunKind, at: int, after: bool) -> None:
        """The worker dies at some call; the message is delivered again."""
        self.life_goes_on(happened)
        self.runner.run(self._asked(kind))
        self._drain_with(Process(at, after=after))

    @rule(happened=happenings, kind=kinds, at=calls, stall=st.sampled_from([0, 120]))
    def doubled(self, happened: Happened, kind: RunKind, at: int, stall: int) -> None:
        """At some call another worker gets the same message, with the lease held or lost."""
        self.life_goes_on(happened)
        message = self.runner.run(self._asked(kind))

        async def other_worker() -> None:
            self.world.clock.advance(timedelta(seconds=stall))
            await self.world.deliver(message)

        self._drain_with(Process(at, action=other_worker))

    @rule(kind=kinds)
    def ask(self, kind: RunKind) -> None:
        """A run is asked for; its message waits."""
        self.runner.run(self._asked(kind))

    @rule(which=numbers, again=st.booleans())
    def deliver_any(self, which: int, again: bool) -> None:
        """Some message arrives before the others, and maybe once more later."""
        now = self.world.clock.now()
        for waiting in [one for one in self.world.queue.waiting if one.visible_at <= now][which : which + 1]:
            self.world.queue.waiting.remove(waiting)
            if again:
                self.world.queue.put_back(waiting.message, timedelta(minutes=1))
            assert self.runner.run(self.world.deliver(waiting.message))

    # When all is quiet.

    @rule(happened=happenings)
    def settle(self, happened: Happened) -> None:
        """Contacts are as the model has them, twice is as good as once, a delta as good as a full read."""
        self.life_goes_on(happened)
        before = self._drained()
        reviews = self.runner.run(self.world.reviews.all(CONNECTION))
        preview = self.runner.run(self._preview())
        run = self.runner.run(self._sync())
        self._as_previewed(preview, run)
        if run.state is RunState.HELD:
            assert self.around.contacts() == before
            self.runner.run(self._approved(run))
        while self.runner.run(self.world.connection(CUSTOMER)).confirm_absence:
            self.runner.run(self._approved(self.runner.run(self._sync())))
        decided = decisions(reviews)
        if decisions(self.runner.run(self.world.reviews.all(CONNECTION))) != decided:
            # Something was decided that cannot be done; it is asked for again, and until then not decided.
            self.settle(happened=[])
            return
        self._as_the_model_has_it(before, decided)
        self._nothing_is_left_to_do(RunKind.SYNC)
        self._nothing_is_left_to_do(RunKind.FULL)

    def _as_previewed(self, preview: Run, run: Run) -> None:
        shown, done = (
            sorted(
                (line for line in self.world.changes.all(one.id) if line.writes),
                key=lambda line: (line.object_id, line.kind, line.contact_id or ""),
            )
            for one in (preview, run)
        )
        assert (preview.state, preview.guard, preview.planned) == (RunState.SUCCEEDED, run.guard, run.planned)
        assert shown == done
        assert preview.digest == Plan(0, 0, tuple(done)).digest()
        if run.state is RunState.HELD:
            assert preview.digest == run.digest
        else:
            assert preview.counts == run.counts

    def _as_the_model_has_it(self, before: list[Contact], decided: dict[str, Decision]) -> None:
        tenant, groups = self.tenant, self.policy.scope.groups
        chosen = list(tenant.groups) if groups.mode is GroupMode.ALL else list(groups.ids)
        mfa: dict[str, bool] | str | None = {key: one.capable for key, one in tenant.registrations.items()}
        if "registrations" in tenant.errors:
            mfa = "unknown" if tenant.errors["registrations"].permanent else None  # type: ignore[attr-defined]
        facts = Facts(
            users=dict(tenant.users),
            members=tenant.members_of(chosen),
            nobodys=frozenset(tenant.purposes),
            mfa=mfa,
            activity=None if "activity" in tenant.errors else dict(tenant.activity),
        )
        expected, created = contacts_after(facts, before, self.policy, decided)
        found = {contact.id: contact for contact in self.around.contacts()}
        assert {key: found.get(key) for key in expected} == expected
        new = [msgspec.structs.replace(found[key], id="") for key in found.keys() - expected.keys()]
        assert sorted(new, key=repr) == sorted(created, key=repr)

    def _nothing_is_left_to_do(self, kind: RunKind) -> None:
        before, writes = self.around.contacts(), len(self.psa.applied)
        run = self.runner.run(self._sync(kind))
        assert run.state is (RunState.SUCCEEDED if self.tenant.users else RunState.HELD)
        assert [line for line in self.world.changes.all(run.id) if line.writes] == []
        assert len(self.psa.applied) == writes
        assert self.around.contacts() == before

    # What always holds.

    @invariant()
    def only_what_is_allowed_happens_to_contacts(self) -> None:
        """None is deleted, and only those change that may, in ways that are allowed."""
        found = {contact.id: contact for contact in self.around.contacts()}
        assert found.keys() >= self.around.known.keys(), "no run deletes a contact"
        for contact_id, after in found.items():
            before = self.around.known.get(contact_id)
            if before is None:
                assert normalized_email(after.fields.email) in self._reached(after.object_id)
            elif before != after:
                self._may_change(before, after)
        linked = [one.object_id for one in found.values() if one.object_id is not None]
        assert len(linked) == len(set(linked)), "one contact per object"
        had, have = (_addresses(contacts) for contacts in (self.around.known, found))
        apart = {email for person, contact in self.given if not contact for email in self._reached(person)}
        doubled = {email for email in have if have[email] > max(had[email], 1)}
        assert doubled <= apart, "one contact per address, but for those who were given one of their own"
        self.around.look()

    def _may_change(self, before: Contact, after: Contact) -> None:
        email = normalized_email(before.fields.email)
        if before.object_id != after.object_id:
            given = (after.object_id, before.id) in self.given
            assert given or (before.object_id is None and email in self._reached(after.object_id))
        elif before.object_id is None or self.policy.matching is Matching.EMAIL:
            assert email in self._reached(None)
        assert (before.pins, before.keep_active) == (after.pins, after.keep_active)
        assert [pin for pin in before.pins if getattr(before.fields, pin) != getattr(after.fields, pin)] == []
        if before.active and not after.active:
            assert self.policy.leavers is LeaverPolicy.DEACTIVATE
            assert before.object_id is not None
            assert not before.keep_active
        if after.active and not before.active:
            assert before.deactivated_by_sync

    def _reached(self, object_id: str | None) -> set[str]:
        """Addresses that somebody has or had; with None, anybody."""
        reached = self.around.reached
        return reached[object_id] if object_id is not None else set().union(*reached.values())

    @invariant()
    def customers_are_apart(self) -> None:
        """The other customer's contacts are as they were."""
        assert self.psa.stored(OTHER.connection_id) == self.others

    @invariant()
    def runs_are_true(self) -> None:
        """Moves that are allowed, counts that add up and are those of the log, and no write while held."""
        assert (self.runs.wrong_moves, self.psa.wrong_writes, self.world.poison) == ([], [], [])
        for run in self.runs.newly_ended():
            if run.state is RunState.SUCCEEDED and run.kind is not RunKind.PREVIEW:
                lines = Counter(line.kind for line in self.world.changes.all(run.id))
                assert run.counts.add_up
                assert {kind: lines[kind] for kind in WRITES} == {
                    ChangeKind.CREATE: run.counts.created,
                    ChangeKind.LINK: run.counts.linked,
                    ChangeKind.UPDATE: run.counts.updated,
                    ChangeKind.MOVE_SITE: run.counts.moved,
                    ChangeKind.REACTIVATE: run.counts.reactivated,
                    ChangeKind.DEACTIVATE: run.counts.deactivated,
                }

    # How it is done.

    async def _drain(self) -> None:
        await self.world.drain(until=self.world.clock.now() + SOON)

    def _drained(self) -> list[Contact]:
        """Whatever waits is done; the contacts after it, which were looked at."""
        self.runner.run(self._drain())
        self.only_what_is_allowed_happens_to_contacts()
        return self.around.contacts()

    def _drain_with(self, process: Process) -> None:
        app, until = self.world.start_app(process), self.world.clock.now() + SOON
        self.runner.run(self.world.drain(lambda: app if process.alive else self.world.app, until=until))

    async def _ask(self, kind: RunKind, user: str | None = None) -> Run:
        run, _ = await self.world.app.runs.start(CUSTOMER, kind, Trigger.API, user)
        return run

    async def _asked(self, kind: RunKind) -> QueueMessage:
        if kind is RunKind.PREVIEW:
            run = await self.world.app.runs.preview(CUSTOMER, Trigger.API)
            return PreviewMessage(ACCOUNT, CONNECTION, run.id)
        person = next(iter(self.tenant.users), PEOPLE[0])
        run = await self._ask(kind, person if kind is RunKind.USER else None)
        return SyncMessage(ACCOUNT, CONNECTION, run.id)

    async def _done(self, run: Run) -> Run:
        await self._drain()
        return await self.world.app.runs.get(ACCOUNT, run.id)

    async def _sync(self, kind: RunKind = RunKind.SYNC) -> Run:
        run = await self._done(await self._ask(kind))
        assert run.state in {RunState.SUCCEEDED, RunState.HELD}
        return run

    async def _preview(self, policy: Configuration | None = None) -> Run:
        return await self._done(await self.world.app.runs.preview(CUSTOMER, Trigger.API, policy))

    async def _approved(self, run: Run) -> None:
        if run.state is RunState.HELD:
            run = await self._done(await self.world.app.runs.approve(run, run.digest or ""))
        assert run.state is RunState.SUCCEEDED

    def _held(self) -> list[Run]:
        return [run for run in self.runs.all() if run.state is RunState.HELD]


def _addresses(contacts: dict[str, Contact]) -> Counter[str]:
    return Counter(normalized_email(one.fields.email) for one in contacts.values() if one.fields.email)


TestEngineAgainstAModel = EngineAgainstAModel.TestCase
TestEngineAgainstAModel.settings = settings(
    max_examples=150, stateful_step_count=15, report_multiple_bugs=False
)
