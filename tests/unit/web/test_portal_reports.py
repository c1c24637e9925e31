"""Licences and security across the customers of an account, and of one customer."""

import csv
import io
import re
from decimal import Decimal

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from shared.core.licence_report import Reported, licence_report
from shared.core.prices import Prices
from shared.core.report import MfaUse, ProductUse, TenantReport
from shared.core.security_report import security_report
from shared.web.report_tables import LICENCES, SECURITY, licences_table, security_table
from tests.fakes.clock import START
from tests.unit.web.conftest import Caller
from tests.unit.web.reported import FREE, PREMIUM, products, report_on
from tests.unit.web.site import ACCOUNT_PAGE, PAGE, Site, fill_in, put

LICENCE_PAGE, SECURITY_PAGE = f"{ACCOUNT_PAGE}/licences", f"{ACCOUNT_PAGE}/security"
HOSTILE = '<script>alert(1)</script>"&\u05d0'


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    """The lines of a table."""
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def customers(page: httpx.Response) -> list[str]:
    """The customers of the table, in order."""
    return re.findall(r'href="/portal/customers/([^"/]+)/report"', page.text)


async def test_without_reports_the_pages_say_how_to_get_them(
    customer: Customer, manager: httpx.AsyncClient
) -> None:
    """And offer nothing to download."""
    for address in (LICENCE_PAGE, SECURITY_PAGE):
        page = (await manager.get(address)).text
        assert "can be" in page or "when that is switched on" in page
        assert "Download" not in page


