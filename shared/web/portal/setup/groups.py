"""The step in which groups are chosen, out of thousands."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shared.app import App
from shared.core.configuration import GroupMode
from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.errors import SetupChanged, TenantryError
from shared.core.permissions import GROUPS, lacking
from shared.core.setup import SetupStep
from shared.core.text import clean
from shared.web.api.configuration import merged
from shared.web.identifiers import segment
from shared.web.portal.guard import TheSetupCustomer, TheSetupForm
from shared.web.portal.setup.forms import FORMS, errors_at
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

router = APIRouter(prefix="/portal/customers/{customer}/setup/groups")

MOST = 999
_LONGEST = 200
_FORM = FORMS[SetupStep.GROUPS]


@router.api_route("", methods=READ)
async def show(
    request: Request, app: Services, customer: TheSetupCustomer, q: str = "", mode: str = ""
) -> Response:
    """What is chosen, and the groups that were looked for."""
    connection = await chosen_from(app, customer)
    if connection is None:
        return to(customer)
    setup = app.setups.of(connection)
    values = _FORM.filled(setup.draft)
    if mode == GroupMode.SELECTED:
        values = Values.of({"scope.groups.mode": mode, "group": values.all("group")})
    more = await _more(app, connection, values, clean(q)[:_LONGEST], setup.names)
    return form_page(request, customer, connection, setup=setup, step=SetupStep.GROUPS, values=values, **more)


@router.post("")
async def keep(request: Request, app: Services, customer: TheSetupForm) -> Response:
    """Keep what is ticked, also on the way to another search."""
    values = await entered_in(request)
    connection = await chosen_from(app, customer)
    if connection is None:
        return to(customer)
    setup, go = app.setups.of(connection), values.one("go")
    names = setup.names | {
        group: clean(values.one(f"name.{group}"))[:_LONGEST]
        for group in values.all("group")
        if values.one(f"name.{group}")
    }
    errors: dict[str, str] = {}
    overtaken = False
    nothing_yet = values.one("scope.groups.mode") == GroupMode.SELECTED and not values.all("group")
    if go == "search" and nothing_yet:
        return _found(customer, values)
    try:
        draft = merged(setup.draft, _FORM.patch(values), customer.sites)
        step = None if go == "search" else SetupStep.GROUPS
        await app.setups.save(customer, version_of(values), draft, step=step, names=names)
    except ConfigurationInvalid as invalid:
        errors = errors_at(invalid.errors)
    except SetupChanged:
        overtaken = True
    else:
        return _found(customer, values) if go == "search" else to(customer, after(SetupStep.GROUPS, go))
    fresh = await chosen_from(app, customer) or connection
    setup = app.setups.of(fresh)
    more = await _more(app, fresh, values, clean(values.one("q"))[:_LONGEST], setup.names | names)
    return form_page(
        request,
        customer,
        fresh,
        setup=setup,
        step=SetupStep.GROUPS,
        values=values,
        errors=errors,
        overtaken=overtaken,
        **more,
    )


def _found(customer: Customer, values: Values) -> RedirectResponse:
    q = clean(values.one("q"))[:_LONGEST]
    return RedirectResponse(f"{base_of(customer)}/groups?mode=selected&q={segment(q)}#found", 303)


async def _more(
    app: App, connection: Connection, values: Values, q: str, names: dict[str, str]
) -> dict[str, Any]:
    selected = list(dict.fromkeys(values.all("group")))
    found, trouble = None, None
    missing = lacking(connection.permissions, GROUPS)
    if values.one("scope.groups.mode") == GroupMode.SELECTED and not missing:
        try:
            found = await app.setup_choices.groups(connection, q)
        except TenantryError as error:
            trouble = problem_of(error)
    chosen = set(selected)
    return {
        "q": q,
        "missing": missing,
        "trouble": trouble,
        "selected": sorted(((group, names.get(group)) for group in selected), key=_by_name),
        "found": [group for group in found.items if group.id not in chosen] if found else [],
        "sizes": found.sizes if found else {},
        "all_chosen": found is not None and bool(found.items),
        "more": found is not None and found.more,
        "most": MOST,
    }


def _by_name(item: tuple[str, str | None]) -> tuple[bool, str, str]:
    group, name = item
    return name is None, (name or "").casefold(), group
