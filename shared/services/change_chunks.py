"""How a run's lines are laid out in the change log: what is planned, written, and only noticed."""

from collections.abc import Iterator, Sequence

from shared.core.changes import Change
from shared.ports import ChangeLog

_LINES = 200  # of a chunk
# Chunks sort by name: what was written comes before what was only noticed.
PLANNED, WRITTEN, NOTICED, REJECTED = "0-planned", "1-written", "2-noticed", "3-rejected"


def chunk_name(part: str, number: int) -> str:
    """The chunk's name, which sorts by its number."""
    return f"{part}-{number:06d}"


def number_of(chunk: str, part: str) -> int:
    """The number in a chunk's name."""
    return int(chunk.removeprefix(f"{part}-"))


async def chunks_of(log: ChangeLog, run_id: str, part: str) -> int:
    """How many chunks a part has, those that disappeared before the last one included."""
    names = [chunk async for chunk, _ in log.chunks(run_id) if chunk.startswith(part)]
    return number_of(names[-1], part) + 1 if names else 0


async def log_lines(log: ChangeLog, run_id: str, part: str, changes: Sequence[Change]) -> None:
    """Write all lines of a part."""
    for number, lines in enumerate(_chunks(changes)):
        await log.put(run_id, chunk_name(part, number), lines)


async def forget(log: ChangeLog, run_id: str, part: str) -> None:
    """Delete all lines of a part."""
    names = [chunk async for chunk, _ in log.chunks(run_id) if chunk.startswith(part)]
    for name in names:
        await log.put(run_id, name, [])


def _chunks(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    for start in range(0, len(changes), _LINES):
        yield changes[start : start + _LINES]
