"""What went wrong with a request, in the terms of RFC 9457, the same for programs and for people."""

import logging
import math
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from shared.core.brake import SyncsStopped
from shared.core.errors import (
    ActionRequired,
    Actor,
    ConcurrentUpdate,
    DestinationRefused,
    EnrichmentUnavailable,
    OperatorError,
    Refused,
    ResyncRequired,
    RetryLater,
    ScopeObjectMissing,
    SourceFault,
    TenantryError,
)
from shared.logs import log, where

MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:tenantry:problem:"
_FIELD_NAME = re.compile(r"[A-Za-z0-9_-]{1,31}")  # PSAs' keys, which get into the wrong place, are longer


class InvalidRequest(Refused):
    """A request that cannot be understood; `errors` names each field and what is wrong with it."""

    status = 400

    def __init__(self, errors: Mapping[str, str]) -> None:
        """`errors`: message by field. The messages never repeat what was sent."""
        super().__init__(
            "invalid_request",
            "The request cannot be understood as it was sent.",
            "Correct what `errors` names and send it again.",
            Actor.TECHNICIAN,
        )
        self.errors = errors


class ConfigurationInvalid(InvalidRequest):
    """A configuration with a value that does not exist."""

    status = 422

    def __init__(self, errors: Mapping[str, str]) -> None:
        """See InvalidRequest."""
        super().__init__(errors)
        self.code = "config_invalid"
        self.title = "The configuration is not valid."


class Unauthenticated(Refused):
    """No API key, or none that counts; which of the two is nobody's business."""

    status = 401

    def __init__(self) -> None:
        """The same words for every kind of bad key."""
        super().__init__(
            "unauthenticated",
            "An API key is needed.",
            "Send a valid key as `Authorization: Bearer …`.",
            Actor.TECHNICIAN,
        )
        self.headers = {"WWW-Authenticate": 'Bearer realm="tenantry"'}


class PreconditionRequired(Refused):
    """A write that must say which version it changes."""

    status = 428

    def __init__(self) -> None:
        """The remedy is always the same."""
        super().__init__(
            "precondition_required",
            "The change does not say which version it is for.",
            "Read the connection and send its ETag in If-Match.",
            Actor.TECHNICIAN,
        )


class Problem(msgspec.Struct, frozen=True):
    """One problem, ready to be shown. `errors` is by field, `headers` go with the response."""

    status: int
    code: str
    title: str
    detail: str
    actor: Actor
    errors: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}

    def document(self, request_id: str) -> dict[str, Any]:
        """The members of the problem document."""
        members: dict[str, Any] = {
            "type": _TYPE_PREFIX + self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "actor": self.actor.value,
            "request_id": request_id,
        }
        if self.errors:
            members["errors"] = [{"field": name, "message": text} for name, text in self.errors.items()]
        return members


def problem_of(error: Exception) -> Problem:
    """The problem that an error means for whoever sent the request; what is unexpected is logged."""
    if isinstance(error, TenantryError):
        return _known(error)
    if isinstance(error, ConcurrentUpdate):
        return _known(RetryLater.soon("busy", "The same thing is being changed by several others at once."))
    if isinstance(error, RequestValidationError):
        return _known(InvalidRequest(_request_errors(error)))
    if isinstance(error, HTTPException):
        return _of_status(error)
    log("http.failed", level=logging.ERROR, error=type(error).__name__, where=where(error))
    return Problem(
        500,
        "internal_error",
        "The service met an error it does not know.",
        "Try again. If it stays, tell the operator the request id.",
        Actor.OPERATOR,
    )


def _known(error: TenantryError) -> Problem:
    headers = dict(error.headers) if isinstance(error, Refused) else {}
    if isinstance(error, RetryLater):
        headers["Retry-After"] = str(max(1, math.ceil(error.after.total_seconds())))
    errors = error.errors if isinstance(error, InvalidRequest) else {}
    return Problem(
        _status(error), error.code, error.title, error.detail, error.actor, errors=errors, headers=headers
    )


def _status(error: TenantryError) -> int:
    match error:
        case Refused():
            return error.status
        case DestinationRefused():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case ActionRequired() | ScopeObjectMissing() | EnrichmentUnavailable():
            return HTTPStatus.CONFLICT
        case SourceFault():
            return HTTPStatus.BAD_GATEWAY
        case RetryLater() | ResyncRequired() | OperatorError() | SyncsStopped():
            return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INTERNAL_SERVER_ERROR


_BY_STATUS: dict[int, tuple[str, str, str]] = {
    400: (
        "invalid_request",
        "The request cannot be understood as it was sent.",
        "Send well-formed JSON in UTF-8.",
    ),
    404: ("not_found", "There is nothing at this address.", "Check the address."),
    405: ("method_not_allowed", "This address does not take this method.", "`Allow` lists what it takes."),
    413: ("content_too_large", "The request is too large.", "Send at most 256 KiB."),
    503: ("not_ahead_of_time", "This link is not to be loaded ahead of time.", "Open it when you mean it."),
    415: ("unsupported_media_type", "The body is not JSON.", "Send `Content-Type: application/json`."),
}


def _of_status(error: HTTPException) -> Problem:
    status = error.status_code if error.status_code in _BY_STATUS else 400
    code, title, detail = _BY_STATUS[status]
    return Problem(status, code, title, detail, Actor.TECHNICIAN, headers=error.headers or {})


def field_errors(items: Iterable[Mapping[str, Any]], *prefix: str) -> dict[str, str]:
    """Message by dotted field, from the errors of pydantic; `prefix`: where the validated value stands."""
    found: dict[str, str] = {}
    for item in items:
        found[dotted(*prefix, *item["loc"]) or "body"] = _message(item)
    return found


def dotted(*place: object) -> str:
    """The path of a field; a name that could be none of ours is not repeated."""
    return ".".join(str(part) if _FIELD_NAME.fullmatch(str(part)) else "?" for part in place)


def _request_errors(error: RequestValidationError) -> dict[str, str]:
    items = [{**item, "loc": item["loc"][1:]} for item in error.errors()]  # the first says: body, query, path
    if any(item["type"] == "json_invalid" for item in items):
        return {"body": "It is not well-formed JSON."}
    return field_errors(items)


_MESSAGES = {
    "extra_forbidden": "There is no such field.",
    "unexpected_keyword_argument": "There is no such field.",
    "pattern": "Input should be an RE2 pattern.",  # why it is none quotes the pattern
}


def _message(item: Mapping[str, Any]) -> str:
    # The texts of pydantic name what is expected, but a few of its errors quote what was found.
    if item["type"] in _MESSAGES:
        return _MESSAGES[item["type"]]
    if item["type"].endswith(("_parsing", "_from_datetime_parsing")):
        return "It is not of the right kind."
    return f"{str(item['msg']).removeprefix('Value error, ').replace('Tuple', 'List')}."
