"""What a tenant offers to choose from, and the report about it."""

from datetime import date, timedelta

import pytest

from shared.core.customer import Customer
from shared.core.errors import ActionRequired, OperatorError, RetryLater, SourceFault
from shared.core.supplement import SecureScore, SubscribedProduct
from tests.fakes import TENANT, FakeDirectory
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CONNECTION, CUSTOMER, Site, fields_of

DIRECTORY = f"{CUSTOMER}/directory"
PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
KINDS = ("offices", "departments", "domains", "licences")


@pytest.fixture
def tenant(site: Site, customer: Customer) -> FakeDirectory:
    """The customer's tenant, with something to choose from."""
    tenant = site.world.directories.tenants[TENANT]
    tenant.change("ann", office_location="Oslo", department="Sales", licences=(PREMIUM,))
    tenant.change("bob", office_location="oslo", mail="bob@fabrikam.example")
    return tenant


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("offices", [("Oslo", "Oslo", 2), ("", "Undefined", 1)]),
        ("departments", [("", "Undefined", 2), ("Sales", "Sales", 1)]),
        ("domains", [("contoso.example", "contoso.example", 2), ("fabrikam.example", "fabrikam.example", 1)]),
        ("licences", [(PREMIUM, "Microsoft 365 Business Premium", 1)]),
    ],
)
@pytest.mark.parametrize("synced", [False, True])
async def test_every_value_comes_with_its_users(
    site: Site,
    caller: Caller,
    customer: Customer,
    tenant: FakeDirectory,
    synced: bool,
    kind: str,
    expected: list[tuple[str, str, int]],
) -> None:
    """Most first; before the first sync the tenant is asked, afterwards nobody is."""
    if synced:
        await site.world.sync(customer)
    before = tenant.requests
    answer = await caller.http.get(f"{DIRECTORY}/{kind}")
    assert answer.status_code == 200
    assert answer.json() == {
        "data": [{"value": value, "label": label, "users": users} for value, label, users in expected],
        "after": None,
    }
    assert (tenant.requests == before) is synced


async def test_groups_are_found_by_the_beginning_of_a_word(caller: Caller, tenant: FakeDirectory) -> None:
    """By name, with the id that the scope wants."""
    for name in ("Sales north", "All sales", "Wholesale", "Legal"):
        tenant.add_group(name)
    found = (await caller.http.get(f"{DIRECTORY}/groups", params={"search": " SALES\u202e "})).json()
    assert found["data"] == [
        {"id": "group-2", "name": "All sales"},
        {"id": "group-1", "name": "Sales north"},
    ]
    everything = (await caller.http.get(f"{DIRECTORY}/groups")).json()["data"]
    assert len(everything) == 4


async def test_what_cannot_be_listed_is_refused(caller: Caller, tenant: FakeDirectory) -> None:
    """The answer names what can be."""
    answer = await caller.http.get(f"{DIRECTORY}/passwords")
    assert answer.status_code == 400
    assert fields_of(answer) == ["attribute"]
    assert "offices" in answer.text
    too_long = await caller.http.get(f"{DIRECTORY}/groups", params={"search": "x" * 201})
    assert fields_of(too_long) == ["search"]


@pytest.mark.parametrize("kind", [*KINDS, "groups"])
async def test_only_a_connected_tenant_can_be_browsed(
    site: Site, caller: Caller, customer: Customer, kind: str
) -> None:
    """A paused one too; one that is disconnected, or never was connected, not."""
    await caller.http.post(f"{CONNECTION}/pause")
    assert (await caller.http.get(f"{DIRECTORY}/{kind}")).status_code == 200
    await caller.http.delete(CONNECTION)
    answer = await caller.http.get(f"{DIRECTORY}/{kind}")
    assert (answer.status_code, answer.json()["code"]) == (409, "connection_not_active")
    await caller.http.put("/api/v1/customers/c-2", json={"name": "Contoso"})
    assert (await caller.http.get(f"/api/v1/customers/c-2/directory/{kind}")).status_code == 404


@pytest.mark.parametrize("kind", ["offices", "groups"])
@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (RetryLater("graph_throttled", "Microsoft Graph is busy.", timedelta(seconds=42)), 503, "42"),
        (ActionRequired("consent_revoked", "Withdrawn.", "Connect again."), 409, None),
        (OperatorError("credential_refused", "Refused.", "The operator must act."), 503, None),
        (SourceFault("graph_answer", "Graph said nonsense.", "Nobody."), 502, None),
    ],
)
async def test_what_microsoft_refuses_is_said_in_its_words(
    caller: Caller,
    tenant: FakeDirectory,
    kind: str,
    error: RetryLater,
    status: int,
    retry_after: str | None,
) -> None:
    """Its code, who must act, and when to come back."""
    tenant.fail_next(error)
    answer = await caller.http.get(f"{DIRECTORY}/{kind}")
    assert answer.status_code == status
    assert answer.json()["code"] == error.code
    assert answer.json()["actor"] == error.actor
    assert answer.headers.get("retry-after") == retry_after


async def test_the_report_says_how_the_tenant_is_used(
    site: Site, caller: Caller, customer: Customer, tenant: FakeDirectory
) -> None:
    """Seats, activity and secure score, and what could not be found out."""
    tenant.products = [SubscribedProduct(PREMIUM, "SPB", 5, 1)]
    tenant.secure_score = SecureScore(30.0, 80.0, date(2026, 3, 1))
    tenant.activity = {"ann": date(2026, 2, 27)}
    tenant.lose_premium()
    patch = {"enrichments": ["activity", "licences", "mfa", "secure_score"]}
    await caller.http.patch(CONNECTION, json={"configuration": patch}, headers={"If-Match": "*"})
    await site.world.sync(customer)
    report = (await caller.http.get(f"{CUSTOMER}/report")).json()
    (gap,) = report.pop("gaps")
    assert (gap["enrichment"], gap["permanent"]) == ("mfa", True)
    assert report == {
        "made_at": "2026-03-02T00:00:00.000Z",
        "licensed_users": 1,
        "active_users": 1,
        "products": [
            {
                "sku_id": PREMIUM,
                "name": "Microsoft 365 Business Premium",
                "seats": 5,
                "assigned": 1,
                "active_30": 1,
                "active_90": 1,
                "unused": 4,
                "free": False,
            }
        ],
        "secure_score": {"current": 30.0, "maximum": 80.0, "percent": 37.5, "day": "2026-03-01"},
        "mfa": None,
    }


async def test_there_is_no_report_before_a_sync_made_one(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """A sync without enrichments makes none."""
    await site.world.sync(customer)
    answer = await caller.http.get(f"{CUSTOMER}/report")
    assert answer.status_code == 404
    assert answer.json()["title"] == "There is no such report."
