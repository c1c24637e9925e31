"""What a browser may see: one account, one customer, or that customer's set-up alone.

Everything else is as if it did not exist.
"""

from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends
from starlette.requests import Request

from shared.app import App
from shared.core.customer import Customer
from shared.core.errors import NotFound
from shared.core.run import Run
from shared.services.access import PortalSession
from shared.web.services import services_of
from shared.web.sessions import SessionEnded, check_form, session_of


async def customer_of(request: Request, customer: str) -> Customer:
    """The customer that the address names. Raises SessionEnded and NotFound."""
    session, customer_id = await _session(request), unquote(customer)
    return await _customer(request, session, customer_id, seen=session.opens(customer_id))


TheCustomer = Annotated[Customer, Depends(customer_of)]


async def form_of(request: Request, customer: TheCustomer) -> Customer:
    """The customer, for a form that was filled in on our own page. Raises ForeignForm too."""
    await check_form(request)
    return customer


TheForm = Annotated[Customer, Depends(form_of)]


async def setup_customer_of(request: Request, customer: str) -> Customer:
    """The customer that the address names, for a page of its set-up. Raises SessionEnded and NotFound."""
    session, customer_id = await _session(request), unquote(customer)
    return await _customer(request, session, customer_id, seen=session.opens_setup(customer_id))


TheSetupCustomer = Annotated[Customer, Depends(setup_customer_of)]
"""On the pages of the set-up, which a setup link opens too."""


async def setup_form_of(request: Request, customer: TheSetupCustomer) -> Customer:
    """The customer, for a form of its set-up that was filled in on our own page. Raises ForeignForm too."""
    await check_form(request)
    return customer


TheSetupForm = Annotated[Customer, Depends(setup_form_of)]


async def account_of(request: Request) -> str:
    """The id of the account. Raises SessionEnded, and NotFound where the session is for a customer only."""
    session = await _session(request)
    if session.customer_id is not None:
        raise NotFound("page")
    return session.account_id


TheAccount = Annotated[str, Depends(account_of)]


async def account_form_of(request: Request, account_id: TheAccount) -> str:
    """The account, for a form that was filled in on our own page. Raises ForeignForm too."""
    await check_form(request)
    return account_id


TheAccountForm = Annotated[str, Depends(account_form_of)]


async def run_of(app: App, customer: Customer, run_id: str) -> Run:
    """The customer's run. Raises NotFound."""
    run = await app.runs.get(customer.account_id, run_id)
    if run.connection_id != customer.connection_id:
        raise NotFound("run")
    return run


async def _session(request: Request) -> PortalSession:
    session = await session_of(request)
    if session is None:
        raise SessionEnded
    return session


async def _customer(request: Request, session: PortalSession, customer_id: str, *, seen: bool) -> Customer:
    if not seen:
        raise NotFound("customer")
    return await services_of(request).customers.get(session.account_id, customer_id)
