"""The API described: the OpenAPI document for programs, and as a page for people. No key is needed."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.web.api.description.document import Document, document
from shared.web.api.description.page import groups, schemas
from shared.web.pages import page
from shared.web.services import READ, services_of

router = APIRouter()

_CACHING = {"Cache-Control": "public, max-age=300"}


@router.api_route("/openapi.json", methods=READ, response_model=dict[str, Any])
async def openapi(request: Request) -> Response:
    """This document: the API as OpenAPI 3.1 describes it."""
    return JSONResponse(_described(request), headers=_CACHING)


@router.api_route("/docs", methods=READ, include_in_schema=False)
async def docs(request: Request) -> Response:
    """The document as a page."""
    described = _described(request)
    return page(
        request,
        "api/reference.html",
        info=described["info"],
        groups=groups(described),
        schemas=schemas(described),
    )


def _described(request: Request) -> Document:
    """The document of this application, made once."""
    state = request.app.state
    found: Document | None = getattr(state, "described", None)
    if found is None:
        found = state.described = document(request.app.routes, services_of(request).settings.public_url)
    return found
