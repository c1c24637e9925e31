"""What a run did, in one line."""

from collections.abc import Iterator

from shared.core.run import Counts
from shared.web.marks import marked_plural
from shared.web.words import Words

_DONE = {
    "created": marked_plural("%(num)s created", "%(num)s created"),
    "linked": marked_plural("%(num)s linked", "%(num)s linked"),
    "updated": marked_plural("%(num)s updated", "%(num)s updated"),
    "moved": marked_plural("%(num)s moved", "%(num)s moved"),
    "reactivated": marked_plural("%(num)s reactivated", "%(num)s reactivated"),
    "deactivated": marked_plural("%(num)s deactivated", "%(num)s deactivated"),
}
_PLANNED = {
    "created": marked_plural("%(num)s to be created", "%(num)s to be created"),
    "linked": marked_plural("%(num)s to be linked", "%(num)s to be linked"),
    "updated": marked_plural("%(num)s to be updated", "%(num)s to be updated"),
    "moved": marked_plural("%(num)s to be moved", "%(num)s to be moved"),
    "reactivated": marked_plural("%(num)s to be reactivated", "%(num)s to be reactivated"),
    "deactivated": marked_plural("%(num)s to be deactivated", "%(num)s to be deactivated"),
}


def written(say: Words, counts: Counts, planned: bool = False) -> str:
    """What was, or would be, written: `3 created, 1 updated`."""
    parts = list(_parts(say, counts, planned=planned))
    if parts:
        return say.enumerated(parts)
    return say.gettext("Nothing to change") if planned else say.gettext("No changes")


def read_and_written(say: Words, counts: Counts, planned: bool = False) -> str:
    """The same after how many people were read."""
    read = say.ngettext("%(num)s person read", "%(num)s people read", counts.users_read)
    parts = list(_parts(say, counts, planned=planned))
    if parts:
        return say.enumerated([read, *parts])
    if planned:
        return say.gettext("%(people_read)s, nothing to change", people_read=read)
    return say.gettext("%(people_read)s, no changes", people_read=read)


def _parts(say: Words, counts: Counts, *, planned: bool) -> Iterator[str]:
    for name, (one, more) in (_PLANNED if planned else _DONE).items():
        count: int = getattr(counts, name)
        if count:
            yield say.ngettext(one, more, count)
