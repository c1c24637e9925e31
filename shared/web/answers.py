"""Errors as each surface shows them: a problem document to programs, a page to people."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.web.pages import problem_page
from shared.web.problems import MEDIA_TYPE, problem_of


async def answer(request: Request, error: Exception) -> Response:
    """The response to a request that met an error."""
    problem = problem_of(error)
    if _for_people(request.scope["path"]):
        return await problem_page(request, problem)
    document = problem.document(request.state.request_id)
    return JSONResponse(document, problem.status, problem.headers, MEDIA_TYPE)


def _for_people(path: str) -> bool:
    return path.split("/")[1] in {"connect", "portal"} and not path.endswith(".json")
