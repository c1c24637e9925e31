"""Runs that wait for a person, on the portal's pages."""

import pytest

from shared.core.customer import Customer
from shared.core.run import HELD_FOR, Run, RunState
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import PAGE, Site, press


@pytest.fixture
async def held(site: Site, customer: Customer) -> Run:
    """A held run; its plan says that two people are left out and keeps their contacts."""
    return await site.held(customer)


def address(run: Run, action: str = "") -> str:
    return f"{PAGE}/runs/{run.id}{action}"


async def test_a_held_run_shows_why_and_the_way_on(site: Site, customer: Customer, held: Run) -> None:
    """What the guard found, who must act, until when, the plan's lines, and two buttons."""
    async with site.visitor(customer) as visitor:
        page = (await visitor.get(address(held))).text
        home = (await visitor.get(PAGE)).text
    for words in [
        "Waiting for approval</span>",
        "2 people of 3 would leave the scope; 0 may.",
        "You, or whoever looks after this customer.",
        '<time datetime="2026-03-05T12:00:00Z">',
        "Approve this plan</button>",
        "Reject</button>",
        "What would be done for each person",
        "The account was deleted and can still be restored. The contact stays.",
    ]:
        assert words in page
    assert "Waiting for approval</span>" in home


async def test_approving_carries_out_the_plan_of_the_page(site: Site, customer: Customer, held: Run) -> None:
    """The button leads back to the run, which goes on."""
    async with site.visitor(customer) as visitor:
        pressed = await press(visitor, address(held, "/approve"), address(held), "digest")
        assert (pressed.status_code, pressed.headers["location"]) == (303, address(held))
        assert "Approve this plan" not in (await visitor.get(address(held))).text
        await site.world.drain(until=site.world.clock.now())
        page = (await visitor.get(address(held))).text
    assert "Done</span>" in page
    assert "What this sync did for each person" in page
    assert (await site.world.app.runs.get(customer.account_id, held.id)).state is RunState.SUCCEEDED


async def test_rejecting_ends_the_run(site: Site, customer: Customer, held: Run) -> None:
    """The page says that somebody did."""
    async with site.visitor(customer) as visitor:
        pressed = await press(visitor, address(held, "/reject"), address(held))
        assert pressed.status_code == 303
        page = (await visitor.get(address(held))).text
    assert "Somebody rejected the plan." in page
    assert "Canceled</span>" in page
    assert "Reject</button>" not in page


@pytest.mark.parametrize("action", ["approve", "reject"])
async def test_a_decision_comes_from_our_own_page(
    site: Site, customer: Customer, held: Run, action: str
) -> None:
    """Without the form's token, or from elsewhere, nothing is decided."""
    async with site.visitor(customer) as visitor:
        bare = await visitor.post(address(held, f"/{action}"), data={"digest": held.digest or ""})
        foreign = await press(
            visitor, address(held, f"/{action}"), address(held), "digest", **{"Sec-Fetch-Site": "cross-site"}
        )
    assert (bare.status_code, foreign.status_code) == (403, 403)
    assert (await site.world.app.runs.get(customer.account_id, held.id)).state is RunState.HELD


async def test_a_page_that_is_out_of_date_approves_nothing(site: Site, customer: Customer, held: Run) -> None:
    """Another digest than the run's, or a hold that is over, is explained with the way back."""
    async with site.visitor(customer) as visitor:
        changed = await press(visitor, address(held, "/approve"), address(held))
        assert changed.status_code == 409
        assert "The plan is not the one you looked at." in changed.text
        assert f'href="{PAGE}"' in changed.text
    site.world.clock.advance(HELD_FOR)
    async with site.visitor(customer) as visitor:
        late = await press(visitor, address(held, "/approve"), address(held), "digest")
        assert late.status_code == 410
        assert "Nobody decided about the run in time." in late.text


@pytest.mark.parametrize("action", ["approve", "reject"])
async def test_another_customers_run_cannot_be_decided_about(
    site: Site, caller: Caller, customer: Customer, held: Run, action: str
) -> None:
    """For this browser it does not exist."""
    other = await site.world.customer("c-2", caller.account_id)
    async with site.visitor(other) as visitor:
        page = "/portal/customers/c-2"
        answer = await press(visitor, f"{page}/runs/{held.id}/{action}", page)
    assert answer.status_code == 404
    assert (await site.world.app.runs.get(customer.account_id, held.id)).state is RunState.HELD


async def test_a_preview_says_what_it_is(site: Site, customer: Customer) -> None:
    """Its lines speak of what would be done, and nothing is to be decided."""
    run = await site.world.preview(customer)
    async with site.visitor(customer) as visitor:
        page = (await visitor.get(address(run))).text
    assert "<h1>Preview of" in page
    assert page.count("To be created</span>") == 3
    assert "Approve this plan" not in page


async def test_what_happens_to_leavers_and_returners_is_counted_and_named(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """Moved, deactivated and reactivated contacts have words of their own."""
    configuration = {
        "leavers": "deactivate",
        "guard": {"scope_drop": {"percent": 100, "count": 100}},
        "sites": {
            "unmatched": "no_site",
            "rules": [{"attribute": "office", "values": ["Oslo"], "site": "s-1"}],
        },
    }
    body = {"name": "Contoso", "sites": [{"id": "s-1", "name": "Oslo"}]}
    await caller.http.put("/api/v1/customers/c-1", json=body)
    patched = await caller.http.patch(
        "/api/v1/customers/c-1/connection", json={"configuration": configuration}, headers={"If-Match": "*"}
    )
    assert patched.status_code == 200
    tenant = site.world.directories.tenants[TENANT]
    await site.world.sync(customer)
    tenant.remove("ann")
    tenant.change("bob", office_location="Oslo")
    away = await site.world.sync(customer)
    tenant.restore("ann")
    back = await site.world.sync(customer)
    async with site.visitor(customer) as visitor:
        pages = [(await visitor.get(address(run))).text for run in (away, back)]
        home = (await visitor.get(PAGE)).text
    assert "Deactivated</span>" in pages[0]
    assert "Moved</span>" in pages[0]
    assert "<dt>Deactivated</dt><dd>1</dd>" in pages[0]
    assert "<dt>Moved</dt><dd>1</dd>" in pages[0]
    assert "Reactivated</span>" in pages[1]
    assert "<dt>Reactivated</dt><dd>1</dd>" in pages[1]
    assert "1 moved, 1 deactivated" in home
    assert "1 reactivated" in home
