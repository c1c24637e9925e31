"""The app's HTTP API, as a PSA's front end uses it."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

POLL_SECONDS = 0.25
LONGEST_RUN_SECONDS = 300.0

Document = dict[str, Any]


class ApiError(Exception):
    """The API refused; the text is its problem's."""


class ApiClient:
    """One account's view of the API. Use as an async context manager."""

    def __init__(self, api_url: str, key: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=api_url,
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
            timeout=60,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def call(self, method: str, path: str, body: Document | None = None) -> Document:
        """One request; raises ApiError for a problem."""
        response = await self._http.request(method, path, json=body)
        document: Document = response.json()
        if response.is_error:
            raise ApiError(f"{method} {path}: {document.get('status')} {document.get('title')}")
        return document

    async def put_customer(self, customer: str, name: str) -> Document:
        """Make a customer known."""
        return await self.call("PUT", _customer(customer), {"name": name})

    async def begin_connection(self, customer: str, grant: str) -> str:
        """Return the address for the customer's administrator."""
        started = await self.call("POST", f"{_customer(customer)}/connection", {"grant": grant})
        return str(started["consent_url"])

    async def connection(self, customer: str) -> Document:
        """Read the connection."""
        return await self.call("GET", f"{_customer(customer)}/connection")

    async def disconnect(self, customer: str) -> Document:
        """End the connection."""
        return await self.call("DELETE", f"{_customer(customer)}/connection")

    async def start_run(self, customer: str, kind: str = "sync") -> str:
        """Ask for a run and return its id."""
        run = await self.call("POST", f"{_customer(customer)}/runs", {"kind": kind})
        return str(run["id"])

    async def run(self, run: str) -> Document:
        """Read a run."""
        return await self.call("GET", f"/runs/{run}")

    async def runs(self, customer: str) -> list[Document]:
        """The newest runs of a customer."""
        return list((await self.call("GET", f"{_customer(customer)}/runs"))["data"])

    async def finished(self, run: str) -> Document:
        """Wait for a run's end and return it."""
        deadline = time.monotonic() + LONGEST_RUN_SECONDS
        while time.monotonic() < deadline:
            found = await self.run(run)
            if found["state"] in {"succeeded", "failed", "canceled"}:
                return found
            await asyncio.sleep(POLL_SECONDS)
        raise ApiError(f"run {run} did not end in {LONGEST_RUN_SECONDS:.0f} seconds")

    async def changes(self, run: str) -> list[Document]:
        """Every change of a run."""
        return await self._all(f"/runs/{run}/changes")

    async def contacts(self, customer: str) -> list[Document]:
        """Every contact of a customer."""
        return await self._all(f"{_customer(customer)}/contacts")

    async def portal_link(self, customer: str) -> str:
        """A one-use address of the customer's portal page."""
        return str((await self.call("POST", f"{_customer(customer)}/portal-sessions"))["url"])

    async def _all(self, path: str) -> list[Document]:
        found: list[Document] = []
        after: str | None = None
        while True:
            query = "?limit=100" + (f"&after={quote(after, safe='')}" if after else "")
            page = await self.call("GET", path + query)
            found += page["data"]
            after = page["after"]
            if after is None:
                return found


def _customer(customer: str) -> str:
    return f"/customers/{quote(customer, safe='')}"
