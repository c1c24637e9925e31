"""Groups, mailboxes and reports read from the simulated Graph: pages, limits, and what is said when not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import stamina

from shared.adapters.entra.applications import Applications
from shared.adapters.graph.directory import GraphDirectories, GraphDirectory
from shared.adapters.graph.limits import SharedLimits
from shared.core.errors import Actor, EnrichmentUnavailable, RetryLater, SourceFault
from tests.fakes import FakeClock
from tests.fakes.budgets import FakeBudgets
from tests.integration.microsoft import CUSTOMER_ID, Microsoft
from tests.integration.tenant import connected, kept, open_reader

ATTEMPTS = 5
REGISTRATIONS = "GET reports/authenticationmethods/userregistrationdetails"


@pytest.fixture(autouse=True)
def without_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


@pytest.fixture
def reader(microsoft: Microsoft, applications: Applications, graph_http: httpx.AsyncClient) -> GraphDirectory:
    microsoft.consent_to_enrichments()
    return open_reader(microsoft, applications, graph_http)


class Limited:
    """A reader with shared limits, on a clock that goes on while it sleeps."""

    def __init__(
        self, microsoft: Microsoft, applications: Applications, graph_http: httpx.AsyncClient
    ) -> None:
        microsoft.consent_to_enrichments()
        self.clock = FakeClock()
        self.budgets = FakeBudgets(self.clock)
        self.slept: list[float] = []
        limits = SharedLimits(self.budgets, self.clock, self._sleep)
        directories = GraphDirectories(
            microsoft.settings(), graph_http, applications, kept(), microsoft.clock, limits=limits
        )
        self.reader = directories.open(connected(microsoft.clock.now()))

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def limited(microsoft: Microsoft, applications: Applications, graph_http: httpx.AsyncClient) -> Limited:
    return Limited(microsoft, applications, graph_http)


def asked(microsoft: Microsoft) -> dict[str, int]:
    """How often Graph was asked, by route."""
    found: dict[str, int] = microsoft.graph.requests.summary()["by_route"]
    return found


async def test_a_usage_report_is_fetched_without_the_token(
    microsoft: Microsoft, reader: GraphDirectory
) -> None:
    """Two requests, of which the second goes to a host that need not be Graph's."""
    await reader.activity()
    assert microsoft.graph.downloads.calls == [{"tenant": CUSTOMER_ID, "authorization": False, "status": 200}]
    assert asked(microsoft) == {"GET reports/*": 1, "GET report download": 1}
    assert reader.requests == 2


async def test_the_activity_of_half_a_year_is_read(microsoft: Microsoft, reader: GraphDirectory) -> None:
    """What is older than that is no activity."""
    today = datetime.now(UTC).date()
    days = {"recent": today - timedelta(days=170), "old": today - timedelta(days=200)}
    for name, day in days.items():
        person = microsoft.customer.hire(userPrincipalName=f"{name}@contoso.example", displayName=name)
        microsoft.customer.insights.set_activity(person.id, day)
    found = await reader.activity()
    assert found["recent@contoso.example"] == days["recent"]
    assert found["old@contoso.example"] is None


@pytest.mark.parametrize("fault", ["reset", "truncate"])
async def test_a_usage_report_that_breaks_off_is_fetched_again(
    microsoft: Microsoft, reader: GraphDirectory, fault: str
) -> None:
    """From the same address, which is good for a few minutes."""
    microsoft.graph_fails(kind=fault, path="/reports-data/", count=2)
    assert "admin@contoso.example" in await reader.activity()
    assert asked(microsoft)["GET reports/*"] == 1
    assert reader.requests == microsoft.graph.requests.summary()["total"] == 4


async def test_a_usage_report_that_is_gone_is_left_to_the_queue(
    microsoft: Microsoft, reader: GraphDirectory
) -> None:
    """The address was good for less than it took."""
    await microsoft.control(microsoft.graph_url, "reports", download_seconds=-1.0)
    with pytest.raises(RetryLater):
        await reader.activity()


