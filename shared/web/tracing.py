"""A span for every HTTP request, named by its route's template: what people put in an address stays out."""

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.telemetry.spans import STATUS, failed, span

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Traced:
    """Makes the spans of the application within."""

    def __init__(self, app: ASGIApp) -> None:
        """`app`: answers every error itself."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        with span(method, attributes={"http.request.method": method}) as current:

            async def send_on(message: Message) -> None:
                if message["type"] == "http.response.start":
                    current.set_attribute(STATUS, message["status"])
                    if message["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
                        failed(current)
                await send(message)

            try:
                await self._app(scope, receive, send_on)
            finally:
                route = _template(scope)
                if route:
                    current.update_name(f"{method} {route}")
                    current.set_attribute("http.route", route)


def _template(scope: Scope) -> str:
    # FastAPI keeps a route as its router declared it; with the router's prefix it is only to be had here.
    whole = scope.get("fastapi", {}).get("effective_route_context", scope.get("route"))
    return str(getattr(whole, "path_format", ""))
