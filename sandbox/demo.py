"""The demonstration: a story of seven customers, told through the app's real doors only.

HTTP for the PSA, Microsoft's (simulated) pages for the administrators, the timer, the queue. Whatever the
story claims is checked; the exit code says whether all of it was true.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from sandbox.api_client import ApiClient, ApiError, Document
from sandbox.person import LostPerson, Person
from sandbox.stack import Stack
from sandbox.world.seed import OPERATOR_TENANT_ID

_COLUMNS = {
    "customer": "Customer",
    "sync": "Sync",
    "users_read": "Users read",
    "created": "Created",
    "updated": "Updated",
    "unchanged": "Unchanged",
    "skipped": "Skipped",
    "conflicts": "Conflicts",
    "seconds": "Seconds",
    "graph_requests": "Graph requests",
}
_TEXT_COLUMNS = 2
_TIMER_SECONDS = 120.0


async def run(stack: Stack, *, json_file: Path | None = None, plain: bool = False) -> int:
    """Tell the story on a running sandbox; returns 0 when everything it claims was so."""
    began = time.monotonic()
    console = Console(no_color=plain, highlight=False, soft_wrap=True)
    tls = ssl.create_default_context(cafile=stack.endpoints.ca_file)
    async with (
        ApiClient(stack.endpoints.api_url, stack.endpoints.api_key) as api,
        httpx.AsyncClient(verify=tls, trust_env=False, timeout=60) as http,
    ):
        story = _Story(stack, api, http, tls, console)
        try:
            await story.tell()
        except (ApiError, httpx.HTTPError, LostPerson, TimeoutError) as error:
            console.print(f"\nThe story broke off: {error}", markup=False)
            return 1
        if json_file is not None:
            seconds = round(time.monotonic() - began, 1)
            report = {"runs": story.rows, "checks": story.checks, "seconds": seconds}
            json_file.write_text(json.dumps(report, indent=2) + "\n")
        return 0 if all(check["true"] for check in story.checks) else 1


@dataclass
class _Customer:
    id: str
    name: str
    tenant_id: str
    admin: str
    grant: str


@dataclass
class _Story:
    stack: Stack
    api: ApiClient
    http: httpx.AsyncClient
    tls: ssl.SSLContext
    console: Console
    customers: list[_Customer] = field(default_factory=list)
    rows: list[Document] = field(default_factory=list)
    checks: list[Document] = field(default_factory=list)

    async def tell(self) -> None:
        await self._meet()
        await self._connect_all()
        await self._first_import()
        await self._timer()
        await self._directories_change()
        await self._consent_withdrawn()
        await self._disconnect()
        self._table()

    async def _meet(self) -> None:
        tenants = (await self._control("GET", self._entra, "tenants"))["tenants"]
        for tenant in tenants:
            if tenant["id"] == OPERATOR_TENANT_ID:
                continue
            # The last one lets us read as its administrator, the others as an application.
            grant = "delegated" if tenant is tenants[-1] or "quince" in tenant["domain"] else "application"
            self.customers.append(
                _Customer(tenant["domain"], tenant["name"], tenant["id"], tenant["admin"], grant)
            )

    async def _connect_all(self) -> None:
        self._chapter("Seven customers connect", "Each one's own administrator signs in and consents, once.")
        for customer in self.customers:
            await self.api.put_customer(customer.id, customer.name)
            connection = await self._consent(customer)
            self._check(
                connection["state"] == "active" and connection["tenant"]["id"] == customer.tenant_id,
                f"{customer.name} is connected ({customer.grant} grant)",
            )

    async def _first_import(self) -> None:
        self._chapter("First import", "Every customer's directory is read in full; contacts are made.")
        runs = await self._sync(self.customers, "first import")
        for customer, run in runs:
            contacts = await self.api.contacts(customer.id)
            counts = run["counts"]
            self._check(
                run["state"] == "succeeded" and len(contacts) == counts["created"],
                f"{customer.name}: {counts['users_read']:,} people read, {len(contacts):,} contacts made",
            )

    async def _timer(self) -> None:
        self._chapter("The 12-hour timer fires", "One message per customer; nobody changed anything.")
        before = {customer.id: len(await self.api.runs(customer.id)) for customer in self.customers}
        await self._fire_timer()
        runs = [(customer, await self._scheduled_run(customer)) for customer in self.customers]
        self._add_rows(runs, "timer")
        written = sum(run["applied"] for _, run in runs)
        self._check(all(run["state"] == "succeeded" for _, run in runs), "every customer was synced")
        self._check(
            all(run["read_mode"] == "delta" for _, run in runs), "only what had changed was asked for"
        )
        self._check(written == 0, "nothing had changed, so nothing was written")
        await self._fire_timer()
        after = {customer.id: len(await self.api.runs(customer.id)) for customer in self.customers}
        self._check(
            after == {name: count + 1 for name, count in before.items()},
            "the timer fired twice, and each customer still got one sync",
        )

    async def _directories_change(self) -> None:
        customer = self.customers[0]
        self._chapter(
            f"{customer.name}'s directory changes",
            "Somebody is hired, one marries, one gets a new job, one a new address, and one leaves.",
        )
        contacts = [
            contact
            for contact in await self.api.contacts(customer.id)
            if contact["job_title"] and contact["object_id"] and contact["first_name"]
        ]
        married, promoted, moved, leaver = contacts[:4]
        users = f"tenants/{customer.tenant_id}/users"
        await self._control(
            "POST",
            self._graph,
            f"tenants/{customer.tenant_id}/hire",
            {
                "displayName": "Noor Anand",
                "givenName": "Noor",
                "surname": "Anand",
                "userPrincipalName": f"noor@{customer.id}",
                "mail": f"noor@{customer.id}",
                "jobTitle": "Trainee",
                "accountEnabled": True,
                "userType": "Member",
            },
        )
        new_name = f"{married['first_name']} Marlowe"
        for contact, properties in (
            (married, {"surname": "Marlowe", "displayName": new_name}),
            (promoted, {"jobTitle": "Director of Everything"}),
            (moved, {"mail": f"moved.address@{customer.id}"}),
        ):
            await self._control("PATCH", self._graph, f"{users}/{contact['object_id']}", properties)
        await self._control("DELETE", self._graph, f"{users}/{leaver['object_id']}")

        ((_, run),) = await self._sync([customer], "after the changes")
        counts = run["counts"]
        self._check(
            (counts["created"], counts["updated"], counts["kept"], run["applied"]) == (1, 3, 1, 4),
            "exactly one contact was made and three were changed; the leaver's contact was kept",
        )
        for change in await self.api.changes(run["id"]):
            for modified in change["modified"] if change["kind"] == "update" else ():
                self.console.print(
                    f"      {change['name']}: {modified['field']} {modified['old']!r} → {modified['new']!r}",
                    markup=False,
                )
        after = {contact["id"]: contact for contact in await self.api.contacts(customer.id)}
        self._check(
            after[moved["id"]]["email"] == f"moved.address@{customer.id}" and leaver["id"] in after,
            "the moved address stayed the same contact, not a second one",
        )
        ((_, again),) = await self._sync([customer], "once more")
        self._check(again["applied"] == 0, "another sync right after writes nothing")

    async def _consent_withdrawn(self) -> None:
        customer = self.customers[1]
        self._chapter(f"{customer.name} withdraws its consent", "And later connects again.")
        withdrawal = {"tenant_id": customer.tenant_id, "client_id": self.stack.endpoints.client_id}
        await self._control("POST", self._entra, "consent/withdraw", withdrawal)
        ((_, run),) = await self._sync([customer], "consent withdrawn")
        connection = await self.api.connection(customer.id)
        self._check(
            run["state"] == "failed" and connection["state"] == "action_required",
            f"the sync says why it cannot: {connection['reason']['title']}",
        )
        self.console.print(f"      {connection['reason']['detail']}", markup=False)
        connection = await self._consent(customer)
        ((_, run),) = await self._sync([customer], "reconnected")
        self._check(
            connection["state"] == "active" and run["state"] == "succeeded" and run["applied"] == 0,
            "connected again, with the same contacts as before",
        )

    async def _disconnect(self) -> None:
        customer = self.customers[2]
        self._chapter(f"{customer.name} disconnects", "Its contacts stay; what could reach its tenant goes.")
        before = await self.api.contacts(customer.id)
        secrets_before = await self._secret_names()
        connection = await self.api.disconnect(customer.id)
        secrets_gone = secrets_before - await self._secret_names()
        self._check(connection["state"] == "disconnected", "disconnected")
        self._check(await self.api.contacts(customer.id) == before, f"all {len(before)} contacts are there")
        self._check(len(secrets_gone) == 1, "its token is gone from Key Vault")

    async def _consent(self, customer: _Customer) -> Document:
        consent_url = await self.api.begin_connection(customer.id, customer.grant)
        async with Person(self.tls) as person:
            await person.connect(consent_url, account=customer.admin)
        deadline = time.monotonic() + _TIMER_SECONDS
        connection = await self.api.connection(customer.id)
        while connection["state"] == "validating" and time.monotonic() < deadline:
            await asyncio.sleep(0.5)
            connection = await self.api.connection(customer.id)
        return connection

    async def _sync(self, customers: list[_Customer], sync: str) -> list[tuple[_Customer, Document]]:
        ids = [(customer, await self.api.start_run(customer.id)) for customer in customers]
        with self.console.status("syncing…"):
            runs = [(customer, await self.api.finished(run_id)) for customer, run_id in ids]
        self._add_rows(runs, sync)
        return runs

    async def _fire_timer(self) -> None:
        """Ask the host to fire the timer, by the door that Azure's portal uses for "run now"."""
        await asyncio.to_thread(self.stack.fire_timer, "fan_out")

    async def _scheduled_run(self, customer: _Customer) -> Document:
        deadline = time.monotonic() + _TIMER_SECONDS
        while time.monotonic() < deadline:
            newest = (await self.api.runs(customer.id))[0]
            if newest["trigger"] == "schedule":
                return await self.api.finished(newest["id"])
            await asyncio.sleep(0.25)
        raise TimeoutError(f"the timer's sync of {customer.name} did not begin")

    async def _secret_names(self) -> set[str]:
        secrets = (await self._control("GET", self._key_vault, "secrets"))["secrets"]
        return {secret["name"] for secret in secrets if not secret.get("deleted")}

    async def _control(self, method: str, base: str, path: str, body: Any = None) -> Document:
        response = await self.http.request(method, f"{base}/_control/{path}", json=body)
        response.raise_for_status()
        document: Document = response.json()
        return document

    @property
    def _entra(self) -> str:
        return self.stack.endpoints.world.entra_url

    @property
    def _graph(self) -> str:
        return self.stack.endpoints.world.graph_url

    @property
    def _key_vault(self) -> str:
        return self.stack.endpoints.world.key_vault_url

    def _add_rows(self, runs: list[tuple[_Customer, Document]], sync: str) -> None:
        for customer, run in runs:
            figures = {name: run["counts"].get(name, run.get(name)) for name in list(_COLUMNS)[2:]}
            self.rows.append({"customer": customer.name, "sync": sync, **figures})

    def _chapter(self, title: str, explanation: str) -> None:
        self.console.print(f"\n[bold]{title}[/bold]  {explanation}")

    def _check(self, true: bool, sentence: str) -> None:
        self.checks.append({"sentence": sentence, "true": true})
        self.console.print(f"  {'✓' if true else '✗'} {sentence}", markup=False)

    def _table(self) -> None:
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
