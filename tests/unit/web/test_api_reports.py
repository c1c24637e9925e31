"""Licences and security across an account's customers, through the API."""

import csv
import io
from decimal import Decimal

import httpx
import pytest

from shared.core.api_key import KeyScope
from shared.core.prices import Prices
from shared.core.report import MfaUse
from shared.services import overview
from tests.unit.web.conftest import Caller
from tests.unit.web.reported import FREE, PREMIUM, products, report_on
from tests.unit.web.site import Site

LICENCES, SECURITY = "/api/v1/reports/licences", "/api/v1/reports/security"


async def test_licences_tell_what_unused_seats_cost(site: Site, caller: Caller) -> None:
    """Amounts are decimal numbers in text, to the cent; a customer without a report is counted."""
    await site.world.app.prices.save(caller.account_id, Prices("EUR", {PREMIUM: Decimal("20.60")}))
    await report_on(site, caller.account_id, "a", "Acme", products(7))
    await report_on(site, caller.account_id, "b")
    found = (await caller.http.get(LICENCES)).json()
    (customer,) = found.pop("data")
    assert found == {
        "after": None,
        "currency": "EUR",
        "cost_of_unused": "144.20",
        "without_report": 1,
        "complete": True,
    }
    priced, free = customer.pop("products")
    assert customer == {
        "customer_id": "a",
        "name": "Acme",
        "made_at": "2026-03-02T00:00:00.000Z",
        "seats": 10,
        "assigned": 9,
        "unused": 7,
        "cost_of_unused": "144.20",
    }
    assert (priced["price_per_seat"], priced["cost_of_unused"], priced["unused"]) == ("20.60", "144.20", 7)
    assert (free["sku_id"], free["price_per_seat"], free["cost_of_unused"]) == (FREE, None, None)


async def test_security_tells_shares_and_what_is_not_known(site: Site, caller: Caller) -> None:
    """Null is not zero."""
    await report_on(site, caller.account_id, "a", mfa=MfaUse(3, 1))
    await report_on(site, caller.account_id, "b", score=50.0)
    found = (await caller.http.get(SECURITY)).json()
    assert [(one["mfa"], one["secure_score"]) for one in found["data"]] == [
        ({"people": 3, "capable": 1, "percent": 33.3}, None),
        (None, {"current": 50.0, "maximum": 100.0, "percent": 50.0, "day": "2026-03-01"}),
    ]
    assert found["without_report"] == 0


@pytest.mark.parametrize("address", [LICENCES, SECURITY])
async def test_customers_come_in_parts(site: Site, caller: Caller, address: str) -> None:
    """By id, each once; a place in one list is none in another."""
    ids = [f"c{number}" for number in range(5)]
    for number, customer_id in enumerate(ids):
        await report_on(site, caller.account_id, customer_id, uses=products(number), mfa=MfaUse(9, number))
    found, after = list[str](), None
    while True:
        query = {"limit": "2"} | ({"after": after} if after else {})
        page = (await caller.http.get(address, params=query)).json()
        found += [one["customer_id"] for one in page["data"]]
        if page["after"] is None:
            break
        after = page["after"]
    assert found == ids
    other = SECURITY if address == LICENCES else LICENCES
    assert (await caller.http.get(other, params={"after": after or ""})).status_code == 400


@pytest.mark.parametrize("address", [LICENCES, SECURITY])
async def test_a_table_is_asked_for_by_header_or_by_name(site: Site, caller: Caller, address: str) -> None:
    """Everything at once, as a file."""
    await report_on(site, caller.account_id, "a", "=1+1", products(7), MfaUse(1, 1))
    by_header = await caller.http.get(address, headers={"Accept": "text/csv"})
    by_name = await caller.http.get(address, params={"format": "csv"})
    assert by_header.text == by_name.text
    assert by_header.headers["content-type"].startswith("text/csv")
    assert by_header.headers["vary"] == "Accept"
    lines = list(csv.DictReader(io.StringIO(by_name.text)))
    assert {line["customer"] for line in lines} == {"'=1+1"}


async def test_other_accounts_are_not_in_it(site: Site, caller: Caller) -> None:
    """A key sees its own account's customers."""
    stranger, http = await site.caller("Other")
    await report_on(site, stranger, "theirs", uses=products(7), mfa=MfaUse(1, 1))
    async with http:
        assert len((await http.get(LICENCES)).json()["data"]) == 1
    for address in (LICENCES, SECURITY):
        assert (await caller.http.get(address)).json()["data"] == []


async def test_a_key_needs_the_scope(site: Site, caller: Caller) -> None:
    """`reports:read`, and no other."""
    for scope, status in ((KeyScope.REPORTS_READ, 200), (KeyScope.RUNS_READ, 403)):
        _, key = await site.world.app.access.create_key(caller.account_id, "test", scopes=frozenset({scope}))
        async with site.browser(Authorization=f"Bearer {key}") as http:
            answers: list[httpx.Response] = [await http.get(LICENCES), await http.get(SECURITY)]
        assert [answer.status_code for answer in answers] == [status, status]


@pytest.mark.parametrize("address", [LICENCES, SECURITY])
async def test_so_many_customers_are_looked_at_and_no_more(
    site: Site, caller: Caller, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """And the answer says so."""
    monkeypatch.setattr(overview, "MOST_CUSTOMERS", 4)
    monkeypatch.setattr(overview, "_AT_ONCE", 2)
    for number in range(6):
        await report_on(site, caller.account_id, f"c{number}", uses=products(1), mfa=MfaUse(1, 1))
        found = (await caller.http.get(address)).json()
        assert (len(found["data"]), found["complete"]) == (min(number + 1, 4), number < 3)
