"""The demonstration: seven customers and two accounts with a PSA, told through the app's real doors only.

HTTP for the PSA, Microsoft's (simulated) pages for the administrators, the timer, the queue. Whatever the
story claims is checked; the exit code says whether all of it was true.
"""

from __future__ import annotations

import json
import ssl
import time
from pathlib import Path

import httpx
from rich.console import Console

from sandbox.api_client import ApiClient, ApiError
from sandbox.demo_policies import tell_policies
from sandbox.demo_psa import psa_accounts, tell_psa
from sandbox.person import LostPerson
from sandbox.stack import Stack
from sandbox.story import Customer, Story
from sandbox.world.seed import STORY_CUSTOMERS


async def run(stack: Stack, *, json_file: Path | None = None, plain: bool = False) -> int:
    """Tell the story on a running sandbox; returns 0 when everything it claims was so."""
    began = time.monotonic()
    console = Console(no_color=plain, highlight=False, soft_wrap=True)
    tls = ssl.create_default_context(cafile=stack.endpoints.ca_file)
    async with (
        ApiClient(stack.endpoints.api_url, stack.endpoints.api_key) as api,
        httpx.AsyncClient(verify=tls, trust_env=False, timeout=60) as http,
    ):
        story = _Demonstration(stack, api, http, tls, console)
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


class _Demonstration(Story):
    """From the first consent to the last disconnect."""

    async def tell(self) -> None:
        await self._meet()
        await self._connect_all()
        await self._first_import()
        async with psa_accounts(self) as accounts:
            await self._timer()
            await self._directories_change()
            await tell_policies(self)
            await self._consent_withdrawn()
            await self._disconnect()
            for account in accounts:
                await tell_psa(account)
        self.table()

    async def _meet(self) -> None:
        tenants = (await self.control("GET", self.entra, "tenants"))["tenants"]
        mine = [customer.tenant_id for customer in STORY_CUSTOMERS]
        for tenant in tenants:
            if tenant["id"] not in mine:
                continue
            # The last one lets us read as its administrator, the others as an application.
            grant = "delegated" if tenant["id"] == mine[-1] else "application"
            self.customers.append(
                Customer(tenant["domain"], tenant["name"], tenant["id"], tenant["admin"], grant)
            )

    async def _connect_all(self) -> None:
        self.chapter("Seven customers connect", "Each one's own administrator signs in and consents, once.")
        for customer in self.customers:
            await self.api.put_customer(customer.id, customer.name)
            connection = await self.consent(customer)
            self.check(
                connection["state"] == "active" and connection["tenant"]["id"] == customer.tenant_id,
                f"{customer.name} is connected ({customer.grant} grant)",
            )

    async def _first_import(self) -> None:
        self.chapter("First import", "Every customer's directory is read in full; contacts are made.")
        runs = await self.sync(self.customers, "first import")
        for customer, run in runs:
            contacts = await self.api.contacts(customer.id)
            counts = run["counts"]
            self.check(
                run["state"] == "succeeded" and len(contacts) == counts["created"],
                f"{customer.name}: {counts['users_read']:,} people read, {len(contacts):,} contacts made",
            )

    async def _timer(self) -> None:
        self.chapter("The 12-hour timer fires", "One message per customer; nobody changed anything.")
        before = {customer.id: len(await self.api.runs(customer.id)) for customer in self.customers}
        await self.fire_timer()
        runs = [(customer, await self.scheduled_run(customer)) for customer in self.customers]
        self.add_rows(runs, "timer")
        written = sum(run["applied"] for _, run in runs)
        self.check(all(run["state"] == "succeeded" for _, run in runs), "every customer was synced")
        self.check(all(run["read_mode"] == "delta" for _, run in runs), "only what had changed was asked for")
        self.check(written == 0, "nothing had changed, so nothing was written")
        await self.fire_timer()
        after = {customer.id: len(await self.api.runs(customer.id)) for customer in self.customers}
        self.check(
            after == {name: count + 1 for name, count in before.items()},
            "the timer fired twice, and each customer still got one sync",
        )

    async def _directories_change(self) -> None:
        customer = self.customers[0]
        self.chapter(
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
        await self.control(
            "POST",
            self.graph,
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
            await self.control("PATCH", self.graph, f"{users}/{contact['object_id']}", properties)
        await self.control("DELETE", self.graph, f"{users}/{leaver['object_id']}")

        ((_, run),) = await self.sync([customer], "after the changes")
        counts = run["counts"]
        self.check(
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
        self.check(
            after[moved["id"]]["email"] == f"moved.address@{customer.id}" and leaver["id"] in after,
            "the moved address stayed the same contact, not a second one",
        )
        ((_, again),) = await self.sync([customer], "once more")
        self.check(again["applied"] == 0, "another sync right after writes nothing")

    async def _consent_withdrawn(self) -> None:
        customer = self.customers[1]
        self.chapter(f"{customer.name} withdraws its consent", "And later connects again.")
        withdrawal = {"tenant_id": customer.tenant_id, "client_id": self.stack.endpoints.client_id}
        await self.control("POST", self.entra, "consent/withdraw", withdrawal)
        ((_, run),) = await self.sync([customer], "consent withdrawn")
        connection = await self.api.connection(customer.id)
        self.check(
            run["state"] == "failed" and connection["state"] == "action_required",
            f"the sync says why it cannot: {connection['reason']['title']}",
        )
        self.console.print(f"      {connection['reason']['detail']}", markup=False)
        connection = await self.consent(customer)
        ((_, run),) = await self.sync([customer], "reconnected")
        self.check(
            connection["state"] == "active" and run["state"] == "succeeded" and run["applied"] == 0,
            "connected again, with the same contacts as before",
        )

    async def _disconnect(self) -> None:
        customer = self.customers[2]
        self.chapter(f"{customer.name} disconnects", "Its contacts stay; what could reach its tenant goes.")
        before = await self.api.contacts(customer.id)
        secrets_before = await self.secret_names()
        connection = await self.api.disconnect(customer.id)
        secrets_gone = secrets_before - await self.secret_names()
        self.check(connection["state"] == "disconnected", "disconnected")
        self.check(await self.api.contacts(customer.id) == before, f"all {len(before)} contacts are there")
        self.check(len(secrets_gone) == 1, "its token is gone from Key Vault")
