"""Reports that wait to be fetched by whoever knows their address.

Follows "reportRoot: getOffice365ActiveUserDetail" (learn.microsoft.com/graph/api): the address is good for a
few minutes and needs no token; one that is sent along goes to a host that is not Microsoft Graph's.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from sandbox.simulators.graph.messages import GraphAnswer
from sandbox.world.model import Tenant

DOWNLOAD_PREFIX = "/reports-data/"
MOST_KEPT = 50


class ReportSettings(msgspec.Struct, forbid_unknown_fields=True):
    """How reports come: entries per page, where downloads seem to be served, how long they are good."""

    page_size: int = 1_000
    download_origin: str = ""
    download_seconds: float = 300.0

    def __post_init__(self) -> None:
        if self.page_size < 1:
            raise ValueError("page_size is at least 1")


class _Offer(NamedTuple):
    content: bytes
    etag: str
    offered: datetime


class Downloads:
    """The files on offer, and every attempt to fetch one."""

    def __init__(self) -> None:
        self.calls: list[dict[str, object]] = []
        self._offers: dict[str, _Offer] = {}

    def offer(self, content: bytes, now: datetime) -> tuple[str, str]:
        """Keep a file and return the token that fetches it, and its entity tag."""
        token, etag = secrets.token_urlsafe(24), f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
        self._offers[token] = _Offer(content, etag, now)
        if len(self._offers) > MOST_KEPT:
            del self._offers[next(iter(self._offers))]
        return token, etag

    def fetch(self, path: str, headers: Mapping[str, str], now: datetime, life: timedelta) -> GraphAnswer:
        """Answer a request for a file: 403 when its time is over, 404 when there never was one."""
        offer = self._offers.get(path.rpartition("/")[2])
        status = 404 if offer is None else 403 if now > offer.offered + life else 200
        sent = "Authorization" in headers
        self.calls.append({"tenant": tenant_in(path), "authorization": sent, "status": status})
        if offer is None or status != 200:
            return GraphAnswer(status, b"", content_type="text/plain")
        named = {"ETag": offer.etag, "Content-Disposition": 'attachment; filename="report.csv"'}
        return GraphAnswer(200, offer.content, named, content_type="application/octet-stream")


def download_path(tenant: Tenant, token: str) -> str:
    """Return where a file is; the tenant is part of it only for the request log and for faults."""
    return f"{DOWNLOAD_PREFIX}{tenant.id}/{token}"


def tenant_in(path: str) -> str | None:
    """Return the tenant whose file is at this path, None for any other path."""
    return path.removeprefix(DOWNLOAD_PREFIX).partition("/")[0] if path.startswith(DOWNLOAD_PREFIX) else None
