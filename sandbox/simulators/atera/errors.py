"""Answers that are errors.

400, 403, 404, 409 and 429 have the ProblemDetails of the maker's document; 401 has no body and no
`WWW-Authenticate`, as a live probe of the service found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

_SECTIONS = {400: "15.5.1", 402: "15.5.3", 403: "15.5.4", 404: "15.5.5", 409: "15.5.10"}
_TITLES = {
    400: "Bad Request",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
}


class AteraError(Exception):
    """A refusal: its status, a sentence about it, and what is wrong with which field."""

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        *,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {detail or ''}".strip())
        self.status, self.detail = status, detail
        self.errors, self.headers = errors, headers

    def answer(self) -> web.Response:
        if self.status == 401:
            return web.Response(status=401, headers=self.headers)
        body: dict[str, Any] = {"title": _TITLES[self.status], "status": self.status}
        if section := _SECTIONS.get(self.status):
            body["type"] = f"https://tools.ietf.org/html/rfc9110#section-{section}"
        if self.errors is not None:
            body["title"] = "One or more validation errors occurred."
            body["errors"] = {name: [message] for name, message in self.errors.items()}
        if self.detail is not None:
            body["detail"] = self.detail
        return web.Response(
            status=self.status,
            headers=self.headers,
            body=msgspec.json.encode(body),
            content_type="application/problem+json",
            charset="utf-8",
        )


def invalid(field: str, message: str) -> AteraError:
    """400: one field of the request is wrong."""
    return AteraError(400, errors={field: message})


def not_found(what: str, item_id: int) -> AteraError:
    """404: the account has nothing of this kind with this id."""
    return AteraError(404, f"{what} {item_id} was not found.")
