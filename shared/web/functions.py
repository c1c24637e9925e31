"""The web application as an HTTP function."""

from functools import cache

import azure.functions as func

from shared.bootstrap import get_app
from shared.web.asgi import create


async def answer(request: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Answer a request to any of the surfaces."""
    response: func.HttpResponse = await _middleware().handle_async(as_sent(request), context)
    return response


def as_sent(request: func.HttpRequest) -> func.HttpRequest:
    """The request with its path encoded once more.

    AsgiMiddleware decodes the path and hands it on as the raw one too, so that a slash inside a customer's
    id would look like one between two segments (azure-functions 2.3, `WsgiRequest.path_info`).
    """
    path, question_mark, query = request.url.partition("?")
    url = path.replace("%", "%25") + question_mark + query
    return func.HttpRequest(request.method, url, headers=request.headers, body=request.get_body())


@cache
def _middleware() -> func.AsgiMiddleware:
    return func.AsgiMiddleware(create(get_app()))  # type: ignore[no-untyped-call]
