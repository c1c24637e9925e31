"""What every RunStore, ChangeLog and MirrorStore must do."""

import asyncio
import hashlib
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from shared.core.changes import Change, ChangeKind, FieldChange
from shared.core.configuration import Preset
from shared.core.explanation import Clause, Step, StepName, StepResult
from shared.core.guard import GuardRule, Tripped
from shared.core.mirror import Snapshot
from shared.core.models import ContactFields, DirectoryUser, RemovalReason
from shared.core.presets import PRESETS
from shared.core.run import Counts, RunError, RunState, Stage, new_run_id
from shared.core.supplement import Gap, Registration, SecureScore, SubscribedProduct, Supplement
from shared.ports import ChangeLog, MirrorStore, RunStore
from tests.contract.contracts.values import HOSTILE, NOW, change, run, unique, user

GAP = Gap("mfa", "code", "Zoë / 名前 😀", "detail", "customer_admin", permanent=True)


class RunStoreContract:
    """Runs, newest first."""

    @pytest.fixture
    def runs(self) -> RunStore:
        raise NotImplementedError("the store under test")

    async def test_a_run_is_found_as_it_was_added(self, runs: RunStore) -> None:
        """Every field comes back as it was."""
        full = run(
            unique(),
            state=RunState.FAILED,
            slot=NOW,
            counts=Counts(users_read=3, created=1, skipped=2),
            skipped_by_reason={"not_in_scope.guest": 2},
            stage=Stage("mirror", "x" * 20_000, "tenant", None),
            error=RunError("code", "Zoë / 名前 😀", "detail", "operator"),
            seconds=1.25,
            configuration=PRESETS[Preset.ATERA],
            user="Zoë / 名前",
            steps=(
                Step(StepName.SCOPE, StepResult.STOPPED, "guest", (Clause("not_in_scope.guest", met=False),)),
            ),
            digest="0" * 64,
            guard=(Tripped(GuardRule.DEACTIVATIONS, limit=5, actual=6, baseline=50),),
            held_until=NOW + timedelta(days=3),
            approved="0" * 64,
            gaps=(GAP,),
        )
        assert await runs.add(full)
        assert await runs.get(full.id) == full

    async def test_adding_twice_is_told(self, runs: RunStore) -> None:
        """The second one with the same id is not added and changes nothing."""
        first = run(unique())
        assert await runs.add(first)
        assert not await runs.add(msgspec.structs.replace(first, state=RunState.RUNNING))
        assert await runs.get(first.id) == first

    async def test_saving_replaces(self, runs: RunStore) -> None:
        """What is None again is None again."""
        first = run(unique(), stage=Stage("m", "x" * 60_000, None, None))
        await runs.add(first)
        second = msgspec.structs.replace(first, state=RunState.SUCCEEDED, stage=None, applied=5)
        await runs.save(second)
        assert await runs.get(first.id) == second

    async def test_a_run_that_still_is_what_it_was_is_swapped(self, runs: RunStore) -> None:
        """Whoever read something else changes nothing."""
        first = run(unique(), stage=Stage("m", "x" * 60_000))
        await runs.add(first)
        held = msgspec.structs.replace(first, state=RunState.HELD, stage=None)
        assert await runs.swap(first, held)
        assert not await runs.swap(first, msgspec.structs.replace(first, state=RunState.CANCELED))
        assert await runs.get(first.id) == held

    async def test_a_run_that_is_not_there_is_not_swapped(self, runs: RunStore) -> None:
        """Nor does it come into being."""
        nobody = run(unique())
        assert not await runs.swap(nobody, nobody)
        assert await runs.get(nobody.id) is None

    async def test_of_many_that_swap_one_wins(self, runs: RunStore) -> None:
        """Twenty people who approve the same run: one did, and it shows."""
        first = run(unique(), state=RunState.HELD)
        await runs.add(first)
        wanted = [msgspec.structs.replace(first, approved=str(number)) for number in range(20)]
        swapped = await asyncio.gather(*(runs.swap(first, each) for each in wanted))
        found = await runs.get(first.id)
        assert [each for each, won in zip(wanted, swapped, strict=True) if won] == [found]

    async def test_an_unknown_run_is_none(self, runs: RunStore) -> None:
        """Also where the text is no run id at all."""
        for run_id in (new_run_id(unique(), NOW), "", "run_", "nonsense", *HOSTILE):
            assert await runs.get(run_id) is None

    async def test_runs_are_listed_newest_first(self, runs: RunStore) -> None:
        """By the time they were made, page by page, and only those of the connection."""
        connection_id, other = unique(), unique()
        made = [run(connection_id, NOW + timedelta(minutes=number)) for number in range(11)]
        for one in [*made[::2], *made[1::2], run(other)]:
            await runs.add(one)
        newest_first = [one.id for one in reversed(made)]
        for limit in (1, 4, 11, 12):
            assert await _all_runs(runs, connection_id, limit) == newest_first


