"""Every address of the API but one needs an API key, and it is asked for before anything else is read.

A router says which part of the API it is: `APIRouter(route_class=keyed(Resource.RUNS))`. Whether a route
reads or writes follows from its method.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.core.api_key import ApiKey, KeyScope, Resource, scope_for
from shared.core.customer import Customer
from shared.core.errors import Actor, Refused
from shared.telemetry.ids import about
from shared.telemetry.spans import tell
from shared.web.api.once import once
from shared.web.identifiers import CustomerId
from shared.web.problems import Unauthenticated
from shared.web.services import Services, services_of

_READING = {"GET", "HEAD"}


class InsufficientScope(Refused):
    """A key that may do something, but not this."""

    status = 403

    def __init__(self, scope: str) -> None:
        """`scope`: what is missing."""
        super().__init__(
            "insufficient_scope",
            f"The API key may not do this: it lacks the scope {scope}.",
            "Use a key that has it, or have one made.",
            Actor.TECHNICIAN,
        )
        challenge = f'Bearer realm="tenantry", error="insufficient_scope", scope="{scope}"'
        self.headers = {"WWW-Authenticate": challenge}


class KeyedRoute(APIRoute):
    """A route that is closed without an API key, which is in `request.state.key`.

    `resource`: the part of the API it belongs to. Without one only a key that may do everything gets in.
    """

    resource: Resource | None = None

    @property
    def scope(self) -> KeyScope | None:
        """What a key must be allowed."""
        return (
            None
            if self.resource is None
            else scope_for(self.resource, writes=not _READING.issuperset(self.methods or ()))
        )

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handle = super().get_route_handler()
        scope = self.scope
        needed = None if scope is None else (scope,)

        async def checked(request: Request) -> Response:
            scheme, _, key = request.headers.get("Authorization", "").partition(" ")
            bearer = scheme.lower() == "bearer"
            found = await services_of(request).access.key_of(key.strip()) if bearer else None
            if found is None:
                raise Unauthenticated
            if not found.allows(needed):
                raise InsufficientScope(scope or "of everything")
            request.state.key = found
            tell(account=found.account_id)
            if await request.body() and not _is_json(request.headers.get("Content-Type", "")):
                raise HTTPException(415)
            with about(account=found.account_id):
                return await once(request, key.strip(), handle)

        return checked


def keyed(part: Resource) -> type[KeyedRoute]:
    """The class of the routes of a part of the API."""

    class Keyed(KeyedRoute):
        """See KeyedRoute."""

        resource = part

    return Keyed


def key_of(request: Request) -> ApiKey:
    """The request's API key."""
    key: ApiKey = request.state.key
    return key


TheKey = Annotated[ApiKey, Depends(key_of)]


def account_of(key: TheKey) -> str:
    """The account of the request's API key."""
    return key.account_id


Account = Annotated[str, Depends(account_of)]


async def customer_of(app: Services, account: Account, customer_id: CustomerId) -> Customer:
    """The customer that the address names. Raises NotFound."""
    return await app.customers.get(account, customer_id)


TheCustomer = Annotated[Customer, Depends(customer_of)]


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type in {"application/json", "application/merge-patch+json"}
