"""Issues: one for each root cause, derived from how things stand."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shared.core.account_destination import AccountDestination, DestinationKind, DestinationProblem
from shared.core.changes import ConflictReason
from shared.core.configuration import Configuration, Enrichment
from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from shared.core.errors import DestinationRefused, OperatorError, RetryLater
from shared.core.reviews import Decision, Review, ReviewAction
from shared.core.run import RunKind, Trigger
from shared.core.supplement import Gap
from shared.core.trouble import Trouble
from shared.services.worker import LONGEST_RUN
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CUSTOMER, Site, put

ISSUES = "/api/v1/issues"
OPERATORS = OperatorError("credential_refused", "Our credential is refused.", "Renew it.")


async def issues(caller: Caller, address: str = ISSUES) -> list[dict[str, Any]]:
    """As the API tells them."""
    answer = await caller.http.get(address)
    assert answer.status_code == 200
    assert answer.json()["after"] is None
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def others(site: Site, caller: Caller, count: int) -> list[Customer]:
    """Further customers with an active connection each."""
    found = []
    for number in range(count):
        customer = await site.world.customer(f"d-{number}", caller.account_id)
        tenant = site.world.tenant(f"7e4a47e4-0000-4000-8000-0000000001{number:02d}", "zoe")
        await site.world.connect(tenant, customer)
        found.append(customer)
    site.world.queue.waiting.clear()
    return found


async def test_where_all_is_well_there_are_none(site: Site, caller: Caller, customer: Customer) -> None:
    """Of a customer that syncs, of one that nobody connected, and of an account without any."""
    await site.world.sync(customer)
    await site.world.customer("c-2", caller.account_id)
    for address in (ISSUES, f"{CUSTOMER}/issues", "/api/v1/customers/c-2/issues"):
        assert await issues(caller, address) == []
    _, other = await site.caller("Other")
    async with other:
        assert (await other.get(ISSUES)).json()["data"] == []
        assert (await other.get(f"{CUSTOMER}/issues")).status_code == 404


async def test_whoever_must_connect_again_is_an_issue_of_its_own(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """With the words of the reason, since when, and where to go."""
    since = site.world.clock.now()
    site.world.directories.tenants[TENANT].consented = False
    await site.world.sync(customer)
    (issue,) = await issues(caller)
    assert issue == {
        **issue,
        "code": "consent_withdrawn",
        "actor": "customer_admin",
        "next_step": "connect",
        "url": "https://tenantry.example/portal/customers/c-1",
        "since": since.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "affected": [{"customer_id": "c-1", "connection_id": customer.connection_id, "run_id": None}],
        "affected_count": 1,
    }
    assert await issues(caller, f"{CUSTOMER}/issues") == [issue]
    (other,) = await others(site, caller, 1)
    await put(site, other, state=ConnectionState.ACTION_REQUIRED, reason="consent_revoked")
    assert len({issue["id"] for issue in await issues(caller)}) == 2


async def test_a_failure_of_all_customers_is_one_issue(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """Since the first of them failed, with the run that shows it of each; a sync that succeeds leaves it."""
    customers = [customer, *await others(site, caller, 2)]
    since, runs = site.world.clock.now(), []
    for each in customers:
        tenant = site.world.directories.tenants[(await site.connection(each)).tenant_id or ""]
        tenant.fail_next(OPERATORS)
        runs.append(await site.world.sync(each))
        site.world.clock.advance(timedelta(minutes=1))
    (issue,) = await issues(caller)
    assert (issue["code"], issue["actor"], issue["affected_count"]) == ("credential_refused", "operator", 3)
    assert issue["since"] == since.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert [one["run_id"] for one in issue["affected"]] == [run.id for run in runs]
    assert issue["url"] == "https://tenantry.example/portal/account"
    (own,) = await issues(caller, f"{CUSTOMER}/issues")
    assert (own["id"], own["affected_count"]) == (issue["id"], 1)
    assert own["url"] == f"https://tenantry.example/portal/customers/c-1/runs/{runs[0].id}"
    await site.world.sync(customers[1])
    (issue,) = await issues(caller)
    assert [one["customer_id"] for one in issue["affected"]] == ["c-1", "d-1"]
    assert (await site.connection(customers[1])).trouble is None


async def test_an_outage_that_outlasts_a_run_is_an_issue(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """Not before: a run that is tried again by itself needs nobody."""
    run, _ = await site.world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    tenant = site.world.directories.tenants[TENANT]
    for number, expected in enumerate([[], ["graph_unavailable"]]):
        tenant.fail_next(RetryLater.soon("graph_unavailable", "Microsoft Graph does not answer."))
        site.world.clock.advance(number * LONGEST_RUN)
        message = site.world.queue.take()
        assert message is not None
        await site.world.deliver(message)
        assert [issue["code"] for issue in await issues(caller)] == expected
    assert (await site.world.app.runs.get(caller.account_id, run.id)).state == "failed"


async def test_a_run_that_stopped_without_a_word_is_an_issue(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """The operator is told, until a sync succeeds."""
    site.world.directories.tenants[TENANT].fail_next(*[ValueError("x")] * 5)
    await site.world.sync(customer)
    (issue,) = await issues(caller)
    assert (issue["code"], issue["actor"]) == ("unexpected.ValueError", "operator")
    await site.world.sync(customer)
    assert await issues(caller) == []


async def test_a_refused_key_is_one_issue_however_many_customers(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """It holds for an account without customers too, and is gone when the key works."""
    await others(site, caller, 1)
    problem = DestinationProblem(
        "destination_key_refused", "Refused.", "Paste another.", "technician", site.world.clock.now()
    )
    destinations = site.world.account_destinations
    empty, other = await site.caller("Other")
    for account_id in (caller.account_id, empty):
        await destinations.put(account_id, None, AccountDestination(DestinationKind.ATERA, problem=problem))
    (issue,) = await issues(caller)
    assert (issue["code"], issue["next_step"], issue["affected_count"]) == (problem.code, "check_key", 2)
    assert issue["url"] == "https://tenantry.example/portal/account"
    async with other:
        (alone,) = (await other.get(ISSUES)).json()["data"]
    assert (alone["id"], alone["affected_count"]) == (issue["id"], 0)
    stored = await destinations.get(caller.account_id)
    assert stored is not None
    await destinations.put(caller.account_id, stored, AccountDestination(DestinationKind.ATERA))
    assert await issues(caller) == []


async def test_a_held_run_waits_for_somebody(site: Site, caller: Caller, customer: Customer) -> None:
    """The page is that of its plan."""
    run = await site.held(customer)
    (issue,) = await issues(caller)
    assert (issue["code"], issue["next_step"]) == ("run_held", "decide")
    assert issue["url"].endswith(f"/portal/customers/c-1/runs/{run.id}")
    assert issue["since"] == run.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    await site.world.app.runs.reject(run)
    assert await issues(caller) == []


async def test_people_in_review_wait_until_all_are_decided(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """One issue for the customer, gone with the last decision rather than with the next sync."""
    now = site.world.clock.now()
    for name in ("one", "two"):
        review = Review(name, name, ConflictReason.EMAIL_SHARED, "run", now)
        await site.world.reviews.save(customer.connection_id, [review])
    await put(site, customer, reviews=2)
    (issue,) = await issues(caller)
    assert (issue["code"], issue["next_step"]) == ("reviews_waiting", "review")
    connection = await site.connection(customer)
    dismissed = Decision(ReviewAction.DISMISS)
    await site.world.app.reviews.decide(connection, "one", dismissed)
    assert await issues(caller) == [issue]
    await site.world.app.reviews.decide(connection, "two", dismissed)
    assert await issues(caller) == []


@pytest.mark.parametrize(
    ("actor", "permanent", "is_one"),
    [("customer_admin", False, True), ("customer_admin", True, False), ("nobody", False, False)],
)
async def test_an_enrichment_is_an_issue_where_somebody_can_act(
    site: Site, caller: Caller, customer: Customer, actor: str, permanent: bool, is_one: bool
) -> None:
    """What a tenant does not have, or what cures itself, is none; customers share an issue by enrichment."""
    gap = Gap("mfa", "permission_missing", "A permission is missing.", "Approve it.", actor, permanent)
    other = msgspec.structs.replace(gap, enrichment="activity")
    await put(site, customer, gaps=(gap, other))
    (second,) = await others(site, caller, 1)
    await put(site, second, gaps=(gap,))
    found = [(issue["code"], issue["affected_count"]) for issue in await issues(caller)]
    assert found == ([("permission_missing", 2), ("permission_missing", 1)] if is_one else [])


async def test_a_pause_of_a_week_was_probably_forgotten(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """Before that it is what somebody wanted."""
    await site.world.app.pausing.pause(customer)
    assert await issues(caller) == []
    site.world.clock.advance(timedelta(days=7))
    (issue,) = await issues(caller)
    assert (issue["code"], issue["next_step"]) == ("paused_for_long", "resume")


async def test_no_issue_outlives_its_connection(site: Site, caller: Caller, customer: Customer) -> None:
    """Disconnecting forgets what the last run said."""
    trouble = Trouble("x", "X.", "Y.", "operator", site.world.clock.now(), "run")
    gap = Gap("mfa", "permission_missing", "A permission is missing.", "Approve it.", "customer_admin")
    await put(site, customer, trouble=trouble, last_run="run", gaps=(gap,), reviews=1)
    assert len(await issues(caller)) == 2
    await site.world.app.onboarding.disconnect(caller.account_id, customer.connection_id)
    assert await issues(caller) == []
    connection = await site.connection(customer)
    assert (connection.trouble, connection.gaps) == (None, ())


async def test_a_permission_that_the_last_sync_lacked_is_an_issue_until_one_has_it(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """With the run that shows it."""
    await site.world.configure(customer, Configuration(enrichments=(Enrichment.MFA,)))
    tenant = site.world.directories.tenants[TENANT]
    tenant.revoke("AuditLog.Read.All")
    run = await site.world.sync(customer)
    (issue,) = await issues(caller)
    assert issue["code"] == run.gaps[0].code
    assert [one["run_id"] for one in issue["affected"]] == [run.id]
    tenant.errors.clear()
    await site.world.sync(customer)
    assert await issues(caller) == []


@pytest.mark.parametrize(
    ("code", "is_one"), [("destination_customer_missing", True), ("destination_key_refused", False)]
)
async def test_a_refusal_of_one_customer_is_its_own_issue(
    site: Site, caller: Caller, customer: Customer, code: str, is_one: bool
) -> None:
    """One of the whole account is kept with the account and gone with it, whatever the last run says."""
    tenant = site.world.directories.tenants[TENANT]
    tenant.fail_next(DestinationRefused(code, "Refused.", "Look there."))
    await site.world.sync(customer)
    assert [issue["code"] for issue in await issues(caller)] == ([code] if is_one else [])
