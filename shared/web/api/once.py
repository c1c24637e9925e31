"""A POST that is sent again is carried out once (draft-ietf-httpapi-idempotency-key-header)."""

import re
from collections.abc import Awaitable, Callable

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.core.errors import ConcurrentUpdate, TenantryError
from shared.services.idempotency import Answer, fingerprint_of
from shared.web.answers import answer
from shared.web.problems import InvalidRequest
from shared.web.services import services_of

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
PATTERN = r'[!#-~]{1,255}|"[!#-~]{1,255}"'
"""One word of visible characters, with or without the quotes of a structured field."""

_KEY = re.compile(PATTERN)
_EXPECTED = (TenantryError, ConcurrentUpdate, RequestValidationError, HTTPException)


async def once(request: Request, secret: str, handle: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer to a POST: the one that it got before, or else what `handle` gives now.

    `secret`: the caller's, so that nobody else gets at the answer. What fails on our side is not kept.
    """
    sent = request.headers.get(HEADER)
    if request.method != "POST" or sent is None:
        return await handle(request)
    if not _KEY.fullmatch(sent):
        raise InvalidRequest({HEADER: "1 to 255 visible ASCII characters, without spaces and quotes."})
    scope, idempotency = request.scope, services_of(request).idempotency
    token = f"{secret} {sent.strip(chr(34))}"
    fingerprint = fingerprint_of(scope["raw_path"], scope["query_string"], await request.body())
    known = await idempotency.begin(token, fingerprint)
    if known is not None:
        headers = {**dict(known.headers), REPLAYED: "true"}
        return Response(known.body.encode(), known.status, headers)
    try:
        response = await _answered(request, handle)
    except Exception:
        await idempotency.forget(token)
        raise
    headers_kept = tuple((name, text) for name, text in response.headers.items() if name != "content-length")
    kept = Answer(response.status_code, headers_kept, bytes(response.body).decode())
    await idempotency.finish(token, fingerprint, kept)
    return response


async def _answered(request: Request, handle: Callable[[Request], Awaitable[Response]]) -> Response:
    """The response, also to a request that is at fault; raises what is our own fault."""
    try:
        return await handle(request)
    except _EXPECTED as error:
        response = await answer(request, error)
        if response.status_code >= 500:
            raise
        return response
