"""The report of registered authentication methods in the simulated Microsoft Graph, as raw HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from sandbox.world.model import REPORTS_READER
from tests.sandbox.graph_harness import Answer, Graph, serve_graph

PATH = "reports/authenticationMethods/userRegistrationDetails"
ROLES = ["AuditLog.Read.All"]


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serve_graph("alder") as served:
        yield served


async def report(graph: Graph, query: str = "") -> list[list[Answer]]:
    pages, link = [], f"{PATH}{query}"
    while link:
        answer = await graph.ask(link, graph.token(ROLES))
        assert answer.status_code == 200, answer.text
        pages.append(answer.json()["value"])
        link = answer.json().get("@odata.nextLink", "")
    return pages


async def refusal(graph: Graph, token: str, path: str = PATH) -> tuple[int, str]:
    answer = await graph.ask(path, token)
    return answer.status_code, answer.json()["error"]["code"]


async def test_everybody_is_reported_with_every_field(graph: Graph) -> None:
    """By object id, guests and disabled accounts too; the fields agree with what was registered."""
    (items,) = await report(graph)
    assert [item["id"] for item in items] == list(graph.tenant.users)
    for item in items:
        user = graph.tenant.users[item["id"]]
        registration = graph.tenant.insights.registration(user)
        assert item == {
            "id": user.id,
            "userPrincipalName": user.user_principal_name,
            "userDisplayName": user.display_name,
            "userType": "guest" if user.is_guest else "member",
            "isAdmin": bool(user.directory_roles),
            "isSsprRegistered": registration.is_reset_registered,
            "isSsprEnabled": not user.is_guest,
            "isSsprCapable": registration.is_reset_registered and not user.is_guest,
            "isMfaRegistered": registration.is_mfa_registered,
            "isMfaCapable": registration.is_mfa_capable,
            "isPasswordlessCapable": registration.is_passwordless_capable,
            "methodsRegistered": list(registration.methods),
            "isSystemPreferredAuthenticationMethodEnabled": True,
            "systemPreferredAuthenticationMethods": (
                [registration.strongest] if registration.strongest else []
            ),
            "userPreferredMethodForSecondaryAuthentication": registration.preferred,
            "lastUpdatedDateTime": "2026-06-01T05:00:00.0000000Z",
        }
    assert {item["isMfaRegistered"] for item in items} == {True, False}


async def test_the_report_comes_in_pages_of_a_size_that_can_be_set(graph: Graph) -> None:
    """A smaller $top is obeyed, a larger one is not; nobody is left out or comes twice."""
    await graph.control("reports", page_size=25)
    whole = [25, 25, 11]
    for query, sizes in (("", whole), ("?$top=40", whole), ("?$top=20", [20, 20, 20, 1])):
        pages = await report(graph, query)
        assert [len(page) for page in pages] == sizes
        assert [item["id"] for page in pages for item in page] == list(graph.tenant.users)


async def test_the_report_can_be_narrowed(graph: Graph) -> None:
    """By $select, $filter and $orderby, each as far as it is documented."""
    (selected,) = await report(graph, "?$select=id,isMfaRegistered")
    assert {frozenset(item) for item in selected} == {frozenset({"id", "isMfaRegistered"})}
    (without,) = await report(graph, "?$filter=isMfaRegistered eq false")
    assert {item["id"] for item in without} == {it["id"] for it in selected if not it["isMfaRegistered"]}
    (ordered,) = await report(graph, "?$orderby=userDisplayName")
    names = [item["userDisplayName"].casefold() for item in ordered]
    assert names == sorted(names)
    assert (await refusal(graph, graph.token(ROLES), f"{PATH}?$select=shoeSize"))[0] == 400


async def test_methods_that_are_set_show(graph: Graph) -> None:
    """At the next reading, through the control surface."""
    await graph.control(
        "tenants/alder/users/admin@alderfinch.example/authentication-methods",
        "PUT",
        methods=["fido2", "mobilePhone"],
    )
    (items,) = await report(graph)
    admin = next(item for item in items if item["id"] == graph.tenant.admin.id)
    assert admin["methodsRegistered"] == ["fido2", "mobilePhone"]
    assert (admin["isAdmin"], admin["isMfaCapable"], admin["isPasswordlessCapable"]) == (True, True, True)


async def test_the_report_needs_a_permission_of_its_own(graph: Graph) -> None:
    """Its refusal has its own code; a signed-in user needs a role as well."""
    assert await refusal(graph, graph.token()) == (403, "Authentication_MSGraphPermissionMissing")
    person = next(user for user in graph.tenant.users.values() if user.enabled and not user.directory_roles)
    delegated = graph.token((), scopes=ROLES, user=person)
    assert await refusal(graph, delegated) == (403, "Authentication_RequestFromUnsupportedUserRole")
    person.directory_roles.add(REPORTS_READER)
    assert (await graph.ask(PATH, delegated)).status_code == 200


async def test_a_tenant_without_premium_has_no_report() -> None:
    """Nor sign-in activity; paying for it brings both."""
    async with serve_graph("harbour") as graph:
        token = graph.token(["AuditLog.Read.All", "User.Read.All"])
        unpaid = (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")
        activity = "users?$select=signInActivity"
        assert await refusal(graph, token) == unpaid
        assert await refusal(graph, token, activity) == unpaid
        await graph.control("tenants/harbour/insights", "PATCH", premium=True)
        assert (await graph.ask(PATH, token)).status_code == 200
        assert (await graph.ask(activity, token)).status_code == 200


async def test_five_requests_in_ten_seconds_are_enough(graph: Graph) -> None:
    """Per application and tenant, once the limit is on; the directory's own limits are others."""
    for _ in range(6):
        assert (await graph.ask(PATH, graph.token(ROLES))).status_code == 200
    await graph.control("request-limits", enabled=True)
    token = graph.token(ROLES)
    answers = [await graph.ask(PATH, token) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "10"
    assert answers[-1].json()["error"]["code"] == "TooManyRequests"
    assert (await graph.ask("users?$top=1")).status_code == 200
    graph.clock.advance(timedelta(seconds=10))
    assert (await graph.ask(PATH, token)).status_code == 200


async def test_a_limit_may_keep_quiet_about_when_to_come_back(graph: Graph) -> None:
    """Some services send no Retry-After."""
    limit = {"requests": 1, "window_seconds": 60, "retry_after": False}
    await graph.control("request-limits", enabled=True, identity_reports=limit)
    token = graph.token(ROLES)
    assert (await graph.ask(PATH, token)).status_code == 200
    refused = await graph.ask(PATH, token)
    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers
