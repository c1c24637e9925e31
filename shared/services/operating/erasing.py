"""Erasing one customer: everything that is kept of it here, and the proof that nothing is left.

Contacts in a PSA stay: they are the PSA's own. What is short-lived cannot be found by whose it is, as it is
encrypted with a token that is not kept, and is gone within a day.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.erasure import Erasure, Subject
from shared.core.errors import Actor, Conflict, NotFound
from shared.core.run import Run, RunState
from shared.ports import (
    AccountDestinationStore,
    Clock,
    ConnectionStore,
    CustomerStore,
    RunStore,
    Secrets,
    WebhookStore,
)
from shared.ports.operation import CustomerTraces
from shared.services.onboarding import Onboarding
from shared.services.run_control import RunControl

_LATEST_RUNS = 20
_SIGN_OF_LIFE = timedelta(minutes=2)
"""So long after it was called off, a run may still be at work and write what was just erased."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """Done again it goes on where it was cut short, as long as the customer's own row is there."""

    customers: CustomerStore
    connections: ConnectionStore
    runs: RunStore
    webhooks: WebhookStore
    account_destinations: AccountDestinationStore
    secrets: Secrets
    onboarding: Onboarding
    control: RunControl
    traces: CustomerTraces
    clock: Clock

    async def subject(self, account_id: str, customer_id: str) -> Subject:
        """Whose traces are meant. Raises NotFound."""
        customer = await self.customers.get(account_id, customer_id)
        if customer is None:
            raise NotFound("customer")
        return await self._subject(customer)

    async def count(self, subject: Subject) -> dict[str, int]:
        """Rows by table, every table named."""
        return await self.traces.count(subject)

    async def secret(self, subject: Subject) -> str | None:
        """The name of the secret with the customer's token."""
        connection = await self._connection(subject)
        return None if connection is None else connection.secret_name

    async def stop(self, subject: Subject) -> None:
        """Disconnect, which deletes the token, and see that no run is at work.

        Raises Conflict while one may be; the next call finds it gone.
        """
        if await self._connection(subject) is not None:
            busy = await self._busy(subject)
            await self.onboarding.disconnect(subject.account_id, subject.connection_id)
            if busy:
                raise Conflict(
                    "run_at_work",
                    "The customer is disconnected, but a run of it was at work until now.",
                    "Run this again in two minutes. Nothing was erased yet.",
                    Actor.OPERATOR,
                )

    def erase(self, subject: Subject) -> AsyncIterator[tuple[str, int]]:
        """Delete everything; yields a table and how many rows went, as it goes on."""
        return self.traces.erase(subject)

    async def prove(
        self, subject: Subject, found: dict[str, int], deleted: dict[str, int], secret: str | None
    ) -> Erasure:
        """Read everything again. `secret`: its name before."""
        left = await self.traces.count(subject)
        secret_left = secret is not None and await self.secrets.get(secret) is not None
        return Erasure(subject, found, deleted, left, secret_left)

    async def _busy(self, subject: Subject) -> bool:
        """Whether a run may still be at work; runs that are not over are called off."""
        page = await self.runs.list(subject.connection_id, _LATEST_RUNS)
        now = self.clock.now()
        busy = any(_at_work(run, now) for run in page.items)
        for run in page.items:
            await self.control.cancel(run)  # one that is over stays as it is
        return busy

    async def _subject(self, customer: Customer) -> Subject:
        destination = await self.account_destinations.get(customer.account_id)
        webhooks = await self.webhooks.get(customer.account_id)
        endpoints = () if webhooks is None else webhooks.value.endpoints
        return Subject(
            customer.account_id,
            customer.id,
            customer.connection_id,
            "" if destination is None else destination.value.psa_account,
            tuple(endpoint.id for endpoint in endpoints),
        )

    async def _connection(self, subject: Subject) -> Connection | None:
        stored = await self.connections.get(subject.account_id, subject.connection_id)
        return None if stored is None else stored.value


def _at_work(run: Run, now: datetime) -> bool:
    called_off = run.state is RunState.CANCELED and run.started_at is not None
    return run.state is RunState.RUNNING or (called_off and run.updated_at + _SIGN_OF_LIFE > now)
