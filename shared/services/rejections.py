"""What the destination did not take: logged, counted, and not tried again within the run."""

from collections.abc import Sequence

from shared.core.changes import Change, ChangeKind, Rejection, RejectionReason
from shared.core.models import ContactFields
from shared.ports import ChangeLog
from shared.services.change_chunks import REJECTED, WRITTEN, chunk_name, chunks_of
from shared.services.progress import Progress

_Attempt = tuple[str, str | None, ContactFields | None]


class Rejections:
    """The rejections of one run, those of its earlier messages included."""

    def __init__(self, log: ChangeLog, work: Progress) -> None:
        """`work`: the run; see `recall` for one that was taken up again."""
        self._log, self._work, self._number = log, work, 0
        self._earlier: dict[_Attempt, Change] = {}

    async def recall(self) -> None:
        """Read what earlier messages of the run were told."""
        self._number = await chunks_of(self._log, self._work.run.id, REJECTED)
        async for chunk, lines in self._log.chunks(self._work.run.id):
            if chunk.startswith(REJECTED):
                self._earlier |= {_attempt(line): line for line in lines}

    def untried(self, writes: Sequence[Change]) -> list[Change]:
        """The writes without those that were rejected before, which count as failed."""
        if not self._earlier:
            return list(writes)
        again = [(change, self._earlier.get(_attempt(change))) for change in writes]
        self._work.failed(
            [
                Rejection(change, RejectionReason(line.reason or ""), line.detail)
                for change, line in again
                if line is not None
            ]
        )
        return [change for change, line in again if line is None]

    async def note(
        self, rejections: Sequence[Rejection], batch: Sequence[Change], chunk: int
    ) -> list[Change]:
        """Log them, take them out of the chunk of writes they were in, and return what was written."""
        if not rejections:
            return list(batch)
        run_id = self._work.run.id
        await self._log.put(
            run_id, chunk_name(REJECTED, self._number), [rejection.line() for rejection in rejections]
        )
        self._number += 1
        refused = {_attempt(rejection.change) for rejection in rejections}
        written = [change for change in batch if _attempt(change) not in refused]
        await self._log.put(run_id, chunk_name(WRITTEN, chunk), written)
        self._work.failed(rejections)
        return written


def _attempt(change: Change) -> _Attempt:
    """What was tried; a write of other values, or to another contact, is worth another try."""
    fields = None if change.kind is ChangeKind.DEACTIVATE else change.fields
    return change.object_id, change.contact_id, fields
