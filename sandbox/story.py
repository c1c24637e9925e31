"""What every chapter of the demonstration needs: the sandbox's doors, and a place to say what was so."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from sandbox.api_client import ApiClient, Document
from sandbox.person import Person
from sandbox.stack import Stack

_COLUMNS = {
    "customer": "Customer",
    "sync": "Sync",
    "users_read": "Users read",
    "created": "Created",
    "changed": "Changed",
    "deactivated": "Deactivated",
    "unchanged": "Unchanged",
    "skipped": "Skipped",
    "conflicts": "Conflicts",
    "seconds": "Seconds",
    "graph_requests": "Requests",
}
_TEXT_COLUMNS = 2
_TIMER_SECONDS = 120.0


@dataclass
class Customer:
    """A customer of the story; the id is its domain."""

    id: str
    name: str
    tenant_id: str
    admin: str
    grant: str


@dataclass
class Story:
    """The story so far. `rows` of its table, `checks` of what it claims."""

    stack: Stack
    api: ApiClient
    http: httpx.AsyncClient
    tls: ssl.SSLContext
    console: Console
    customers: list[Customer] = field(default_factory=list)
    rows: list[Document] = field(default_factory=list)
    checks: list[Document] = field(default_factory=list)

    def of_account(self, api: ApiClient, customers: list[Customer]) -> Story:
        """The same story, as another account of the app sees it."""
        return Story(self.stack, api, self.http, self.tls, self.console, customers, self.rows, self.checks)

    async def consent(self, customer: Customer) -> Document:
        """Let the customer's administrator connect; returns the connection."""
        consent_url = await self.api.begin_connection(customer.id, customer.grant)
        async with Person(self.tls) as person:
            await person.connect(consent_url, account=customer.admin)
        deadline = time.monotonic() + _TIMER_SECONDS
        connection = await self.api.connection(customer.id)
        while connection["state"] == "validating" and time.monotonic() < deadline:
            await asyncio.sleep(0.5)
            connection = await self.api.connection(customer.id)
        return connection

    async def sync(self, customers: Sequence[Customer], sync: str) -> list[tuple[Customer, Document]]:
        """Sync them side by side; `sync` is what the table calls it."""
        ids = [(customer, await self.api.start_run(customer.id)) for customer in customers]
        with self.console.status("syncing…"):
            runs = [(customer, await self.api.finished(run_id)) for customer, run_id in ids]
        self.add_rows(runs, sync)
        return runs

    async def fire_timer(self) -> None:
        """Ask the host to fire the timer, by the door that Azure's portal uses for "run now"."""
        await asyncio.to_thread(self.stack.fire_timer, "fan_out")

    async def scheduled_run(self, customer: Customer) -> Document:
        deadline = time.monotonic() + _TIMER_SECONDS
        while time.monotonic() < deadline:
            newest = (await self.api.runs(customer.id))[0]
            if newest["trigger"] == "schedule":
                return await self.api.finished(newest["id"])
            await asyncio.sleep(0.25)
        raise TimeoutError(f"the timer's sync of {customer.name} did not begin")

    async def secret_names(self) -> set[str]:
        secrets = (await self.control("GET", self.key_vault, "secrets"))["secrets"]
        return {secret["name"] for secret in secrets if not secret.get("deleted")}

    async def control(self, method: str, base: str, path: str, body: Any = None) -> Document:
        response = await self.http.request(method, f"{base}/_control/{path}", json=body)
        response.raise_for_status()
        document: Document = response.json()
        return document

    @property
    def entra(self) -> str:
        return self.stack.endpoints.world.entra_url

    @property
    def graph(self) -> str:
        return self.stack.endpoints.world.graph_url

    @property
    def key_vault(self) -> str:
        return self.stack.endpoints.world.key_vault_url

    def add_rows(self, runs: list[tuple[Customer, Document]], sync: str) -> None:
        for customer, run in runs:
            counts = run["counts"]
            changed = sum(counts[name] for name in ("linked", "updated", "moved", "reactivated"))
            known = {**run, **counts, "changed": changed}
            figures = {name: known[name] for name in list(_COLUMNS)[2:]}
            self.rows.append({"customer": customer.name, "sync": sync, **figures})

    def chapter(self, title: str, explanation: str) -> None:
        self.console.print(f"\n[bold]{title}[/bold]  {explanation}")

    def check(self, true: bool, sentence: str) -> None:
        self.checks.append({"sentence": sentence, "true": true})
        self.console.print(f"  {'✓' if true else '✗'} {sentence}", markup=False)

    def table(self) -> None:
        table = Table(title="What the syncs did", title_justify="left")
        for number, heading in enumerate(_COLUMNS.values()):
            table.add_column(heading, justify="left" if number < _TEXT_COLUMNS else "right", no_wrap=True)
        for row in self.rows:
            cells = [
                f"{value:,}"
                if isinstance(value, int)
                else f"{value:.2f}"
                if isinstance(value, float)
                else value
                for value in row.values()
            ]
            table.add_row(*cells)
        self.console.print()
        Console(no_color=self.console.no_color, width=max(self.console.width, 150)).print(table)
        wrong = sum(not check["true"] for check in self.checks)
        self.console.print(
            f"\n{len(self.checks)} claims, all true." if not wrong else f"\n{wrong} claims were not true."
        )
