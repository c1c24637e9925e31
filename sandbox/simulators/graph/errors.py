"""Errors in the shape that Microsoft Graph gives them.

Follows "Microsoft Graph error responses and resource types" (learn.microsoft.com/graph/errors).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class GraphError(Exception):
    """An answer that is an error: HTTP status, Graph's code and message, and headers of its own."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def body(self, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
        """Return the JSON body, which repeats the ids that are also in the headers."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "innerError": {
                    "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
                    "request-id": request_id,
                    "client-request-id": client_request_id,
                },
            }
        }


class BadRequest(GraphError):
    """400: the request makes no sense."""

    def __init__(self, message: str, code: str = "BadRequest") -> None:
        super().__init__(400, code, message)


class UnsupportedQuery(GraphError):
    """400: the query makes sense, and the directory does not support it."""

    def __init__(self, message: str) -> None:
        super().__init__(400, "Request_UnsupportedQuery", message)


class NotFound(GraphError):
    """404: there is no such object in the tenant."""

    def __init__(self, identifier: str) -> None:
        message = (
            f"Resource '{identifier}' does not exist or one of its queried reference-property objects are "
            "not present."
        )
        super().__init__(404, "Request_ResourceNotFound", message)


class ExpiredPageToken(GraphError):
    """400: a `$skiptoken` that is damaged, or too old to be remembered."""

    def __init__(self) -> None:
        message = "The specified page token value has expired and can no longer be included in your request."
        super().__init__(400, "Directory_ExpiredPageToken", message)