class ChangeLogContract:
    """What a run did, in numbered chunks of changes."""

    @pytest.fixture
    def changes(self) -> ChangeLog:
        raise NotImplementedError("the store under test")

    @pytest.fixture
    def run_id(self) -> str:
        """A run no other test has."""
        return new_run_id(unique(), NOW)

    async def test_changes_come_back_as_they_were(self, changes: ChangeLog, run_id: str) -> None:
        """Every kind of line, with any text in it."""
        lines = [
            *(Change(kind, f"object-{kind}", "name", reason="a.reason") for kind in ChangeKind),
            Change(
                ChangeKind.MOVE_SITE,
                "object",
                "name",
                "contact",
                ContactFields(**{name: name for name in ContactFields.__struct_fields__}),
                tuple(FieldChange(name, "old", name) for name in ContactFields.__struct_fields__),
                linked=False,
            ),
            *(change(number, text) for number, text in enumerate(HOSTILE)),
        ]
        await changes.put(run_id, "1-written-000000", lines)
        assert [chunk async for chunk in changes.chunks(run_id)] == [("1-written-000000", lines)]

    async def test_chunks_sort_by_name(self, changes: ChangeLog, run_id: str) -> None:
        """The order in which they were written does not matter."""
        names = ["1-written-000000", "1-written-000001", "1-written-000010", "2-noticed-000000"]
        for number, name in reversed(list(enumerate(names))):
            await changes.put(run_id, name, [change(number)])
        assert [name async for name, _ in changes.chunks(run_id)] == names
        assert await _all_changes(changes, run_id, 10) == [change(number) for number in range(4)]

    async def test_a_chunk_is_replaced(self, changes: ChangeLog, run_id: str) -> None:
        """A shorter one leaves no rest of the longer one."""
        await changes.put(run_id, "1", [change(number, "x" * 1000) for number in range(400)])
        await changes.put(run_id, "1", [change(7)])
        assert await _all_changes(changes, run_id, 10) == [change(7)]

    async def test_an_empty_chunk_disappears(self, changes: ChangeLog, run_id: str) -> None:
        """Whether it was there or not."""
        await changes.put(run_id, "1", [change(1)])
        await changes.put(run_id, "1", [])
        await changes.put(run_id, "2", [])
        assert [chunk async for chunk in changes.chunks(run_id)] == []

    async def test_a_large_chunk_is_kept_whole(self, changes: ChangeLog, run_id: str) -> None:
        """400 changes with values of 1,000 characters, none of them ASCII."""
        lines = [change(number, chr(0x4E00 + number) * 1000) for number in range(400)]
        await changes.put(run_id, "1", lines)
        assert [part async for _, part in changes.chunks(run_id)] == [lines]

    async def test_pages_cut_the_log_anywhere(self, changes: ChangeLog, run_id: str) -> None:
        """Inside a chunk, at its end and across several, the pages make up the log."""
        lines = [change(number) for number in range(25)]
        for number, start in enumerate(range(0, 25, 10)):
            await changes.put(run_id, f"1-written-{number:06d}", lines[start : start + 10])
        for limit in (1, 5, 10, 24, 25, 26):
            assert await _all_changes(changes, run_id, limit) == lines

    async def test_an_unknown_run_has_no_changes(self, changes: ChangeLog, run_id: str) -> None:
        """Looking for what is not there is no error."""
        assert [chunk async for chunk in changes.chunks(run_id)] == []
        assert await _all_changes(changes, run_id, 5) == []


