"""A setup: what somebody is choosing for a connection, kept until it is put into force."""

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.core.configuration import Configuration


class SetupStep(StrEnum):
    """The steps, in the order in which they are shown."""

    PRESET = "preset"
    PEOPLE = "people"
    GROUPS = "groups"
    SITES = "sites"
    CONTACTS = "contacts"
    SCHEDULE = "schedule"
    CHECK = "check"


class Setup(msgspec.Struct, frozen=True, omit_defaults=True):
    """A draft of a configuration.

    `first`: the connection was never set up, so nothing is synced by itself before it is. `version` grows by
    one with every change; 0 was never stored. `based_on`: the version of the configuration that the draft
    was begun with. `names`: of the selected groups, by object id, as they were when they were selected.
    `preview`: the run that showed the draft of version `previewed`.
    """

    draft: Configuration
    started_at: datetime
    first: bool = True
    version: int = 1
    based_on: int = 1
    done: tuple[SetupStep, ...] = ()
    names: dict[str, str] = {}
    preview: str | None = None
    previewed: int | None = None

    @property
    def next_step(self) -> SetupStep:
        """Where whoever comes back goes on."""
        return next((step for step in SetupStep if step not in self.done), SetupStep.CHECK)

    @property
    def shown(self) -> bool:
        """Whether the preview is of the draft as it is now."""
        return self.preview is not None and self.previewed == self.version


def changed(
    setup: Setup, draft: Configuration, step: SetupStep | None = None, names: dict[str, str] | None = None
) -> Setup:
    """The setup with another draft. `step`: one that is done with it."""
    done = setup.done if step is None or step in setup.done else (*setup.done, step)
    kept = setup.names if names is None else names
    selected = set(draft.scope.groups.ids)
    return msgspec.structs.replace(
        setup,
        draft=draft,
        version=setup.version + 1,
        done=done,
        names={group: name for group, name in kept.items() if group in selected},
    )


def previewed(setup: Setup, run_id: str) -> Setup:
    """The setup whose draft a run shows."""
    return msgspec.structs.replace(setup, preview=run_id, previewed=setup.version)
