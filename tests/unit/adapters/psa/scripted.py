"""A PSA's API without a PSA: answers that a test chose, and a customer's contacts, page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any

import httpx

from shared.adapters.bounded_http import LARGEST_ANSWER, BoundedClient
from shared.adapters.psa.allowance import Allowance
from shared.adapters.psa.api import ContactPage
from shared.adapters.psa.http import PsaHttp
from shared.core.links import RemoteContact
from shared.core.models import ContactFields
from shared.core.report import TenantReport
from shared.core.supplement import Gap
from tests.fakes import FakeClock
from tests.fakes.budgets import FakeBudgets

KEY = "sk-0123456789abcdef-SECRET"
URL = "https://psa.example/api/v1"
PSA = "Example PSA"
NAME = "example budget"
Answer = Callable[[httpx.Request], httpx.Response]


def allowance(
    clock: FakeClock, budgets: FakeBudgets, *, per_minute: int = 1_000, by: str = "somebody"
) -> Allowance:
    return Allowance(budgets, clock, PSA, NAME, per_minute=per_minute, by=by)


def scripted_http(
    answer: Answer,
    *,
    calls: Allowance | None = None,
    headers: Mapping[str, str] | None = None,
    largest: int = LARGEST_ANSWER,
) -> PsaHttp:
    """An API that always answers so, by a client like the app's."""
    client = BoundedClient(
        largest=largest, transport=httpx.MockTransport(answer), trust_env=False, follow_redirects=False
    )
    clock = FakeClock()
    given = {"Authorization": f"Bearer {KEY}"} if headers is None else headers
    return PsaHttp(client, PSA, URL, given, calls or allowance(clock, FakeBudgets(clock)))


def always(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    return lambda _request: httpx.Response(status, headers=headers, content=body)


def failing(error: type[httpx.TransportError]) -> Answer:
    """A connection on which this happens, with a text that has the key in it."""

    def fail(request: httpx.Request) -> httpx.Response:
        raise error(f"{KEY} at {request.url}", request=request)

    return fail


def contact(number: int, **fields: str) -> RemoteContact:
    values = {"name": f"Person {number}", "email": f"person-{number}@example.com"}
    return RemoteContact(str(number), "17", ContactFields(**values | fields))


class ScriptedContacts:
    """Implements ContactsApi as far as a look goes; the rest nobody may ask for.

    `everybody`: who is there; `total`: how many the PSA says there are, if it miscounts; `before_page` is
    called before a page is told, and may raise; `asked`: the pages, in order; `told`: those that were told.
    """

    psa = PSA
    listing = "example listing"
    sends_whole = False
    moves_addresses = True
    unseen: AbstractSet[str] = frozenset()
    unproven = False
    gaps: tuple[Gap, ...] = ()

    def __init__(self, clock: FakeClock, everybody: list[RemoteContact], *, page_size: int = 2) -> None:
        self.everybody, self.page_size = everybody, page_size
        self.total: int | None = None
        self.before_page: Callable[[int], Any] = lambda _number: None
        self.asked: list[int] = []
        self.told: list[int] = []
        self.allowance = allowance(clock, FakeBudgets(clock), per_minute=100_000)

    async def fields(self) -> frozenset[str]:
        return frozenset({"name", "email"})

    def cost(self, fields: ContactFields, changed: AbstractSet[str]) -> int:
        return 1

    async def page(self, number: int) -> ContactPage:
        self.asked.append(number)
        waiting = self.before_page(number)
        if waiting is not None:
            await waiting
        self.told.append(number)
        start = (number - 1) * self.page_size
        return ContactPage(
            self.everybody[start : start + self.page_size],
            -(-len(self.everybody) // self.page_size),
            len(self.everybody) if self.total is None else self.total,
        )

    def mine(self, contact: RemoteContact) -> RemoteContact | None:
        return contact

    async def get(self, contact_id: str) -> RemoteContact | None:
        raise NotImplementedError

    async def find(self, email: str) -> list[RemoteContact] | None:
        raise NotImplementedError

    async def create(self, fields: ContactFields) -> RemoteContact:
        raise NotImplementedError

    async def update(
        self, before: RemoteContact, fields: ContactFields, changed: AbstractSet[str], *, active: bool
    ) -> RemoteContact | None:
        raise NotImplementedError

    async def publish(self, report: TenantReport) -> None:
        raise NotImplementedError


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)
