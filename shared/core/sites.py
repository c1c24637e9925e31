"""Which site a user belongs to, and the list of values from which a technician maps them."""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from shared.core.configuration import SiteAttribute, Sites, Unmatched
from shared.core.models import DirectoryUser
from shared.core.text import clean

UNDEFINED = "Undefined"
"""How an empty office or department is shown."""


class ValueCount(msgspec.Struct, frozen=True):
    """A value of the directory and how many users have it; `label` is what people see."""

    value: str
    label: str
    users: int


class Classifier:
    """The site rules, ready to be asked for many users."""

    def __init__(self, sites: Sites) -> None:
        """`sites`: rules in order; the first that names a user's value decides."""
        self._active = bool(sites.rules)
        self._leave_out = sites.unmatched is Unmatched.LEAVE_OUT
        self._rules: dict[tuple[SiteAttribute, str], tuple[int, str]] = {}
        for number, rule in enumerate(sites.rules):
            for value in rule.values:
                self._rules.setdefault((rule.attribute, folded(value)), (number, rule.site))
        self._attributes = {attribute for attribute, _ in self._rules}

    def site(self, user: DirectoryUser) -> str | None:
        """The site's id, "" for nobody's, or None where the user is not to be imported."""
        if not self._active:
            return ""
        found = [
            rule
            for attribute in self._attributes
            if (rule := self._rules.get((attribute, folded(value_of(user, attribute))))) is not None
        ]
        if found:
            return min(found)[1]
        return None if self._leave_out else ""


def value_of(user: DirectoryUser, attribute: SiteAttribute) -> str:
    """The user's office or department, cleaned; "" for none."""
    return clean(user.office_location if attribute is SiteAttribute.OFFICE else user.department)


def folded(value: str) -> str:
    """The form in which two spellings of one office are equal."""
    return value.casefold()


def value_counts(values: Iterable[str]) -> tuple[ValueCount, ...]:
    """Every value with its users, most first; spellings that differ in case alone are one value."""
    spellings: dict[str, Counter[str]] = {}
    for value in values:
        spellings.setdefault(folded(value), Counter())[value] += 1
    counted = [
        ValueCount(spelling := _commonest(counter), spelling or UNDEFINED, counter.total())
        for counter in spellings.values()
    ]
    return tuple(sorted(counted, key=lambda item: (-item.users, item.value)))


def _commonest(spellings: Mapping[str, int]) -> str:
    return min(spellings, key=lambda spelling: (-spellings[spelling], spelling))