@pytest.mark.parametrize("location", ["", "http://reports.invalid/x", "ftp://reports.invalid/x", "/x"])
async def test_a_usage_report_elsewhere_is_not_fetched(
    microsoft: Microsoft, reader: GraphDirectory, location: str
) -> None:
    """Over TLS only, where Graph is."""
    microsoft.graph_fails(kind="status", status=302, headers={"Location": location} if location else {})
    with pytest.raises(SourceFault) as fault:
        await reader.activity()
    assert fault.value.code == "foreign_link"
    assert microsoft.graph.downloads.calls == []


@pytest.mark.parametrize("body", ["a certain text", {"value": []}])
async def test_a_usage_report_that_comes_at_once_is_none(
    microsoft: Microsoft, reader: GraphDirectory, body: object
) -> None:
    """Graph answers with an address and with nothing else."""
    microsoft.graph_fails(kind="status", status=200, body=body)
    with pytest.raises(SourceFault) as fault:
        await reader.activity()
    assert fault.value.code == "graph_unreadable"


async def test_concealed_names_are_explained(microsoft: Microsoft, reader: GraphDirectory) -> None:
    """Who can show them, and with which switch."""
    microsoft.customer.insights.concealed_names = True
    with pytest.raises(EnrichmentUnavailable) as missing:
        await reader.activity()
    assert missing.value.actor is Actor.CUSTOMER_ADMIN
    for word in ("Microsoft 365 admin center", "Org settings", "Reports", "concealed"):
        assert word in missing.value.detail


@pytest.mark.parametrize(
    ("code", "permanent"),
    [
        ("Authentication_RequestFromNonPremiumTenantOrB2CTenant", True),
        ("Authentication_MSGraphPermissionMissing", False),
        ("Authorization_RequestDenied", False),
        ("", False),
    ],
)
async def test_a_refused_report_says_whether_it_will_ever_come(
    microsoft: Microsoft, reader: GraphDirectory, code: str, permanent: bool
) -> None:
    """Without the licence never, without the permission once somebody grants it."""
    microsoft.graph_fails(kind="status", status=403, body={"error": {"code": code}} if code else "no")
    with pytest.raises(EnrichmentUnavailable) as missing:
        await reader.registrations()
    assert missing.value.permanent is permanent
    assert ("AuditLog.Read.All" in missing.value.detail) is not permanent


async def test_products_need_a_permission_of_their_own(microsoft: Microsoft, reader: GraphDirectory) -> None:
    """It is named."""
    microsoft.graph_fails(kind="status", status=403, path="subscribedSkus")
    with pytest.raises(EnrichmentUnavailable) as missing:
        await reader.products()
    assert "Organization.Read.All" in missing.value.detail


OUTAGES: dict[str, dict[str, Any]] = {
    "throttled": {"kind": "throttle", "retry_after": 300},
    "broken": {"kind": "status", "status": 503},
}


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.parametrize(
    "what", ["registrations", "activity", "products", "secure_score", "mailbox_purposes"]
)
async def test_an_outage_is_no_missing_permission(
    microsoft: Microsoft, reader: GraphDirectory, what: str, outage: str
) -> None:
    """It passes by itself."""
    microsoft.graph_fails(count=None, **OUTAGES[outage])
    arguments = [["7d0f6c1e-5a35-4f0b-9a34-5f5d3f7d9c55"]] if what == "mailbox_purposes" else []
    with pytest.raises(RetryLater):
        await getattr(reader, what)(*arguments)


async def test_registrations_are_read_page_by_page(microsoft: Microsoft, reader: GraphDirectory) -> None:
    """To the end, however small Graph makes the pages."""
    await microsoft.control(microsoft.graph_url, "reports", page_size=2)
    people = [
        microsoft.customer.hire(userPrincipalName=f"{number}@contoso.example", displayName="x").id
        for number in range(6)
    ]
    assert (await reader.registrations()).keys() >= set(people)
    assert asked(microsoft) == {REGISTRATIONS: 4}


