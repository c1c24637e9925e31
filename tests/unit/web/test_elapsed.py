"""How long ago something was."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.web.elapsed import Elapsed, Unit, elapsed

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=-5), Elapsed(Unit.NOW)),
        (timedelta(seconds=59), Elapsed(Unit.NOW)),
        (timedelta(minutes=1), Elapsed(Unit.MINUTES, 1)),
        (timedelta(minutes=59, seconds=59), Elapsed(Unit.MINUTES, 59)),
        (timedelta(hours=1), Elapsed(Unit.HOURS, 1)),
        (timedelta(hours=47, minutes=59), Elapsed(Unit.HOURS, 47)),
        (timedelta(hours=48), Elapsed(Unit.DAYS, 2)),
    ],
)
def test_time_is_told_in_one_unit(ago: timedelta, said: Elapsed) -> None:
    """Rounded down, and a clock that is a little ahead is no matter."""
    assert elapsed(NOW - ago, NOW) == said
