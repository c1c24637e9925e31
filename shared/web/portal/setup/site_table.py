"""The table of offices or departments with a site for each, and the site rules it stands for."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from shared.core.configuration import SiteAttribute, Sites
from shared.core.customer import Site
from shared.core.sites import ValueCount, folded
from shared.web.portal.setup.values import Values

ROWS = 50
_MOST_IN_A_RULE = 1000

Mapped = Mapping[str, tuple[str, str]]
"""Value, as `folded` has it → the value as people spell it, and the site's id."""


class TablePage(msgspec.Struct, frozen=True):
    """A page of the table: the rows on it, how many fit the search in all, and its number, from 1."""

    rows: Sequence[ValueCount]
    fitting: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.fitting // ROWS))


def attribute_of(sites: Sites) -> SiteAttribute | None:
    """What the rules go by; None without rules."""
    return sites.rules[0].attribute if sites.rules else None


def mapped(sites: Sites, attribute: SiteAttribute) -> dict[str, tuple[str, str]]:
    """The site of each value that the rules name."""
    found: dict[str, tuple[str, str]] = {}
    for rule in sites.rules:
        if rule.attribute is attribute:
            for value in rule.values:
                found.setdefault(folded(value), (value, rule.site))
    return found


def table_page(values: Sequence[ValueCount], search: str, number: int) -> TablePage:
    """The page of that number, or the nearest that there is."""
    wanted = search.casefold()
    fitting = [value for value in values if wanted in value.label.casefold()]
    last = max(1, -(-len(fitting) // ROWS))
    number = min(max(number, 1), last)
    return TablePage(fitting[(number - 1) * ROWS : number * ROWS], len(fitting), number)


def entered(before: Mapped, values: Values) -> dict[str, tuple[str, str]]:
    """The sites after the rows of a form: what it does not show stays as it was."""
    after = dict(before)
    for row in range(min(values.rows("row"), ROWS)):
        value, site = values.one(f"row.{row}.value"), values.one(f"row.{row}.site")
        if site:
            after[folded(value)] = (value, site)
        else:
            after.pop(folded(value), None)
    return after


def patch(sites: Sites, attribute: SiteAttribute | None, chosen: Mapped, unmatched: str) -> dict[str, Any]:
    """The merge patch: one rule for each site, in the order of their ids.

    Rules by the other attribute stay where both kinds were there together; otherwise one takes the place of
    the other.
    """
    kinds = {rule.attribute for rule in sites.rules}
    kept = [
        {"attribute": rule.attribute.value, "values": list(rule.values), "site": rule.site}
        for rule in sites.rules
        if attribute is not None and len(kinds) > 1 and rule.attribute is not attribute
    ]
    by_site: dict[str, list[str]] = {}
    for value, site in sorted(chosen.values()):
        by_site.setdefault(site, []).append(value)
    rules = [
        {"attribute": attribute.value, "values": listed[at : at + _MOST_IN_A_RULE], "site": site}
        for site, listed in sorted(by_site.items())
        for at in range(0, len(listed), _MOST_IN_A_RULE)
        if attribute is not None
    ]
    return {"sites": {"rules": rules + kept, "unmatched": unmatched}}


def unknown_sites(chosen: Mapped, sites: Sequence[Site]) -> set[str]:
    """The sites of a mapping that the customer does not have, or not any more."""
    return {site for _, site in chosen.values()} - {site.id for site in sites}
