"""The one web application behind the functions `api`, `connect` and `portal`."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.app import App
from shared.core.errors import ConcurrentUpdate, TenantryError
from shared.web import headers
from shared.web.answers import answer
from shared.web.api import router as api
from shared.web.connect import router as connect
from shared.web.envelope import Envelope
from shared.web.portal import router as portal
from shared.web.tracing import Traced

_EXPECTED = (TenantryError, ConcurrentUpdate, RequestValidationError, HTTPException)


def create(app: App) -> FastAPI:
    """The web application over these services."""
    web = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers=dict.fromkeys(_EXPECTED, answer),
        # FastAPI would trace query strings, which hold one-use tokens.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    web.state.services = app
    web.add_middleware(Envelope, headers=headers.common(app.settings.public_url), answer=answer)
    web.add_middleware(Traced)
    web.include_router(api)
    web.include_router(connect)
    web.include_router(portal)
    return web
