"""Which methods an address takes, whichever of its routes is asked."""

from fastapi.routing import iter_route_contexts
from starlette.requests import Request


def allowed(request: Request) -> str:
    """For `Allow` (RFC 9110, 10.2.1): the methods of every route at the address of the request."""
    found: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.methods and route.path_regex.match(request.scope["path"]):
            found |= route.methods
    return ", ".join(sorted(found))
