"""The app's HTTP API, as a PSA's front end uses it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

import httpx

POLL_SECONDS = 0.25
LONGEST_RUN_SECONDS = 300.0

Document = dict[str, Any]


class ApiError(Exception):
    """The API refused; the text is its problem's, and `problem` the whole of it."""

    def __init__(self, text: str, problem: Document | None = None) -> None:
        super().__init__(text)
        self.problem = problem or {}


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

    async def call(self, method: str, path: str, body: Document | None = None, **headers: str) -> Document:
        """One request; raises ApiError for a problem."""
        document: Document = (await self._send(method, path, body, **headers)).json()
        return document

    async def presets(self) -> dict[str, Document]:
        """The configuration of every preset, by its name."""
        return {item["preset"]: item["configuration"] for item in await self._all("/presets")}

    async def account(self) -> Document:
        """The account itself, with its destination."""
        return await self.call("GET", "/account")

    async def choose_destination(self, kind: str, api_key: str, subdomain: str | None = None) -> Document:
        """Let the account's contacts live in a PSA; the key is tested before it is kept."""
        body = {"kind": kind, "api_key": api_key, **({"subdomain": subdomain} if subdomain else {})}
        return await self.call("PUT", "/account/destination", body)

    async def test_destination(self) -> Document:
        """Try the key that is kept."""
        return await self.call("POST", "/account/destination/test")

    async def imported_customers(self) -> list[Document]:
        """Wait until the PSA's customers are read, and return them."""
        deadline = time.monotonic() + LONGEST_RUN_SECONDS
        while (await self.account())["destination"]["importing"]:
            if time.monotonic() > deadline:
                raise ApiError(f"the import of customers did not end in {LONGEST_RUN_SECONDS:.0f} seconds")
            await asyncio.sleep(POLL_SECONDS)
        return await self.customers()

    async def customers(self) -> list[Document]:
        """Every customer of the account."""
        return await self._all("/customers")

    async def put_customer(self, customer: str, name: str, sites: Sequence[Document] = ()) -> Document:
        """Make a customer known, with its sites: each an id and a name."""
        return await self.call("PUT", _customer(customer), {"name": name, "sites": list(sites)})

    async def begin_connection(self, customer: str, grant: str) -> str:
        """Return the address for the customer's administrator."""
        started = await self.call("POST", f"{_customer(customer)}/connection", {"grant": grant})
        return str(started["consent_url"])

    async def connection(self, customer: str) -> Document:
        """Read the connection."""
        return await self.call("GET", f"{_customer(customer)}/connection")

    async def configure(self, customer: str, configuration: Document) -> Document:
        """Change policies of the connection, as somebody who has just read them; a merge patch."""
        path = f"{_customer(customer)}/connection"
        etag = (await self._send("GET", path)).headers["ETag"]
        return await self.call("PATCH", path, {"configuration": configuration}, **{"If-Match": etag})

    async def pause(self, customer: str) -> Document:
        """Stop the syncs for a while."""
        return await self.call("POST", f"{_customer(customer)}/connection/pause")

    async def resume(self, customer: str) -> Document:
        """Go on syncing."""
        return await self.call("POST", f"{_customer(customer)}/connection/resume")

    async def disconnect(self, customer: str) -> Document:
        """End the connection."""
        return await self.call("DELETE", f"{_customer(customer)}/connection")

    async def start_run(self, customer: str, kind: str = "sync", **more: Any) -> str:
        """Ask for a run and return its id."""
        run = await self.call("POST", f"{_customer(customer)}/runs", {"kind": kind, **more})
        return str(run["id"])

    async def preview(self, customer: str, configuration: Document | None = None) -> str:
        """Ask what a sync would do, perhaps with other policies, and return the run's id."""
        return await self.start_run(customer, "preview", configuration=configuration)

    async def sync_user(self, customer: str, user: str) -> str:
        """Ask for a run about one person, by object id, user principal name or address; returns its id."""
        return await self.start_run(customer, "user", user=user)

    async def approve(self, run: str, digest: str) -> Document:
        """Let a held run carry out the plan with the digest."""
        return await self.call("POST", f"/runs/{run}/approve", {"digest": digest})

    async def reject(self, run: str) -> Document:
        """End a held run."""
        return await self.call("POST", f"/runs/{run}/reject")

    async def cancel(self, run: str) -> Document:
        """Stop a run."""
        return await self.call("POST", f"/runs/{run}/cancel")

    async def run(self, run: str) -> Document:
        """Read a run."""
        return await self.call("GET", f"/runs/{run}")

    async def runs(self, customer: str) -> list[Document]:
        """The newest runs of a customer."""
        return list((await self.call("GET", f"{_customer(customer)}/runs"))["data"])

    async def finished(self, run: str) -> Document:
        """Wait until a run has ended, or somebody must decide about it, and return it."""
        deadline = time.monotonic() + LONGEST_RUN_SECONDS
        while time.monotonic() < deadline:
            found = await self.run(run)
            if found["state"] in {"succeeded", "partial", "failed", "canceled", "held"}:
                return found
            await asyncio.sleep(POLL_SECONDS)
        raise ApiError(f"run {run} did not end in {LONGEST_RUN_SECONDS:.0f} seconds")

    async def changes(self, run: str, kind: str | None = None) -> list[Document]:
        """Every change of a run, or those of one kind."""
        return await self._all(f"/runs/{run}/changes", **({"kind": kind} if kind else {}))

    async def changes_as_csv(self, run: str) -> str:
        """The same as a table."""
        return (await self._send("GET", f"/runs/{run}/changes", Accept="text/csv")).text

    async def contacts(self, customer: str) -> list[Document]:
        """Every contact of a customer."""
        return await self._all(f"{_customer(customer)}/contacts")

    async def contact(self, customer: str, contact: str) -> Document:
        """Read one contact."""
        return await self.call("GET", f"{_customer(customer)}/contacts/{_part(contact)}")

    async def patch_contact(self, customer: str, contact: str, **changes: Any) -> Document:
        """Change a contact as a person: `fields`, `pins`, `keep_active`, `active`."""
        return await self.call("PATCH", f"{_customer(customer)}/contacts/{_part(contact)}", changes)

    async def reviews(self, customer: str) -> list[Document]:
        """People who could not be matched without guessing."""
        return await self._all(f"{_customer(customer)}/reviews")

    async def decide(
        self, customer: str, object_id: str, action: str, contact: str | None = None
    ) -> Document:
        """Decide about one of them: `link` to a contact, `create` or `dismiss`."""
        path = f"{_customer(customer)}/reviews/{_part(object_id)}"
        return await self.call("POST", path, {"action": action, "contact_id": contact})

    async def directory_values(self, customer: str, attribute: str) -> list[Document]:
        """The tenant's `offices`, `departments`, `domains` or `licences`, with how many users have them."""
        return await self._all(f"{_customer(customer)}/directory/{attribute}")

    async def groups(self, customer: str, search: str = "") -> list[Document]:
        """The tenant's groups whose name has a word that begins so."""
        return await self._all(f"{_customer(customer)}/directory/groups", search=search)

    async def report(self, customer: str) -> Document:
        """The latest report about the tenant."""
        return await self.call("GET", f"{_customer(customer)}/report")

    async def portal_link(self, customer: str) -> str:
        """A one-use address of the customer's portal page."""
        return str((await self.call("POST", f"{_customer(customer)}/portal-sessions"))["url"])

    async def _send(
        self, method: str, path: str, body: Document | None = None, **headers: str
    ) -> httpx.Response:
        response = await self._http.request(method, path, json=body, headers=headers)
        if response.is_error:
            problem = response.json()
            text = f"{method} {path}: {problem.get('status')} {problem.get('title')}"
            raise ApiError(text, problem)
        return response

    async def _all(self, path: str, **query: str) -> list[Document]:
        found: list[Document] = []
        after: str | None = None
        while True:
            parameters = {"limit": "100", **query, **({"after": after} if after else {})}
            page = await self.call("GET", f"{path}?{urlencode(parameters)}")
            found += page["data"]
            after = page["after"]
            if after is None:
                return found


def _customer(customer: str) -> str:
    return f"/customers/{_part(customer)}"


def _part(text: str) -> str:
    return quote(text, safe="")
