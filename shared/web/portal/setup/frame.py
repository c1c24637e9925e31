"""What the pages of a setup share: where they are, whose they are, and which versions their forms name."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from shared.app import App
from shared.core.connection import Connection, ConnectionState
from shared.core.customer import Customer
from shared.core.setup import Setup, SetupStep
from shared.web.identifiers import segment
from shared.web.pages import page
from shared.web.portal.setup.values import Values
from shared.web.sessions import known_session

READABLE = frozenset({ConnectionState.ACTIVE, ConnectionState.PAUSED})
"""States in which there is something to choose."""
STEPS = tuple(SetupStep)


class Elsewhere(Exception):
    """The page is not to be shown; the browser goes to `address` instead."""

    def __init__(self, address: str) -> None:
        """`address`: a page of this setup."""
        super().__init__()
        self.address = address


def base_of(customer: Customer) -> str:
    """Where the pages of the customer's setup are."""
    return f"/portal/customers/{segment(customer.id)}/setup"


def to(customer: Customer, place: str = "") -> RedirectResponse:
    """To a page of the setup, from a form."""
    return RedirectResponse(f"{base_of(customer)}{'/' if place else ''}{place}", 303)


async def chosen_from(app: App, customer: Customer) -> Connection | None:
    """The connection, if there is something to choose for it."""
    stored = await app.customers.find_connection(customer)
    if stored is None or stored.value.state not in READABLE:
        return None
    return stored.value


def version_of(values: Values) -> int:
    """The version that a form names; one that never was where it names none."""
    version = values.number("version")
    return version if isinstance(version, int) else -1


async def entered_in(request: Request) -> Values:
    """The fields of the form that was sent."""
    form = await request.form()
    return Values((name, text) for name, text in form.multi_items() if isinstance(text, str))


def after(step: SetupStep, go: str) -> str:
    """The place that a button of a step's form leads to."""
    if go == "later":
        return ""
    number = STEPS.index(step) + (-1 if go == "back" else 1)
    return STEPS[max(0, number)].value


def frame(
    request: Request,
    customer: Customer,
    connection: Connection | None,
    template: str,
    *,
    setup: Setup | None = None,
    step: SetupStep | None = None,
    status: int = 200,
    **values: Any,
) -> HTMLResponse:
    """A page of the setup."""
    session = known_session(request)
    return page(
        request,
        f"portal/setup/{template}",
        status=status,
        customer=customer,
        connection=connection,
        setup=setup,
        step=step,
        steps=STEPS,
        base=base_of(customer),
        invited=session is not None and session.setup,
        **values,
    )


def form_page(
    request: Request,
    customer: Customer,
    connection: Connection,
    *,
    setup: Setup,
    step: SetupStep,
    values: Values,
    errors: Mapping[str, str] = {},
    overtaken: bool = False,
    **more: Any,
) -> HTMLResponse:
    """The form of a step. `overtaken`: it was sent for a version that is not there any more."""
    status = 422 if errors else 409 if overtaken else 200
    return frame(
        request,
        customer,
        connection,
        f"{step.value}.html",
        setup=setup,
        step=step,
        status=status,
        values=values,
        errors=dict(errors),
        overtaken=overtaken,
        **more,
    )
