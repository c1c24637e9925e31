"""A setup: a draft that changes nothing until it comes into force, and whom it keeps from syncing."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.core.configuration import Configuration, GroupMode, Groups, LeaverPolicy, Scope
from shared.core.connection import Connection, ConnectionState
from shared.core.errors import SetupChanged
from shared.core.messages import StartMessage, SyncMessage
from shared.core.permissions import Outcome, Permission, lacking
from shared.core.schedule import next_due, not_due
from shared.core.setting_up import begun, drafted, dropped, in_force, opened, shown
from shared.core.setup import SetupStep

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PLAIN = Connection("c0ffee", "account", "customer", NOW, state=ConnectionState.ACTIVE)
DRAFT = Configuration(leavers=LeaverPolicy.DEACTIVATE)
GROUP, OTHER = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
QUARTER = timedelta(minutes=15)


def test_who_was_never_connected_is_set_up() -> None:
    """With a draft of what is in force; nothing is synced by itself meanwhile."""
    first = begun(PLAIN, NOW)
    assert first.setup is not None
    assert first.setup.draft == PLAIN.configuration
    assert first.being_set_up
    assert not PLAIN.being_set_up


def test_who_was_connected_before_is_not_set_up_again() -> None:
    """A reconnect goes on with what is in force, and a setup that is there stays as it is."""
    connected = msgspec.structs.replace(PLAIN, connected_at=NOW)
    assert begun(connected, NOW) is connected
    chosen = drafted(begun(PLAIN, NOW), NOW, 1, DRAFT)
    assert begun(chosen, NOW + timedelta(days=1)) is chosen


def test_later_changes_are_a_draft_that_stops_no_sync() -> None:
    """Looking keeps nothing; the first change makes the draft."""
    looked_at = opened(PLAIN, NOW)
    assert (looked_at.version, looked_at.first) == (0, False)
    changed = drafted(PLAIN, NOW, 0, DRAFT, step=SetupStep.PEOPLE)
    assert changed.setup is not None
    assert (changed.setup.version, changed.setup.draft) == (1, DRAFT)
    assert changed.configuration == PLAIN.configuration
    assert not changed.being_set_up


def test_of_two_windows_the_slower_one_is_told() -> None:
    """Whatever it wants to do, it must name the version it saw."""
    ahead = drafted(begun(PLAIN, NOW), NOW, 1, DRAFT)
    with pytest.raises(SetupChanged):
        drafted(ahead, NOW, 1, Configuration())
    with pytest.raises(SetupChanged):
        shown(ahead, NOW, 1, "run")
    with pytest.raises(SetupChanged):
        in_force(ahead, 1, 1, "run")


def test_a_draft_comes_into_force_with_its_run() -> None:
    """In one write: the configuration, its version, the end of the setup, and the run under way."""
    ready = in_force(drafted(begun(PLAIN, NOW), NOW, 1, DRAFT), 2, 1, "run")
    assert (ready.configuration, ready.configuration_version) == (DRAFT, 2)
    assert (ready.setup, ready.current_run, ready.being_set_up) == (None, "run", False)
    with pytest.raises(SetupChanged):
        in_force(ready, 2, 1, "another")


def test_a_configuration_that_a_program_changed_is_not_overwritten_unseen() -> None:
    """Whoever puts the draft into force must have seen the version that it takes the place of."""
    patched = msgspec.structs.replace(begun(PLAIN, NOW), configuration_version=2)
    with pytest.raises(SetupChanged):
        in_force(patched, 1, 1, "run")
    assert in_force(patched, 1, 2, "run").configuration_version == 3


def test_a_preview_is_of_one_version() -> None:
    """Another choice, and what was shown is no longer what would happen."""
    seen = shown(begun(PLAIN, NOW), NOW, 1, "run")
    assert seen.setup is not None
    assert seen.setup.shown
    changed = drafted(seen, NOW, 1, DRAFT).setup
    assert changed is not None
    assert not changed.shown


def test_names_are_kept_of_selected_groups_alone() -> None:
    """A name without its group would stay for ever."""
    selected = Configuration(scope=Scope(groups=Groups(GroupMode.SELECTED, (GROUP,))))
    setup = drafted(begun(PLAIN, NOW), NOW, 1, selected, names={GROUP: "Staff", OTHER: "Board"}).setup
    assert setup is not None
    assert setup.names == {GROUP: "Staff"}


def test_a_dropped_draft_leaves_what_is_in_force() -> None:
    """A first setup begins again, a later one is gone."""
    first = dropped(drafted(begun(PLAIN, NOW), NOW, 1, DRAFT))
    assert first.setup is not None
    assert (first.setup.draft, first.setup.version, first.setup.done) == (PLAIN.configuration, 3, ())
    assert first.being_set_up
    assert dropped(drafted(PLAIN, NOW, 0, DRAFT)).setup is None


def test_whoever_comes_back_goes_on_where_they_were() -> None:
    """At the first step that is not done; with all of them done, where everything is looked at."""
    setup = opened(begun(PLAIN, NOW), NOW)
    assert setup.next_step is SetupStep.PRESET
    assert msgspec.structs.replace(setup, done=(SetupStep.PRESET,)).next_step is SetupStep.PEOPLE
    assert opened(PLAIN, NOW).next_step is SetupStep.CHECK


def test_no_due_time_counts_during_the_first_setup() -> None:
    """A message that was sent before finds that out."""
    due = next_due(PLAIN.configuration.schedule, PLAIN.id, QUARTER, NOW)
    message = SyncMessage(PLAIN.account_id, PLAIN.id, "run", due)
    assert not not_due(message, PLAIN, QUARTER, due)
    assert not_due(message, begun(PLAIN, NOW), QUARTER, due)
    assert not not_due(message, drafted(PLAIN, NOW, 0, DRAFT), QUARTER, due)


def test_a_run_that_nobody_started_does_not_begin() -> None:
    """Its message came ahead of a write that never was; with the write it is the run under way."""
    message = StartMessage(PLAIN.account_id, PLAIN.id, "run")
    assert not_due(message, PLAIN, QUARTER, NOW)
    assert not not_due(message, msgspec.structs.replace(PLAIN, current_run="run"), QUARTER, NOW)


def test_a_permission_that_was_never_tried_may_be_there() -> None:
    """Only what was looked for and not found is said to be missing."""
    found = (Permission("A", Outcome.GRANTED), Permission("B", Outcome.MISSING))
    assert [lacking(found, name) for name in "ABC"] == [False, True, False]