async def test_licences_are_summed_with_most_to_save_first(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """Without prices there are counts and no amounts."""
    await report_on(site, caller.account_id, "a", uses=products(1))
    await report_on(site, caller.account_id, "b", uses=products(8))
    await report_on(site, caller.account_id, "c")
    page = await manager.get(LICENCE_PAGE)
    assert customers(page) == ["b", "a"]
    assert "<dt>Seats</dt><dd>20</dd>" in page.text
    assert "<dt>Unused</dt><dd>9</dd>" in page.text
    assert 'role="img" aria-label="9 of 20 seats are unused"' in page.text
    assert "One connected customer has no report on licences." in page.text
    assert "cost a month" not in page.text


async def test_prices_that_somebody_types_tell_what_unused_seats_cost(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """Per product, customer and in all; they are there again in the form."""
    await report_on(site, caller.account_id, "a", uses=products(7))
    form = {f"price:{PREMIUM}": "20,60", "currency": " € "}
    kept = await fill_in(manager, f"{LICENCE_PAGE}/prices", LICENCE_PAGE, **form)
    assert (kept.status_code, kept.headers["location"]) == (303, LICENCE_PAGE)
    page = (await manager.get(LICENCE_PAGE)).text
    assert page.count("144.20 <bdi>€</bdi>") == 5  # the sum, and product and customer for either width
    assert f'name="price:{PREMIUM}" type="text" inputmode="decimal" value="20.60"' in page
    assert f"price:{FREE}" not in page
    await fill_in(manager, f"{LICENCE_PAGE}/prices", LICENCE_PAGE, **{f"price:{PREMIUM}": ""})
    assert await site.world.app.prices.get(caller.account_id) == Prices("", {})


async def test_what_is_no_price_changes_nothing(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """The form is there again with what was typed; products that nobody has now keep their price."""
    await report_on(site, caller.account_id, "a", uses=products(7))
    before = Prices("EUR", {"other": Decimal("1.00")})
    await site.world.app.prices.save(caller.account_id, before)
    form = {f"price:{PREMIUM}": "<b>1", "currency": "USD"}
    refused = await fill_in(manager, f"{LICENCE_PAGE}/prices", LICENCE_PAGE, **form)
    assert refused.status_code == 400
    assert "a price is a number" in refused.text
    assert 'value="&lt;b&gt;1" maxlength="10" aria-invalid="true"' in refused.text
    assert await site.world.app.prices.get(caller.account_id) == before
    await fill_in(manager, f"{LICENCE_PAGE}/prices", LICENCE_PAGE, **{f"price:{PREMIUM}": "2"})
    found = await site.world.app.prices.get(caller.account_id)
    assert found.per_seat == {"other": Decimal("1.00"), PREMIUM: Decimal("2.00")}


async def test_prices_come_from_our_own_page(site: Site, caller: Caller, manager: httpx.AsyncClient) -> None:
    """Without the form's token nothing is kept."""
    answer = await manager.post(f"{LICENCE_PAGE}/prices", data={f"price:{PREMIUM}": "1"})
    assert answer.status_code == 403
    assert not (await site.world.app.prices.get(caller.account_id)).per_seat


async def test_the_worst_protected_customer_comes_first(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """With the shares as numbers, drawings that say the same, and what is not known as such."""
    await report_on(site, caller.account_id, "good", mfa=MfaUse(10, 10), score=80.0)
    await report_on(site, caller.account_id, "bad", mfa=MfaUse(3, 1), score=20.5)
    await report_on(site, caller.account_id, "odd", mfa=None, score=50.0)
    page = await manager.get(SECURITY_PAGE)
    assert customers(page) == ["bad", "good", "odd"]
    assert "<strong>33.3 %</strong>" in page.text
    assert 'aria-label="33.3 per cent have a second factor"' in page.text
    assert 'aria-label="20.5 per cent of the secure score"' in page.text
    assert "1 of 3 people" in page.text
    assert page.text.count("Not known") == 1
    assert "<dt>Without a second factor</dt><dd>2</dd>" in page.text


async def test_only_customers_that_are_connected_count(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """A report of one that was disconnected is out of date; another account's is nobody's business."""
    gone = await report_on(site, caller.account_id, "gone", uses=products(), mfa=MfaUse(1, 1))
    await put(site, gone, state=ConnectionState.DISCONNECTED)
    stranger, http = await site.caller("Other")
    await http.aclose()
    await report_on(site, stranger, "theirs", uses=products(), mfa=MfaUse(1, 1))
    for address in (LICENCE_PAGE, SECURITY_PAGE):
        assert customers(await manager.get(address)) == []
        assert rows(await manager.get(f"{address}.csv")) == []


async def test_many_customers_have_pages(site: Site, caller: Caller, manager: httpx.AsyncClient) -> None:
    """Fifty a page, each on exactly one; past the end is the end."""
    for number in range(60):
        await report_on(site, caller.account_id, f"c{number:02d}", uses=products(3), mfa=MfaUse(9, 9))
    for address in (LICENCE_PAGE, SECURITY_PAGE):
        pages = [customers(await manager.get(address, params={"number": n})) for n in (1, 2, 99)]
        assert [len(page) for page in pages] == [50, 10, 10]
        assert sorted(pages[0] + pages[1]) == [f"c{number:02d}" for number in range(60)]
        assert len(rows(await manager.get(f"{address}.csv"))) == (120 if address == LICENCE_PAGE else 60)


@pytest.mark.parametrize(
    "address", [LICENCE_PAGE, SECURITY_PAGE, f"{LICENCE_PAGE}.csv", f"{SECURITY_PAGE}.csv"]
)
async def test_a_session_of_one_customer_never_sees_the_account(
    customer: Customer, visitor: httpx.AsyncClient, address: str
) -> None:
    """To it, the page does not exist."""
    assert (await visitor.get(address)).status_code == 404


async def test_a_question_costs_a_query_of_each_table(
    site: Site, caller: Caller, manager: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many customers there are; no report is asked for on its own."""
    for number in range(20):
        await report_on(site, caller.account_id, f"c{number:02d}", uses=products(3))

    async def alone(*given: object) -> None:
        raise AssertionError("a report was read on its own")

    monkeypatch.setattr(site.world.reports, "get", alone)
    monkeypatch.setattr(site.world.connections, "get", alone)
    assert len(customers(await manager.get(LICENCE_PAGE))) == 20


async def test_a_customer_has_the_same_report_on_its_own(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """Licences with what they cost, second factors, secure score."""
    await site.world.app.prices.save(caller.account_id, Prices("EUR", {PREMIUM: Decimal("10.00")}))
    async with site.visitor(customer) as visitor:
        assert "There is no report yet" in (await visitor.get(f"{PAGE}/report")).text
        await report_on(site, caller.account_id, "c-1", uses=products(4), mfa=MfaUse(4, 3), score=61.0)
        page = (await visitor.get(f"{PAGE}/report")).text
        licences = rows(await visitor.get(f"{PAGE}/report/licences.csv"))
        security = rows(await visitor.get(f"{PAGE}/report/security.csv"))
    for words in [
        "Of 10 paid seats, 4 serve nobody who was active in the last 90 days.",
        "They cost 40.00 <bdi>EUR</bdi> a month.",
        "6 of 10 seats",
        '<p class="big">75 %</p>',
        "3 of 4 people can sign in with a second factor.",
        "61 of 100 points on 1 March 2026",
    ]:
        assert words in page, words
    assert [(line["sku_id"], line["cost_of_unused"]) for line in licences] == [(PREMIUM, "40.00"), (FREE, "")]
    assert [line["mfa_percent"] for line in security] == ["75.0"]


async def test_names_are_text_and_nothing_is_inline(
    site: Site, caller: Caller, manager: httpx.AsyncClient
) -> None:
    """Of customers, products and currencies, on every page."""
    await report_on(site, caller.account_id, "c-1", HOSTILE, products(7, HOSTILE), MfaUse(1, 0), 1.0)
    await site.world.app.prices.save(caller.account_id, Prices(HOSTILE, {PREMIUM: Decimal(1)}))
    for address in (LICENCE_PAGE, SECURITY_PAGE, f"{PAGE}/report"):
        page = (await manager.get(address)).text
        assert "<script>alert" not in page
        assert "<bdi>&lt;script&gt;" in page
        for inline in ("<style", " style=", " onclick"):
            assert inline not in page


TEXTS = st.text(max_size=8) | st.sampled_from(["=1+1", "+1", "-1", "@x", "\t=1", "\r\n=1", "＝1"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=TEXTS, product=TEXTS, identifier=TEXTS, currency=TEXTS)
async def test_no_cell_of_a_table_is_a_formula(
    name: str, product: str, identifier: str, currency: str
) -> None:
    """Whatever customers, products and currencies are called, and the table stays in shape."""
    use = ProductUse("sku", product, 10, 9, 1, 1, 9, free=False)
    report = TenantReport(START, 1, products=(use,), mfa=MfaUse(1, 1))
    reported, prices = [Reported(identifier, name, report)], Prices(currency, {"sku": Decimal("1.00")})
    for columns, answer in (
        (LICENCES, licences_table(licence_report(reported, prices).customers, prices)),
        (SECURITY, security_table(security_report(reported).customers)),
    ):
        body = b"".join([part async for part in answer.body_iterator])  # type: ignore[attr-defined]
        (head, line) = csv.reader(io.StringIO(body.decode(), newline=""))
        assert tuple(head) == columns
        assert len(line) == len(columns)
        assert not [cell for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))]