class MirrorStoreContract:
    """Directory mirrors; one that is saved is never changed."""

    @pytest.fixture
    def mirrors(self) -> MirrorStore:
        raise NotImplementedError("the store under test")

    @pytest.mark.parametrize("touched", [None, frozenset[str](), frozenset({"object-000001", "ä/#?%"})])
    async def test_a_mirror_is_loaded_as_it_was_saved(
        self, mirrors: MirrorStore, touched: frozenset[str] | None
    ) -> None:
        """Users, who left and why, and what the read spoke of; a full read is told from an empty delta."""
        snapshot = Snapshot(
            users={f"object-{number:06d}": user(number, text) for number, text in enumerate(HOSTILE)},
            departed={f"gone-{reason}": reason for reason in RemovalReason},
            touched=touched,
            changed=True,
        )
        connection_id = unique()
        reference = await mirrors.save(connection_id, _name(1), snapshot)
        assert await mirrors.load(connection_id, reference) == snapshot

    @pytest.mark.parametrize("full_reads", [0, 1, 2])
    async def test_what_is_not_certain_yet_is_kept(self, mirrors: MirrorStore, full_reads: int) -> None:
        """Who was missing once, and how many full reads the mirror stands on."""
        missing = frozenset({"object-000001", "ä/#?%"})
        snapshot = Snapshot({}, {}, None, changed=True, missing=missing, full_reads=full_reads)
        connection_id = unique()
        reference = await mirrors.save(connection_id, _name(1), snapshot)
        assert await mirrors.load(connection_id, reference) == snapshot

    @pytest.mark.parametrize(
        "supplement",
        [
            Supplement(),
            Supplement(frozenset(), {}, {}, {}, (), None, ()),
            Supplement(
                group_members=frozenset({"object-000001", "ä/#?%"}),
                purposes={"object-000001": "shared", "ä/#?%": "user"},
                registrations={
                    "object-000001": Registration(capable=True, methods=("名前", "sms")),
                    "object-000002": Registration(capable=False),
                },
                activity={"zoë@example.com": date(2026, 2, 28), "never@example.com": None},
                products=(SubscribedProduct("sku", "PART_NUMBER", 25, 20),),
                secure_score=SecureScore(12.5, 50.0, date(2026, 3, 1)),
                gaps=(GAP,),
            ),
        ],
        ids=["nothing asked", "nothing found", "all of it"],
    )
    async def test_what_else_was_read_is_kept(self, mirrors: MirrorStore, supplement: Supplement) -> None:
        """What was not asked is told from what was asked and is empty."""
        snapshot = Snapshot({"object-000001": user(1)}, {}, None, changed=True, supplement=supplement)
        connection_id = unique()
        reference = await mirrors.save(connection_id, _name(1), snapshot)
        assert await mirrors.load(connection_id, reference) == snapshot

    async def test_everything_about_a_user_is_kept(self, mirrors: MirrorStore) -> None:
        """Every property, and one after the other alone."""
        values: dict[str, Any] = {
            name: ("one", "two") if name in {"aliases", "licences"} else True if name == "enabled" else name
            for name in DirectoryUser.__struct_fields__
        }
        whole = DirectoryUser(**values)
        users = {name: DirectoryUser(**({name: values[name]} | {"id": name})) for name in values}
        snapshot = Snapshot(users | {whole.id: whole}, {}, None, changed=True)
        connection_id = unique()
        reference = await mirrors.save(connection_id, _name(1), snapshot)
        assert await mirrors.load(connection_id, reference) == snapshot

    async def test_an_empty_mirror_is_not_a_missing_one(self, mirrors: MirrorStore) -> None:
        """A tenant without users has a mirror too."""
        connection_id, empty = unique(), Snapshot({}, {}, None, changed=True)
        reference = await mirrors.save(connection_id, _name(1), empty)
        assert await mirrors.load(connection_id, reference) == empty

    async def test_a_large_tenant_is_kept_whole(self, mirrors: MirrorStore) -> None:
        """20,000 users with long names that hardly compress."""
        users = {}
        for number in range(20_000):
            text = "".join(chr(0x4E00 + (number * 7919 + step * 104729) % 20_000) for step in range(60))
            users[f"object-{number:06d}"] = user(number, text)
        snapshot = Snapshot(users, {}, frozenset(users), changed=True)
        connection_id = unique()
        reference = await mirrors.save(connection_id, _name(1), snapshot)
        assert await mirrors.load(connection_id, reference) == snapshot

    async def test_what_else_was_read_of_a_large_tenant_is_kept_whole(self, mirrors: MirrorStore) -> None:
        """30,000 people with ids that cannot be compressed."""
        ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(30_000)]
        supplement = Supplement(
            group_members=frozenset(ids[::2]),
            purposes=dict.fromkeys(ids, "user"),
            registrations={
                each: Registration(number % 2 == 0, (each[:9],)) for number, each in enumerate(ids)
            },
            activity={
                f"{each}@example.com": date(2026, 1, 1) + timedelta(days=number % 180)
                for number, each in enumerate(ids)
            },
        )
        snapshot = Snapshot({}, {}, None, changed=True, missing=frozenset(ids), supplement=supplement)
        connection_id = unique()
        reference = await mirrors.save(connection_id, _name(1), snapshot)
        assert await mirrors.load(connection_id, reference) == snapshot

    async def test_a_missing_mirror_is_none(self, mirrors: MirrorStore) -> None:
        """Whether it was never there, is another connection's, or is named by nonsense."""
        connection_id = unique()
        reference = await mirrors.save(connection_id, _name(1), _small(1))
        assert await mirrors.load(unique(), reference) is None
        for nonsense in ("", "nonsense", "999:" + reference.partition(":")[2], *HOSTILE):
            assert await mirrors.load(connection_id, nonsense) is None

    async def test_a_later_mirror_leaves_the_former_alone(self, mirrors: MirrorStore) -> None:
        """Until it is committed, the one in force must still load."""
        connection_id = unique()
        first = await mirrors.save(connection_id, _name(1), _small(1))
        second = await mirrors.save(connection_id, _name(2), _small(2))
        assert await mirrors.load(connection_id, first) == _small(1)
        assert await mirrors.load(connection_id, second) == _small(2)

    async def test_pruning_deletes_what_is_older(self, mirrors: MirrorStore) -> None:
        """The one to keep, later ones, and other connections' stay."""
        connection_id, other = unique(), unique()
        references = [await mirrors.save(connection_id, _name(n), _small(n)) for n in (1, 2, 3, 10)]
        elsewhere = await mirrors.save(other, _name(1), _small(1))
        await mirrors.prune(connection_id, references[2])
        loaded = [await mirrors.load(connection_id, reference) for reference in references]
        assert loaded == [None, None, _small(3), _small(10)]
        assert await mirrors.load(other, elsewhere) == _small(1)

    async def test_pruning_without_one_to_keep_deletes_them_all(self, mirrors: MirrorStore) -> None:
        """After a disconnect nothing that was read is left; doing it again is fine."""
        connection_id = unique()
        references = [await mirrors.save(connection_id, _name(n), _small(n)) for n in (1, 2)]
        await mirrors.prune(connection_id, None)
        await mirrors.prune(connection_id, None)
        assert [await mirrors.load(connection_id, reference) for reference in references] == [None, None]


def _name(number: int) -> str:
    return f"{number:010d}run_0123456789abcdef"


def _small(number: int) -> Snapshot:
    return Snapshot({f"object-{number:06d}": user(number)}, {}, None, changed=True)


async def _all_runs(runs: RunStore, connection_id: str, limit: int) -> list[str]:
    found: list[str] = []
    after: str | None = None
    while True:
        page = await runs.list(connection_id, limit, after)
        assert len(page.items) <= limit
        found += [one.id for one in page.items]
        if page.after is None:
            return found
        after = page.after


async def _all_changes(changes: ChangeLog, run_id: str, limit: int) -> list[Change]:
    found: list[Change] = []
    after: str | None = None
    while True:
        page = await changes.list(run_id, limit, after)
        assert len(page.items) <= limit
        found += page.items
        if page.after is None:
            return found
        after = page.after
