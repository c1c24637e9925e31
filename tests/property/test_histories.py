"""However a tenant is read in the course of its history, the contacts are the same after every sync."""

import asyncio
import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.configuration import Configuration
from shared.core.models import Contact
from shared.core.run import RunKind, RunState, Trigger
from tests.fakes import ACCOUNT, Manners, World
from tests.property.policies import configurations
from tests.property.scenarios import CONNECTION, CUSTOMER, UNGUARDED
from tests.property.surroundings import EVENTS, PEOPLE, Surroundings
from tests.property.watching import WatchedContacts, WatchedRuns

_ELSEWHERE = {"answer", "fail", "pass_time"}
happenings = st.sampled_from(sorted(EVENTS.keys() - _ELSEWHERE)).flatmap(
    lambda verb: st.tuples(st.just(verb), st.fixed_dictionaries(EVENTS[verb]))
)
Chapter = tuple[Configuration, list[tuple[str, dict[str, object]]]]
chapters = st.tuples(
    configurations.map(lambda policy: replace(policy, guard=UNGUARDED)),
    st.lists(happenings, min_size=1, max_size=8),
)


class Tale:
    """One world in which the history happens, and how the tenant is read in it."""

    def __init__(self, kind: RunKind = RunKind.SYNC, manners: Manners | None = None) -> None:
        self.world, self.kind = World(batch_size=2), kind
        self.world.contacts = contacts = WatchedContacts(self.world.clock, WatchedRuns(), batch_size=2)
        self.world.app = self.world.start_app()
        self.tenant = self.world.tenant()
        self.tenant.manners = manners or Manners()
        self.around = Surroundings(self.world, self.tenant, contacts, CONNECTION)

    async def begin(self) -> None:
        await self.world.customers.put(CUSTOMER)
        await self.world.connect(self.tenant, CUSTOMER)
        self.world.queue.waiting.clear()
        for person in PEOPLE:
            self.around.hire(person)

    async def go_on(self, chapter: Chapter) -> list[Contact]:
        """Let things happen, sync until nothing has to be confirmed, and see what the contacts are."""
        policy, happened = chapter
        await self.world.configure(CUSTOMER, policy)
        for verb, details in happened:
            self.around.happen(verb, details)
        await self._sync()
        while (await self.world.connection(CUSTOMER)).confirm_absence:
            await self._sync()
        return self.around.contacts()

    async def _sync(self) -> None:
        run, _ = await self.world.app.runs.start(CUSTOMER, self.kind, Trigger.API)
        await self.world.drain(until=self.world.clock.now())
        run = await self.world.app.runs.get(ACCOUNT, run.id)
        if run.state is RunState.HELD:  # nobody is left at all
            await self.world.app.runs.approve(run, run.digest or "")
            await self.world.drain(until=self.world.clock.now())


async def told(one: Tale, other: Tale, history: list[Chapter]) -> None:
    for tale in (one, other):
        await tale.begin()
    for chapter in history:
        assert await one.go_on(chapter) == await other.go_on(chapter)


@settings(max_examples=200)
@given(st.lists(chapters, min_size=1, max_size=4))
def test_following_changes_comes_to_the_same_as_reading_everything(history: list[Chapter]) -> None:
    """Groups, licences, aliases, leavers, sites and whatever else the configuration goes by included."""
    asyncio.run(told(Tale(RunKind.SYNC), Tale(RunKind.FULL), history))


@settings(max_examples=200)
@given(
    st.lists(chapters, min_size=1, max_size=3),
    st.integers(1, 3),
    st.integers(0, 99),
    st.sampled_from([RunKind.SYNC, RunKind.FULL]),
)
def test_the_order_and_the_size_of_pages_do_not_matter(
    history: list[Chapter], size: int, seed: int, kind: RunKind
) -> None:
    """Nor do duplicates, replays and pages without anybody on them."""
    rude = Manners(size, empty_pages=True, duplicates=True, replays=True, shuffled=random.Random(seed))
    asyncio.run(told(Tale(kind), Tale(kind, rude), history))
