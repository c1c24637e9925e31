"""What is known about people beyond the directory: made up until it is set."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sandbox.world.activity import WORKLOADS, licensed_workloads
from sandbox.world.model import Tenant, User, World
from sandbox.world.seed import CUSTOMERS, build_world, customer_tenant
from sandbox.world.skus import BUSINESS_STANDARD, ENTRA_P1, TEAMS

TODAY = date(2026, 6, 1)


@pytest.fixture
def world() -> World:
    return build_world(scale="small")


@pytest.fixture
def alder(world: World) -> Tenant:
    return customer_tenant(world, "alder")


def people(tenant: Tenant) -> list[User]:
    return [user for user in tenant.users.values() if user.purpose == "user" and not user.is_guest]


def test_insights_are_the_same_in_every_world(world: World) -> None:
    """They follow from tenant and user."""
    other = build_world(scale="small")
    for tenant in world.tenants.values():
        again = other.tenants[tenant.id]
        assert again.insights.secure_scores(TODAY) == tenant.insights.secure_scores(TODAY)
        for user in tenant.users.values():
            twin = again.users[user.id]
            assert again.insights.registration(twin) == tenant.insights.registration(user)
            assert again.insights.activity(twin, TODAY) == tenant.insights.activity(user, TODAY)


def test_most_people_have_a_second_factor_and_some_have_not(world: World) -> None:
    """Some have one that policy does not allow, some none, some only an address for password resets."""
    found = [
        tenant.insights.registration(user) for tenant in world.tenants.values() for user in people(tenant)
    ]
    registered = [registration for registration in found if registration.is_mfa_registered]
    assert 0.6 < len(registered) / len(found) < 0.9
    assert 0 < sum(not registration.is_mfa_capable for registration in registered) < len(registered) / 5
    assert {registration.methods for registration in found} > {(), ("email",)}
    assert {registration.is_passwordless_capable for registration in found} == {True, False}


def test_most_people_are_active_and_some_never_were(world: World) -> None:
    """With what they have a licence for; some stopped more than a month ago."""
    days: list[date | None] = []
    for tenant in world.tenants.values():
        for user in people(tenant):
            activity = tenant.insights.activity(user, TODAY)
            assert set(activity) <= licensed_workloads(user)
            if licensed_workloads(user):
                days.append(max(activity.values(), default=None))
    recent = sum(day is not None and day > TODAY - timedelta(days=7) for day in days)
    stale = sum(day is not None and day < TODAY - timedelta(days=29) for day in days)
    assert 0.7 < recent / len(days) < 0.95
    assert stale > 0
    assert days.count(None) > 0
    assert max(day for day in days if day) <= TODAY


def test_mailboxes_of_no_person_do_nothing(world: World) -> None:
    """Neither methods nor activity, also for who was hired after the seeding."""
    for tenant in world.tenants.values():
        hired = tenant.hire(
            userPrincipalName=f"new@{tenant.domains[0]}",
            displayName="New",
            assignedLicenses=[{"skuId": BUSINESS_STANDARD.sku_id, "disabledPlans": []}],
        )
        for user in (hired, *(user for user in tenant.users.values() if user.purpose != "user")):
            assert tenant.insights.registration(user).methods == ()
            assert tenant.insights.activity(user, TODAY) == {}


def test_a_plan_that_is_switched_off_is_not_licensed(alder: Tenant) -> None:
    """Although the licence has it."""
    licence = {"skuId": BUSINESS_STANDARD.sku_id, "disabledPlans": []}
    user = alder.update_user(people(alder)[0].id, assignedLicenses=[licence])
    assert licensed_workloads(user) == set(WORKLOADS)
    alder.update_user(user.id, assignedLicenses=[{**licence, "disabledPlans": [TEAMS.id]}])
    assert licensed_workloads(user) == set(WORKLOADS) - {"Teams"}


def test_activity_is_known_from_its_day_on(alder: Tenant) -> None:
    """Until then, what was known before; never is never, until there is activity again."""
    user = next(user for user in people(alder) if alder.insights.activity(user, TODAY))
    before = alder.insights.activity(user, TODAY)
    alder.insights.set_activity(user.id, TODAY + timedelta(days=1))
    assert alder.insights.activity(user, TODAY) == before
    assert set(alder.insights.activity(user, TODAY + timedelta(days=1)).values()) == {
        TODAY + timedelta(days=1)
    }
    alder.insights.set_activity(user.id, None)
    assert alder.insights.activity(user, TODAY + timedelta(days=9)) == {}
    alder.insights.set_activity(user.id, TODAY, ["Teams"])
    assert alder.insights.activity(user, TODAY - timedelta(days=1)) == {}
    assert alder.insights.activity(user, TODAY + timedelta(days=9)) == {"Teams": TODAY}
    with pytest.raises(KeyError):
        alder.insights.set_activity("nobody", TODAY)


def test_methods_decide_what_somebody_is_capable_of(alder: Tenant) -> None:
    """What counts as strong, as passwordless, and as enough for a reset."""
    user = people(alder)[0]
    insights = alder.insights

    def set_methods(*methods: str, allowed: bool = True) -> tuple[bool, bool, bool, bool, str]:
        it = insights.set_authentication_methods(user.id, methods, allowed=allowed)
        assert insights.registration(user) is it
        return (
            it.is_mfa_registered,
            it.is_mfa_capable,
            it.is_passwordless_capable,
            it.is_reset_registered,
            it.preferred,
        )

    assert set_methods() == (False, False, False, False, "none")
    assert set_methods("email") == (False, False, False, False, "none")
    assert set_methods("email", "securityQuestion") == (False, False, False, True, "none")
    assert set_methods("mobilePhone", "email") == (True, True, False, True, "sms")
    assert set_methods("fido2") == (True, True, True, False, "none")
    assert set_methods("fido2", allowed=False) == (True, False, False, False, "none")
    assert set_methods("softwareOneTimePasscode", "microsoftAuthenticatorPush")[4] == "push"
    chosen = insights.set_authentication_methods(user.id, ["mobilePhone"], chosen="voiceMobile")
    assert (chosen.preferred, chosen.strongest) == ("voiceMobile", "sms")
    with pytest.raises(KeyError):
        insights.set_authentication_methods("nobody", [])


def test_licences_decide_who_is_premium_until_it_is_set(world: World) -> None:
    """Harbour Lane and Quince Orchard have not paid for it."""
    without = {
        customer.key for customer in CUSTOMERS if not customer_tenant(world, customer.key).insights.premium
    }
    assert without == {"harbour", "quince"}
    harbour = customer_tenant(world, "harbour")
    assert ENTRA_P1 not in BUSINESS_STANDARD.plans
    harbour.insights.set_premium(True)
    assert harbour.insights.premium
    harbour.insights.set_premium(None)
    assert not harbour.insights.premium


def test_secure_scores_are_kept_for_ninety_days(alder: Tenant) -> None:
    """Newest first; the newest can be set, also to nothing measured, and there can be none."""
    scores = alder.insights.secure_scores(TODAY)
    assert [score.day for score in scores] == [TODAY - timedelta(days=age) for age in range(90)]
    assert all(0 < score.current < score.maximum for score in scores)
    alder.insights.set_secure_score(0.0, 0.0)
    assert alder.insights.secure_scores(TODAY)[0][1:] == (0.0, 0.0)
    assert alder.insights.secure_scores(TODAY)[1:] == scores[1:]
    alder.insights.clear_secure_scores()
    assert alder.insights.secure_scores(TODAY) == []
