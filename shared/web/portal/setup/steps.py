"""The steps that are one form: looked at, filled in, kept, and gone on from."""

from typing import Any
from zoneinfo import available_timezones

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.app import App
from shared.core.configuration import Configuration
from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.errors import NotFound, SetupChanged
from shared.core.permissions import MAILBOXES, NEEDED_BY, lacking
from shared.core.presets import PRESETS, default_configuration
from shared.core.setup import SetupStep
from shared.web.api.configuration import merged
from shared.web.portal.guard import TheSetupCustomer, TheSetupForm
from shared.web.portal.setup.forms import FORMS, LIMITS, MORE_PATTERNS, Document, errors_at, pattern_rows
from shared.web.portal.setup.frame import after, chosen_from, entered_in, form_page, to, version_of
from shared.web.portal.setup.values import Values
from shared.web.problems import ConfigurationInvalid
from shared.web.services import READ, Services

router = APIRouter(prefix="/portal/customers/{customer}/setup")

_HERE = {
    step.value: step for step in (SetupStep.PRESET, SetupStep.PEOPLE, SetupStep.CONTACTS, SetupStep.SCHEDULE)
}
_OPTIONS = tuple(Configuration.__dataclass_fields__)


@router.api_route("/{step}", methods=READ)
async def show(request: Request, app: Services, customer: TheSetupCustomer, step: str) -> Response:
    """The form with what is chosen so far."""
    known = _step(step)
    connection = await chosen_from(app, customer)
    if connection is None:
        return to(customer)
    setup = app.setups.of(connection)
    more = await _more(app, customer, connection, known)
    return form_page(
        request,
        customer,
        connection,
        setup=setup,
        step=known,
        values=FORMS[known].filled(setup.draft),
        **more,
    )


@router.post("/{step}")
async def keep(request: Request, app: Services, customer: TheSetupForm, step: str) -> Response:
    """Keep what was filled in and go on, or show what is wrong with it, where it is."""
    known, values = _step(step), await entered_in(request)
    connection = await chosen_from(app, customer)
    if connection is None:
        return to(customer)
    setup = app.setups.of(connection)
    errors: dict[str, str] = {}
    overtaken = False
    try:
        draft = _draft(setup.draft, known, values, customer)
        await app.setups.save(customer, version_of(values), draft, step=known)
    except ConfigurationInvalid as invalid:
        errors = errors_at(invalid.errors, pattern_rows(values))
    except SetupChanged:
        overtaken = True
    else:
        go = values.one("go")
        return to(customer, f"{known.value}#patterns" if go == "more" else after(known, go))
    fresh = await chosen_from(app, customer) or connection
    more = await _more(app, customer, fresh, known)
    return form_page(
        request,
        customer,
        fresh,
        setup=app.setups.of(fresh),
        step=known,
        values=values,
        errors=errors,
        overtaken=overtaken,
        **more,
    )


def _step(name: str) -> SetupStep:
    step = _HERE.get(name)
    if step is None:
        raise NotFound("page")
    return step


def _draft(present: Configuration, step: SetupStep, values: Values, customer: Customer) -> Configuration:
    patch: Document = FORMS[step].patch(values)
    if step is SetupStep.PRESET and patch["preset"] == present.preset and not values.has("again"):
        return present  # it is a starting point, so what was chosen after it stays
    return merged(present, patch, customer.sites)


async def _more(app: App, customer: Customer, connection: Connection, step: SetupStep) -> dict[str, Any]:
    """What a step's form shows besides its fields."""
    match step:
        case SetupStep.PRESET:
            destination = await app.account_setup.get(customer.account_id)
            draft = app.setups.of(connection).draft
            return {
                "usual": default_configuration(destination.kind).preset,
                "changed": any(
                    getattr(draft, name) != getattr(PRESETS[draft.preset], name) for name in _OPTIONS
                ),
            }
        case SetupStep.PEOPLE:
            return {
                "more_patterns": MORE_PATTERNS,
                "purposes_missing": lacking(connection.permissions, MAILBOXES),
            }
        case SetupStep.SCHEDULE:
            return {
                "limits": LIMITS,
                "zones": sorted(available_timezones()),
                "needed": {
                    enrichment.value: (permission, lacking(connection.permissions, permission))
                    for enrichment, permission in NEEDED_BY.items()
                },
            }
    return {}
