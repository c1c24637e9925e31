"""The life of one connection: people come and go, contacts are edited, workers die, tenants disconnect."""

import asyncio
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.core.connection import ConnectionState
from shared.core.messages import SyncMessage
from shared.core.models import Contact, ContactFields
from shared.core.run import Run, RunKind, RunState, Trigger
from shared.core.text import normalized_email
from tests.fakes import ACCOUNT, Process, World

names = st.sampled_from(["ada", "bob", "cyd"])
titles = st.sampled_from(["", "Lead", "Clerk"])


class LifeOfAConnection(RuleBasedStateMachine):
    """A model of what must hold is kept beside the world: contacts made by hand, and requests to Graph."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = World(batch_size=2)
        self.by_hand: dict[str, Contact] = {}
        self.objects = 0
        self.connected = True

    @initialize()
    def connect_a_customer(self) -> None:
        """Everything starts with a connection to a tenant with one person."""
        self.customer, self.tenant = self.runner.run(self.world.connected())
        self.hire("ada")

    def teardown(self) -> None:
        self.runner.close()

    # The directory.

    @rule(name=names)
    def hire(self, name: str) -> None:
        """Somebody new, unless somebody with that address is there; a former one may be in the bin."""
        if all(user.mail != address(name) for user in self.tenant.users.values()):
            self.objects += 1
            self.tenant.hire(f"{name}-{self.objects}", mail=address(name), display_name=name)

    @rule(name=names, title=titles)
    def change(self, name: str, title: str) -> None:
        """Somebody gets another title."""
        for object_id in self._called(name):
            self.tenant.change(object_id, job_title=title)

    @rule(name=names, other=names)
    def swap_addresses(self, name: str, other: str) -> None:
        """Two people get each other's address."""
        ones, others = self._called(name), self._called(other)
        if ones and others and name != other:
            self.tenant.change(ones[0], mail=address(other))
            self.tenant.change(others[0], mail=address(name))

    @rule(name=names, enabled=st.booleans())
    def enable(self, name: str, enabled: bool) -> None:
        """Somebody is disabled, or enabled again."""
        for object_id in self._called(name):
            self.tenant.change(object_id, enabled=enabled)

    @rule(name=names)
    def leave(self, name: str) -> None:
        """Somebody is deleted and can come back."""
        for object_id in self._called(name):
            self.tenant.remove(object_id)

    @rule(name=names)
    def restore(self, name: str) -> None:
        """Somebody comes back; by then the address may be somebody else's too."""
        for object_id in [key for key in self.tenant.bin if key.startswith(name)][:1]:
            self.tenant.restore(object_id)

    @rule()
    def forget_links(self) -> None:
        """Graph wants a full read."""
        self.tenant.forget_links()

    # The PSA.

    @rule(name=names)
    def add_by_hand(self, name: str) -> None:
        """A technician adds a contact that nobody has yet."""
        if all(normalized_email(c.fields.email) != address(name) for c in self._contacts()):
            made = self.world.contacts.add_by_hand(
                self.customer.connection_id, ContactFields(name="By hand", email=address(name).upper())
            )
            self.by_hand[made.id] = made

    @rule(title=titles)
    def edit_by_hand(self, title: str) -> None:
        """A technician changes every linked contact."""
        for contact in self._contacts():
            if contact.object_id is not None:
                self.world.contacts.edit_by_hand(self.customer.connection_id, contact.id, job_title=title)

    # Syncs.

    @precondition(lambda self: self.connected)
    @rule(full=st.booleans())
    def sync_twice(self, full: bool) -> None:
        """Two syncs in a row: the second one writes nothing, and everybody with an address is in step."""
        self._sync(RunKind.FULL if full else RunKind.SYNC)
        second = self._sync(RunKind.SYNC)
        assert (second.counts.created, second.counts.linked, second.counts.updated) == (0, 0, 0)
        self._everybody_is_in_step()

    @precondition(lambda self: self.connected)
    @rule(at=st.integers(1, 30), after=st.booleans())
    def killed_in_a_sync(self, at: int, after: bool) -> None:
        """The worker dies at some call; the message is delivered again."""
        process = Process(at, after=after)
        app = self.world.start_app(process)
        self.runner.run(self._start())
        self.runner.run(self.world.drain(lambda: app if process.alive else self.world.start_app()))

    @precondition(lambda self: self.connected)
    @rule(at=st.integers(1, 30), stalled=st.sampled_from([timedelta(0), timedelta(minutes=2)]))
    def delivered_twice(self, at: int, stalled: timedelta) -> None:
        """At some call another worker gets the same message, with the lease held or lost."""
        message = self.runner.run(self._start())

        async def other_worker() -> None:
            self.world.clock.advance(stalled)
            await self.world.deliver(message)

        app = self.world.start_app(Process(at, action=other_worker))
        self.runner.run(self.world.drain(lambda: app))

    @precondition(lambda self: self.connected)
    @rule(at=st.integers(1, 30))
    def disconnected_in_a_sync(self, at: int) -> None:
        """Somebody disconnects while a worker is at it."""

        async def disconnect() -> None:
            await self.world.app.onboarding.disconnect(ACCOUNT, self.customer.connection_id)
            self.world.clock.advance(timedelta(minutes=2))

        process = Process(at, action=disconnect)
        app = self.world.start_app(process)
        self.runner.run(self._start())
        self.runner.run(self.world.drain(lambda: app))
        self.connected = len(process.calls) < at

    @precondition(lambda self: not self.connected)
    @rule()
    def nothing_is_read_while_disconnected(self) -> None:
        """A message that is still on the queue reads nothing."""
        requests = self.tenant.requests
        message = SyncMessage(ACCOUNT, self.customer.connection_id, "run_" + "0" * 37)
        self.runner.run(self.world.queue.send(message))
        self.runner.run(self.world.drain())
        assert self.tenant.requests == requests

    @precondition(lambda self: not self.connected)
    @rule()
    def reconnect(self) -> None:
        """The same tenant again; contacts and links are still there."""
        self.runner.run(self.world.connect(self.tenant, self.customer))
        self.runner.run(self.world.drain())
        self.connected = True

    # What always holds.

    @invariant()
    def nobody_has_two_contacts(self) -> None:
        """Neither by link nor by address."""
        linked = [c.object_id for c in self._contacts() if c.object_id is not None]
        assert len(linked) == len(set(linked))
        written = [normalized_email(c.fields.email) for c in self._contacts()]
        assert len(written) == len(set(written))

    @invariant()
    def contacts_made_by_hand_are_left_alone(self) -> None:
        """Unless they were adopted, and then they have the user's address."""
        found = {contact.id: contact for contact in self._contacts()}
        for contact_id, made in self.by_hand.items():
            assert found[contact_id] == made or found[contact_id].object_id is not None

    @invariant()
    def every_run_came_to_an_end(self) -> None:
        """With an empty queue no run is under way, no lease is held and counts add up."""
        assert self.world.queue.waiting == []
        assert self.world.poison == []
        for run in self.world.runs.all():
            assert run.state in {RunState.SUCCEEDED, RunState.CANCELED}
            assert run.counts.add_up
        for connection in self.world.connections.all():
            assert connection.lease_owner is None
            assert (connection.state is ConnectionState.ACTIVE) == self.connected

    @invariant()
    def a_disconnected_tenant_leaves_nothing_behind(self) -> None:
        """No secret, no mirror, no delta link."""
        if not self.connected:
            (connection,) = self.world.connections.all()
            assert (connection.secret_name, connection.delta_link, connection.mirror) == (None, None, None)
            assert self.world.secrets.values == {}
            assert self.world.mirrors.mirrors == {}

    def _called(self, name: str) -> list[str]:
        return [key for key, user in self.tenant.users.items() if user.mail == address(name)]

    def _contacts(self) -> list[Contact]:
        return self.world.contacts.contacts(self.customer.connection_id)

    async def _start(self) -> SyncMessage:
        run, _ = await self.world.app.runs.start(self.customer, RunKind.SYNC, Trigger.API)
        return SyncMessage(ACCOUNT, self.customer.connection_id, run.id)

    def _sync(self, kind: RunKind) -> Run:
        run = self.runner.run(self.world.sync(self.customer, kind))
        assert run.state is RunState.SUCCEEDED
        assert run.counts.users_read == len(self.tenant.users)
        return run

    def _everybody_is_in_step(self) -> None:
        linked = {contact.object_id: contact for contact in self._contacts()}
        lines = {line.object_id for run in self.world.runs.all() for line in self.world.changes.all(run.id)}
        for user in self.tenant.users.values():
            shared = sum(other.mail == user.mail for other in self.tenant.users.values()) > 1
            if not user.enabled or shared:
                assert user.id in lines
            elif user.id in linked and (contact := linked[user.id]).fields.email == user.mail:
                assert contact.fields.job_title == user.job_title or not user.job_title
            else:
                assert user.id in lines, "somebody without a contact in step is at least a conflict"


def address(name: str) -> str:
    return f"{name}@contoso.example"


TestLifeOfAConnection = LifeOfAConnection.TestCase
TestLifeOfAConnection.settings = settings(max_examples=40, stateful_step_count=20)
