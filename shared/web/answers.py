"""Errors as each surface shows them: a problem document to programs, a page to people."""

from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.web.methods import allowed
from shared.web.pages import problem_page
from shared.web.problems import MEDIA_TYPE, problem_of


async def answer(request: Request, error: Exception) -> Response:
    """The response to a request that met an error."""
    problem = problem_of(error)
    if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
        # The router knows the methods of one route only, and an address may have several.
        problem = msgspec.structs.replace(problem, headers={"Allow": allowed(request)})
    if _for_people(request.scope["path"]):
        return await problem_page(request, problem)
    document = problem.document(request.state.request_id)
    return JSONResponse(document, problem.status, problem.headers, MEDIA_TYPE)


def _for_people(path: str) -> bool:
    return path.split("/")[1] in {"connect", "portal"} and not path.endswith(".json")
