"""What a browser may see: one customer, or one account; everything else is as if it did not exist."""

from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends
from starlette.requests import Request

from shared.bootstrap import App
from shared.core.customer import Customer
from shared.core.errors import NotFound
from shared.core.run import Run
from shared.web.services import services_of
from shared.web.sessions import SessionEnded, check_form, session_of


async def customer_of(request: Request, customer: str) -> Customer:
    """The customer that the address names. Raises SessionEnded and NotFound."""
    session = await session_of(request)
    if session is None:
        raise SessionEnded
    customer_id = unquote(customer)
    if not session.opens(customer_id):
        raise NotFound("customer")
    return await services_of(request).customers.get(session.account_id, customer_id)


TheCustomer = Annotated[Customer, Depends(customer_of)]


async def form_of(request: Request, customer: TheCustomer) -> Customer:
    """The customer, for a form that was filled in on our own page. Raises ForeignForm too."""
    await check_form(request)
    return customer


TheForm = Annotated[Customer, Depends(form_of)]


async def account_of(request: Request) -> str:
    """The id of the account. Raises SessionEnded, and NotFound where the session is for a customer only."""
    session = await session_of(request)
    if session is None:
        raise SessionEnded
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
