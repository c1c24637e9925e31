"""Secure scores in the simulated Microsoft Graph, as raw HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox.world.model import SECURITY_READER
from tests.sandbox.graph_harness import Answer, Graph, serve_graph

PATH = "security/secureScores"
ROLES = ["SecurityEvents.Read.All"]


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serve_graph("harbour") as served:
        yield served


async def scores(graph: Graph, query: str = "") -> Answer:
    answer = await graph.ask(f"{PATH}{query}", graph.token(ROLES))
    assert answer.status_code == 200, answer.text
    content: Answer = answer.json()
    return content


async def test_the_newest_score_comes_first(graph: Graph) -> None:
    """With all that belongs to it, and a link to those before it."""
    found = await scores(graph, "?$top=1")
    (newest,) = found["value"]
    expected = graph.tenant.insights.secure_scores(graph.clock.time.date())[0]
    assert newest["id"] == f"{graph.tenant.id}_2026-06-01"
    assert newest["azureTenantId"] == graph.tenant.id
    assert newest["createdDateTime"] == "2026-06-01T00:00:00Z"
    assert (newest["currentScore"], newest["maxScore"]) == (expected.current, expected.maximum)
    assert newest["licensedUserCount"] == 2
    assert 0 <= newest["activeUserCount"] <= 2
    assert newest["enabledServices"] == ["HasExchange", "HasSharePoint", "HasTeams"]
    assert [it["basis"] for it in newest["averageComparativeScores"]] == ["AllTenants", "TotalSeats"]
    assert set(newest["controlScores"][0]) == {"controlCategory", "controlName", "description", "score"}
    assert newest["vendorInformation"]["vendor"] == "Microsoft"
    before = await graph.ask(found["@odata.nextLink"], graph.token(ROLES))
    assert before.json()["value"][0]["id"].endswith("_2026-05-31")


async def test_ninety_days_are_kept(graph: Graph) -> None:
    """Which can be counted and skipped."""
    found = await scores(graph, "?$count=true")
    assert (found["@odata.count"], len(found["value"])) == (90, 90)
    days = [item["createdDateTime"] for item in found["value"]]
    assert days == sorted(days, reverse=True)
    skipped = await scores(graph, "?$skip=7&$top=1&$select=createdDateTime")
    assert skipped["value"] == [{"createdDateTime": days[7]}]


async def test_a_score_can_be_set_or_missing(graph: Graph) -> None:
    """Also one out of nothing."""
    for current, maximum in ((12.5, 50.0), (0.0, 0.0)):
        wanted = {"current": current, "maximum": maximum}
        await graph.control("tenants/harbour/insights", "PATCH", secure_score=wanted)
        (newest,) = (await scores(graph, "?$top=1"))["value"]
        assert (newest["currentScore"], newest["maxScore"]) == (current, maximum)
    await graph.control("tenants/harbour/insights", "PATCH", secure_score=None)
    found = await scores(graph, "?$top=1")
    assert found["value"] == []
    assert "@odata.nextLink" not in found


async def test_scores_need_a_permission_of_their_own(graph: Graph) -> None:
    """A signed-in user needs a role as well."""
    refused = await graph.ask(PATH, graph.token())
    assert refused.status_code == 403
    assert "does not contain valid permissions" in refused.json()["error"]["message"]
    person = next(user for user in graph.tenant.users.values() if user.enabled and not user.directory_roles)
    delegated = graph.token((), scopes=ROLES, user=person)
    assert (await graph.ask(PATH, delegated)).status_code == 403
    person.directory_roles.add(SECURITY_READER)
    assert (await graph.ask(PATH, delegated)).status_code == 200


@pytest.mark.parametrize("query", ["$filter=id eq 'x'", "$orderby=createdDateTime", "$skip=x"])
async def test_what_is_not_simulated_is_refused(graph: Graph, query: str) -> None:
    """Rather than ignored."""
    assert (await graph.ask(f"{PATH}?{query}", graph.token(ROLES))).status_code == 400