async def test_registrations_wait_for_their_allowance(microsoft: Microsoft, limited: Limited) -> None:
    """Five pages in ten seconds of a tenant; Graph, which counts too, never has to refuse."""
    await microsoft.control(microsoft.graph_url, "reports", page_size=1)
    for number in range(6):
        microsoft.customer.hire(userPrincipalName=f"{number}@contoso.example", displayName="x")
    assert len(await limited.reader.registrations()) == 7
    assert limited.slept == [10.0]
    assert limited.budgets.granted("graph-registration-details") >= 2


async def test_registrations_of_all_tenants_share_an_allowance(
    microsoft: Microsoft, limited: Limited
) -> None:
    """A tenant that read none yet waits for the others."""
    window = timedelta(seconds=10)
    await limited.budgets.reserve("graph-registration-details", 100, limit=100, window=window)
    await limited.reader.registrations()
    assert limited.slept == [10.0]


async def test_usage_reports_have_an_allowance(microsoft: Microsoft, limited: Limited) -> None:
    """Fourteen in ten minutes of a tenant; the next is left to the queue, and nothing is sent."""
    for _ in range(14):
        await limited.reader.activity()
    with pytest.raises(RetryLater) as missed:
        await limited.reader.activity()
    assert missed.value.after == timedelta(minutes=10)
    assert asked(microsoft)["GET reports/*"] == 14


async def test_an_ordinary_read_takes_of_no_allowance(limited: Limited) -> None:
    """One look at whether everybody pauses, and no more calls to the storage."""
    await limited.reader.latest_delta_link()
    assert [page async for page in limited.reader.users()]
    await limited.reader.members_of_any_group()
    await limited.reader.products()
    assert limited.budgets.calls == 1


async def test_more_groups_than_a_page_are_found(microsoft: Microsoft, reader: GraphDirectory) -> None:
    """Every page asks with the header that a search needs."""
    for number in range(1_005):
        microsoft.customer.add_group(f"Team {number}")
    found = [group.name async for page in reader.groups("team") for group in page]
    assert len(found) == len(set(found)) == 1_005
    assert reader.requests == asked(microsoft)["GET groups"] == 2


async def test_members_are_asked_for_in_batches(microsoft: Microsoft, reader: GraphDirectory) -> None:
    """Twenty groups a request, and a throttled one is asked for again by itself."""
    tenant = microsoft.customer
    person = tenant.hire(userPrincipalName="one@contoso.example", displayName="x").id
    groups = [tenant.add_group(f"Group {number}", [person]).id for number in range(45)]
    microsoft.graph_fails(kind="throttle", path=groups[7], retry_after=1, count=2)
    assert await reader.members(groups) == {person}
    assert asked(microsoft)["POST $batch"] == reader.requests == 5
    assert asked(microsoft)["GET $batch member"] == 47


async def test_a_group_that_goes_while_it_is_read_is_no_fault(
    microsoft: Microsoft, reader: GraphDirectory
) -> None:
    """Whoever was in it only is in none."""
    tenant = microsoft.customer
    person = tenant.hire(userPrincipalName="one@contoso.example", displayName="x").id
    tenant.add_group("There", [person])
    gone = tenant.add_group("Gone", [person]).id
    error = {"error": {"code": "Request_ResourceNotFound", "message": "gone"}}
    microsoft.graph_fails(kind="status", status=404, path=gone, body=error)
    assert await reader.members_of_any_group() == {person}


async def test_one_user_is_one_request(microsoft: Microsoft, reader: GraphDirectory) -> None:
    """And a name that can be nobody's is none."""
    assert await reader.user("admin@contoso.example") is not None
    assert await reader.user("delta") is None
    assert await reader.user("admin@contoso.example/memberOf") is None
    assert asked(microsoft) == {"GET users/*": reader.requests} == {"GET users/*": 1}
