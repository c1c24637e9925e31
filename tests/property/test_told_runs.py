"""However a run is cut short, its end is told."""

import pytest

from tests.fakes.logged import logged_events
from tests.property.scenarios import CHANGES, QUIET, Scenario
from tests.property.situations import HELD, PREVIEWS

TOLD = [QUIET, CHANGES, *(each for each in [*HELD, *PREVIEWS] if each.act is None)]


def each(scenarios: list[Scenario]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("scenario", scenarios, ids=lambda scenario: scenario.name)


async def told(scenario: Scenario, at: int | None = None, *, after: bool = False) -> tuple[list[str], int]:
    """What was told of the run's end or its being held, and how many calls the first process made."""
    world = await scenario.world()
    process = scenario.process(world, at, after=after)
    with logged_events() as logged:
        await scenario.play(world, process)
    names = ("run.finished", "run.held")
    of_the_run = [event for event in logged.events if event.fields.get("run") == scenario.run_id]
    return [event.name for event in of_the_run if event.name in names], len(process.calls)


@each(TOLD)
async def test_killed_at_any_call_its_end_is_told(scenario: Scenario) -> None:
    """Undisturbed it is told once; killed before or after the effect of any call, at least once."""
    clean, calls = await told(scenario)
    assert clean
    assert len(clean) == len(set(clean))
    wrong = []
    for at in range(1, calls + 1):
        for after in (False, True):
            found, _ = await told(scenario, at, after=after)
            if set(found) != set(clean):
                wrong.append(f"{'after' if after else 'before'} {at}: {found}")
    assert not wrong, "\n".join(wrong)
