"""The problems that operations can give, as the document says it."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.core.api_key import KeyScope
from shared.core.errors import (
    Actor,
    Conflict,
    Gone,
    InvalidMove,
    NotFound,
    RetryLater,
    SourceFault,
    VersionConflict,
)
from shared.services.idempotency import InProgress, Mismatch
from shared.web.api.description.shapes import Schema, reference
from shared.web.api.keys import InsufficientScope
from shared.web.problems import (
    MEDIA_TYPE,
    ConfigurationInvalid,
    InvalidRequest,
    PreconditionRequired,
    Problem,
    Unauthenticated,
    problem_of,
)

_REQUEST_ID = "4f0e8d1c3f1f7f1f2c415b0f4f7e6a52"

SCHEMAS: Mapping[str, Schema] = {
    "Problem": {
        "type": "object",
        "description": "What went wrong, who must act, and how (RFC 9457). It never repeats what was sent.",
        "required": ["type", "title", "status", "detail", "code", "actor", "request_id"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "actor": {"$ref": "#/components/schemas/Actor"},
            "request_id": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
        },
    },
    "FieldError": {
        "type": "object",
        "description": "A field that is wrong.",
        "required": ["field", "message"],
        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
    },
    "Actor": {
        "type": "string",
        "description": "Who has to act.",
        "enum": [actor.value for actor in Actor],
    },
}

_NAMES = {
    400: ("InvalidRequest", "The request cannot be understood as it was sent.", ("invalid_request",)),
    401: ("Unauthenticated", "An API key is needed.", ("unauthenticated",)),
    403: ("Forbidden", "The API key may not do this.", ("insufficient_scope",)),
    404: ("NotFound", "There is no such thing, or it belongs to somebody else.", ("not_found",)),
    409: ("Conflict", "The state of things does not allow it.", ()),
    410: ("Gone", "It is too late.", ()),
    412: ("VersionConflict", "It was changed in the meantime.", ()),
    413: ("ContentTooLarge", "The body is larger than 256 KiB.", ("content_too_large",)),
    415: ("UnsupportedMediaType", "The body is not JSON.", ("unsupported_media_type",)),
    422: ("Refused", "It is understood, and cannot be done.", ()),
    428: ("PreconditionRequired", "`If-Match` is missing.", ()),
    429: ("TooManyRequests", "Too many requests; come back later.", ()),
    500: ("InternalError", "The service met an error it does not know.", ("internal_error",)),
    502: ("SourceFault", "Microsoft Graph gave an answer that must not be trusted.", ()),
    503: (
        "RetryLater",
        "Something outside is busy or briefly broken; come back later.",
        ("storage_busy", "busy"),
    ),
}
_WAITS = {429, 503}
_CHALLENGES = {401, 403}
GENERAL = (400, 401, 403, 404, 413, 415, 500, 503)
"""Those that are the same wherever they come from."""

_ERRORS: tuple[Exception, ...] = (
    InvalidRequest({"name": "Field required."}),
    Unauthenticated(),
    InsufficientScope(KeyScope.RUNS_WRITE),
    NotFound("customer"),
    InvalidMove("disconnected", "paused"),
    Conflict(
        "connection_not_active",
        "The connection is paused, so nothing can be synced.",
        "Resume the connection first.",
        Actor.TECHNICIAN,
    ),
    Gone(
        "hold_expired",
        "Nobody decided about the run in time.",
        "Sync again to get a plan of today, and decide about that one.",
        Actor.TECHNICIAN,
    ),
    InProgress(),
    Mismatch(),
    VersionConflict(),
    ConfigurationInvalid({"configuration.scope.colour": "There is no such field."}),
    PreconditionRequired(),
    SourceFault(
        "graph_unreadable",
        "Microsoft Graph sent an answer of a shape that is not its own.",
        "Nobody has to act. It is tried again by itself.",
    ),
    RetryLater.soon("storage_busy", "Storage is busy."),
)


def responses() -> dict[str, Any]:
    """The general ones, by name."""
    return {_NAMES[status][0]: _response(status, _NAMES[status][2]) for status in GENERAL}


def response(status: int, codes: Iterable[str] = ()) -> dict[str, Any]:
    """The problem of this status; `codes`: those of the operation's own."""
    codes = tuple(codes)
    if status in GENERAL and not codes:
        return {"$ref": f"#/components/responses/{_NAMES[status][0]}"}
    return _response(status, (*_NAMES[status][2], *codes))


def _response(status: int, codes: tuple[str, ...]) -> dict[str, Any]:
    headers: dict[str, Any] = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
    if status in _CHALLENGES:
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/Challenge"}
    if status in _WAITS or "idempotency_in_progress" in codes:
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfterTrouble"}
    listed = ", ".join(f"`{code}`" for code in codes)
    content: dict[str, Any] = {"schema": reference("Problem")}
    shown = _examples(status, codes)
    if shown:
        content["examples"] = shown
    return {
        "description": _NAMES[status][1] + (f" Codes: {listed}." if listed else ""),
        "headers": headers,
        "content": {MEDIA_TYPE: content},
    }


def _examples(status: int, codes: tuple[str, ...]) -> dict[str, Any]:
    found = [problem_of(error) for error in _ERRORS]
    return {
        problem.code: {"value": _document(problem)}
        for problem in found
        if problem.status == status and problem.code in codes
    }


def _document(problem: Problem) -> dict[str, Any]:
    return problem.document(_REQUEST_ID)
