"""What a run reads besides the users: who is in the groups, whose mailbox it is, and the enrichments.

An enrichment that fails degrades its own fields and never the run; what decides who is in scope must not
fail silently, so groups do.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import msgspec

from shared.core.configuration import Configuration, Enrichment, GroupMode, SharedMailboxes
from shared.core.errors import EnrichmentUnavailable, RetryLater, SourceFault
from shared.core.mirror import Snapshot
from shared.core.models import UserType, user_type
from shared.core.supplement import NOTHING, Gap, Supplement
from shared.logs import log
from shared.ports import DirectoryReader

T = TypeVar("T")

_ASKED_AT_ONCE = 1000  # mailboxes, between two looks at whether the run still counts
MAILBOXES = "mailboxes"
"""The name that gaps about mailbox purposes go by."""


async def read_supplement(
    reader: DirectoryReader,
    snapshot: Snapshot,
    configuration: Configuration,
    alive: Callable[[], Awaitable[None]],
) -> Supplement:
    """Ask for what the configuration needs, and for nothing else; `alive` is called between the questions.

    Raises ScopeObjectMissing, and what DirectoryReader raises where the question decides the scope.
    """
    asking = _Asking(reader, alive)
    needs = configuration.enrichments
    found = NOTHING
    if configuration.scope.groups.mode is not GroupMode.NONE:
        members = await _members(reader, configuration)
        found = msgspec.structs.replace(found, group_members=members)
        await alive()
    if configuration.scope.shared_mailboxes is SharedMailboxes.LEAVE_OUT_BY_PURPOSE:
        found = msgspec.structs.replace(found, purposes=await _purposes(asking, snapshot))
    if Enrichment.LICENCES in needs:
        products = await asking.about(Enrichment.LICENCES.value, reader.products())
        found = msgspec.structs.replace(found, products=None if products is None else tuple(products))
    if Enrichment.MFA in needs:
        registrations = await asking.about(Enrichment.MFA.value, reader.registrations())
        found = msgspec.structs.replace(found, registrations=registrations)
    if Enrichment.ACTIVITY in needs:
        activity = await asking.about(Enrichment.ACTIVITY.value, reader.activity())
        found = msgspec.structs.replace(found, activity=activity)
    if Enrichment.SECURE_SCORE in needs:
        score = await asking.about(Enrichment.SECURE_SCORE.value, reader.secure_score())
        found = msgspec.structs.replace(found, secure_score=score)
    return msgspec.structs.replace(found, gaps=tuple(asking.gaps))


class _Asking:
    """Questions that may stay without an answer."""

    def __init__(self, reader: DirectoryReader, alive: Callable[[], Awaitable[None]]) -> None:
        self.reader, self._alive = reader, alive
        self.gaps: list[Gap] = []

    async def about(self, name: str, question: Coroutine[Any, Any, T]) -> T | None:
        try:
            answer = await question
        except EnrichmentUnavailable as error:
            self._note(name, error, permanent=error.permanent)
            return None
        except (RetryLater, SourceFault) as error:
            self._note(name, error, permanent=False)
            return None
        await self._alive()
        return answer

    def _note(
        self, name: str, error: EnrichmentUnavailable | RetryLater | SourceFault, *, permanent: bool
    ) -> None:
        log("run.enrichment_unavailable", enrichment=name, code=error.code)
        self.gaps.append(Gap(name, error.code, error.title, error.detail, error.actor.value, permanent))


async def _members(reader: DirectoryReader, configuration: Configuration) -> frozenset[str]:
    groups = configuration.scope.groups
    if groups.mode is GroupMode.ALL:
        return await reader.members_of_any_group()
    return await reader.members(groups.ids)


async def _purposes(asking: _Asking, snapshot: Snapshot) -> dict[str, str]:
    """Purposes known from before, and those of the mailboxes that are new or were changed since."""
    known = snapshot.supplement.purposes or {}
    candidates = {
        user.id for user in snapshot.users.values() if user.mail and user_type(user) is UserType.MEMBER
    }
    kept = {object_id: purpose for object_id, purpose in known.items() if object_id in candidates}
    fresh = (
        candidates if snapshot.touched is None else candidates - kept.keys() | candidates & snapshot.touched
    )
    if not fresh:
        return kept
    for part in _parts(sorted(fresh)):
        asked = await asking.about(MAILBOXES, asking.reader.mailbox_purposes(part))
        if asked is None:
            break  # what the others look like decides
        kept |= asked
    return kept


def _parts(object_ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(object_ids), _ASKED_AT_ONCE):
        yield object_ids[start : start + _ASKED_AT_ONCE]
