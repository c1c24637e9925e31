"""Which site an office or department is probably called after."""

import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

from shared.core.customer import Site

_SAYS_NOTHING = frozenset({"office", "branch", "site", "department", "dept", "team", "the", "of", "location"})
_NEAR = 0.86  # of 1, as difflib measures likeness
_MOST_PAIRS = 200_000  # more would keep whoever pressed the button waiting


def proposals(values: Iterable[str], sites: Iterable[Site]) -> dict[str, str]:
    """Value → id of the one site whose name is equal or nearly so; where two are, nobody guesses."""
    named = [(key, site.id) for site in sites if (key := _key(site.name))]
    keyed = [(value, key) for value in values if (key := _key(value))]
    near = len(named) * len(keyed) <= _MOST_PAIRS
    found: dict[str, str] = {}
    for value, key in keyed:
        equal = [site for name, site in named if name == key]
        if not equal and near:
            equal = [site for name, site in named if _alike(name, key)]
        if len(equal) == 1:
            found[value] = equal[0]
    return found


def _key(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(
        char if char.isalnum() else " " for char in decomposed if not unicodedata.combining(char)
    )
    words = letters.split()
    telling = [word for word in words if word not in _SAYS_NOTHING] or words
    return " ".join(sorted(telling))


def _alike(one: str, other: str) -> bool:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= _NEAR and matcher.quick_ratio() >= _NEAR and matcher.ratio() >= _NEAR
