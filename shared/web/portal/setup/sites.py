"""The step in which offices or departments get a site each."""

import asyncio
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shared.app import App
from shared.core.configuration import Configuration, SiteAttribute
from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.errors import SetupChanged, TenantryError
from shared.core.setup import SetupStep
from shared.core.site_names import proposals
from shared.core.sites import ValueCount, folded
from shared.core.text import clean
from shared.web.api.configuration import merged
from shared.web.portal.guard import TheSetupCustomer, TheSetupForm
from shared.web.portal.setup import site_table
from shared.web.portal.setup.forms import errors_at
from shared.web.portal.setup.frame import (
    after,
    base_of,
    chosen_from,
    entered_in,
    form_page,
    to,
    version_of,
)
from shared.web.portal.setup.values import Values
from shared.web.problems import ConfigurationInvalid, problem_of
from shared.web.services import READ, Services

router = APIRouter(prefix="/portal/customers/{customer}/setup/sites")

_LONGEST = 200
_STAYS = frozenset({"search", "match", "all", "by", "previous", "following"})
"""The buttons that lead to this page again."""


@router.api_route("", methods=READ)
async def show(
    request: Request,
    app: Services,
    customer: TheSetupCustomer,
    *,
    by: str = "",
    q: str = "",
    page: int = 1,
    matched: int | None = None,
) -> Response:
    """The table as far as it is filled in."""
    connection = await chosen_from(app, customer)
    if connection is None:
        return to(customer)
    setup = app.setups.of(connection)
    attribute = site_table.attribute_of(setup.draft.sites)
    values = Values.of(
        {
            "by": by or (attribute.value if attribute else ""),
            "sites.unmatched": setup.draft.sites.unmatched.value,
            "q": clean(q)[:_LONGEST],
            "page": str(page),
        }
    )
    more = await _table(app, connection, setup.draft, values, None)
    return form_page(
        request,
        customer,
        connection,
        setup=setup,
        step=SetupStep.SITES,
        values=values,
        matched=matched,
        **more,
    )


@router.post("")
async def keep(request: Request, app: Services, customer: TheSetupForm) -> Response:
    """Keep the rows of the page, also on the way to another page of them."""
    values = await entered_in(request)
    connection = await chosen_from(app, customer)
    if connection is None:
        return to(customer)
    setup, go = app.setups.of(connection), values.one("go")
    chosen = _entered(setup.draft, values)
    matched = None
    errors: dict[str, str] = {}
    overtaken = False
    try:
        if go == "match":
            before = len(chosen)
            chosen = await _by_name(app, customer, connection, values, chosen)
            matched = len(chosen) - before
        attribute, unmatched = _attribute(values), values.one("sites.unmatched")
        draft = merged(
            setup.draft,
            site_table.patch(setup.draft.sites, attribute, chosen, unmatched),
            customer.sites,
        )
        step = None if go in _STAYS else SetupStep.SITES
        await app.setups.save(customer, version_of(values), draft, step=step)
    except ConfigurationInvalid as invalid:
        errors = errors_at(invalid.errors)
    except SetupChanged:
        overtaken = True
    else:
        return _again(customer, values, matched) if go in _STAYS else to(customer, after(SetupStep.SITES, go))
    fresh = await chosen_from(app, customer) or connection
    more = await _table(app, fresh, app.setups.of(fresh).draft, values, chosen)
    return form_page(
        request,
        customer,
        fresh,
        setup=app.setups.of(fresh),
        step=SetupStep.SITES,
        values=values,
        errors=errors,
        overtaken=overtaken,
        matched=None,
        **more,
    )


def _attribute(values: Values) -> SiteAttribute | None:
    return next((known for known in SiteAttribute if known.value == values.one("by")), None)


def _entered(draft: Configuration, values: Values) -> dict[str, tuple[str, str]]:
    """What the table says after the form; rows by another attribute than the one chosen now do not count."""
    attribute = _attribute(values)
    if attribute is None:
        return {}
    before = site_table.mapped(draft.sites, attribute)
    if values.one("rows_by") != attribute.value:
        return before
    if values.one("go") == "all" and values.one("all"):
        count = values.rows("row")
        rows = {f"row.{row}.value": values.one(f"row.{row}.value") for row in range(count)}
        return site_table.entered(
            before, Values.of(rows | {f"row.{row}.site": values.one("all") for row in range(count)})
        )
    return site_table.entered(before, values)


async def _by_name(
    app: App, customer: Customer, connection: Connection, values: Values, chosen: site_table.Mapped
) -> dict[str, tuple[str, str]]:
    """The table with a site for whatever has none yet and is called like one."""
    attribute = _attribute(values)
    if attribute is None:
        return dict(chosen)
    found = await app.setup_choices.values(connection, app.setups.of(connection).draft, attribute)
    free = [value.value for value in found if value.value and folded(value.value) not in chosen]
    proposed = await asyncio.to_thread(proposals, free, customer.sites)
    return dict(chosen) | {folded(value): (value, site) for value, site in proposed.items()}


def _again(customer: Customer, values: Values, matched: int | None) -> RedirectResponse:
    page = values.number("page")
    number = page if isinstance(page, int) else 1
    go = values.one("go")
    number = (
        1
        if go == "search"
        else number + 1
        if go == "following"
        else number - 1
        if go == "previous"
        else number
    )
    query = {"by": values.one("by"), "q": clean(values.one("q"))[:_LONGEST], "page": str(max(1, number))}
    if matched is not None:
        query["matched"] = str(matched)
    return RedirectResponse(f"{base_of(customer)}/sites?{urlencode(query, errors='replace')}#table", 303)


async def _table(
    app: App,
    connection: Connection,
    draft: Configuration,
    values: Values,
    chosen: site_table.Mapped | None,
) -> dict[str, Any]:
    attribute, trouble = _attribute(values), None
    found: tuple[ValueCount, ...] = ()
    if attribute is not None:
        chosen = site_table.mapped(draft.sites, attribute) if chosen is None else chosen
        try:
            found = await app.setup_choices.values(connection, draft, attribute)
        except TenantryError as error:
            trouble = problem_of(error)
    chosen = chosen or {}
    number = values.number("page")
    table = site_table.table_page(found, values.one("q"), number if isinstance(number, int) else 1)
    named = {folded(value.value) for value in found}
    return {
        "by": attribute,
        "trouble": trouble,
        "table": table,
        "q": values.one("q"),
        "site_of": {value.value: chosen.get(folded(value.value), ("", ""))[1] for value in table.rows},
        "found": len(found),
        "open": sum(value.users for value in found if folded(value.value) not in chosen),
        "gone": sorted(value for key, (value, _) in chosen.items() if key not in named) if found else [],
    }
