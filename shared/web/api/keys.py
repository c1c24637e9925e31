"""Every address of the API but one needs an API key, and it is asked for before anything else is read."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.core.customer import Customer
from shared.web.identifiers import CustomerId
from shared.web.problems import Unauthenticated
from shared.web.services import Services, services_of


class KeyedRoute(APIRoute):
    """A route that is closed without an API key; its account is in `request.state.account`."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            scheme, _, key = request.headers.get("Authorization", "").partition(" ")
            account = await services_of(request).access.account_of(key.strip())
            if scheme.lower() != "bearer" or account is None:
                raise Unauthenticated
            request.state.account = account
            if await request.body() and not _is_json(request.headers.get("Content-Type", "")):
                raise HTTPException(415)
            return await handle(request)

        return checked


def account_of(request: Request) -> str:
    """The account of the request's API key."""
    account: str = request.state.account
    return account


Account = Annotated[str, Depends(account_of)]


async def customer_of(app: Services, account: Account, customer_id: CustomerId) -> Customer:
    """The customer that the address names. Raises NotFound."""
    return await app.customers.get(account, customer_id)


TheCustomer = Annotated[Customer, Depends(customer_of)]


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type in {"application/json", "application/merge-patch+json"}
