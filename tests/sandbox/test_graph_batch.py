"""Batches of the simulated Microsoft Graph, as raw HTTP."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.sandbox.graph_harness import Answer, Graph, serve_graph


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serve_graph() as served:
        yield served


async def send(graph: Graph, requests: Any, token: str | None = None) -> httpx.Response:
    return await graph.http.post(
        f"{graph.base_url}/v1.0/$batch",
        json={"requests": requests},
        headers={"Authorization": f"Bearer {token or graph.token()}"},
    )


async def batch(graph: Graph, *requests: Answer) -> dict[str, Answer]:
    answer = await send(graph, [{"method": "GET", **request} for request in requests])
    assert answer.status_code == 200
    return {response["id"]: response for response in answer.json()["responses"]}


async def test_every_member_has_an_answer_of_its_own(graph: Graph) -> None:
    """A batch succeeds although members fail; relative URLs may begin with a slash or not."""
    answers = await batch(
        graph,
        {"id": "a", "url": "/users?$select=id&$top=2"},
        {"id": "b", "url": "organization?$select=displayName"},
        {"id": "c", "url": "/users/nobody@contoso.example"},
        {"id": "d", "url": "/devices"},
        {"id": "e", "url": "/users", "method": "DELETE"},
    )
    assert {name: answer["status"] for name, answer in answers.items()} == {
        "a": 200,
        "b": 200,
        "c": 404,
        "d": 400,
        "e": 405,
    }
    assert len(answers["a"]["body"]["value"]) == 2
    assert answers["a"]["headers"]["x-ms-resource-unit"] == "1"
    assert answers["b"]["body"]["value"] == [{"displayName": "Contoso"}]
    assert answers["c"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert answers["a"]["body"]["@odata.nextLink"].startswith(f"{graph.base_url}/v1.0/users?")
    assert len(await graph.items(answers["a"]["body"]["@odata.nextLink"])) == len(graph.tenant.users) - 2


async def test_members_have_headers_of_their_own(graph: Graph) -> None:
    """Names in any case; an answer that is no JSON comes as base64."""
    answers = await batch(
        graph,
        {"id": "1", "url": "/users?$count=true&$top=1", "headers": {"consistencylevel": "eventual"}},
        {"id": "2", "url": "/users?$count=true&$top=1"},
        {"id": "3", "url": "/users/$count", "headers": {"ConsistencyLevel": "eventual"}},
    )
    number = len(graph.tenant.users)
    assert answers["1"]["body"]["@odata.count"] == number
    assert "@odata.count" not in answers["2"]["body"]
    assert base64.b64decode(answers["3"]["body"]) == str(number).encode()


async def test_answers_come_in_any_order(graph: Graph) -> None:
    """The ids say which is which; over a few batches the order differs from that of the requests."""
    requests = [{"id": str(number), "method": "GET", "url": "/organization"} for number in range(10)]
    wanted = [request["id"] for request in requests]
    orders = []
    for _ in range(3):
        orders.append([answer["id"] for answer in (await send(graph, requests)).json()["responses"]])
        assert sorted(orders[-1]) == wanted
    assert orders != [wanted] * 3


async def test_what_depends_on_a_failure_fails(graph: Graph) -> None:
    """424, down the whole chain; what depends on a success is answered."""
    answers = await batch(
        graph,
        {"id": "4", "url": "/organization", "dependsOn": ["3"]},
        {"id": "3", "url": "/organization", "dependsOn": ["2"]},
        {"id": "2", "url": "/users/nobody"},
        {"id": "1", "url": "/organization", "dependsOn": ["0"]},
        {"id": "0", "url": "/organization"},
    )
    assert {name: answer["status"] for name, answer in answers.items()} == {
        "0": 200,
        "1": 200,
        "2": 404,
        "3": 424,
        "4": 424,
    }


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [{"id": str(number), "method": "GET", "url": "/users"} for number in range(21)],
        [{"id": "a", "method": "GET", "url": "/users"}, {"id": "A", "method": "GET", "url": "/users"}],
        [{"id": "", "method": "GET", "url": "/users"}],
        [{"method": "GET", "url": "/users"}],
        [{"id": "1", "method": "GET", "url": "/users", "dependsOn": ["2"]}],
        [{"id": "1", "method": "GET", "url": "/users", "dependsOn": ["1"]}],
        "nothing",
    ],
)
async def test_a_malformed_batch_is_refused_whole(graph: Graph, requests: Any) -> None:
    """Too many or too few members, ids that are not unique or missing, dependencies that cannot be met."""
    assert (await send(graph, requests)).status_code == 400


async def test_twenty_members_are_allowed(graph: Graph) -> None:
    """That is the limit."""
    answers = await batch(graph, *({"id": str(number), "url": "/organization"} for number in range(20)))
    assert len(answers) == 20


async def test_a_batch_needs_a_token_and_a_post(graph: Graph) -> None:
    """Its members share the token."""
    assert (await send(graph, [], "nonsense")).status_code == 401
    assert (await graph.ask("$batch")).status_code == 405
    answers = (await send(graph, [{"id": "1", "method": "GET", "url": "/groups"}], graph.token([]))).json()
    assert answers["responses"][0]["status"] == 403


async def test_members_are_throttled_one_by_one(graph: Graph) -> None:
    """Those over the limit have 429 and Retry-After, the others their answer."""
    await graph.control("throttling", enabled=True, limit=3)
    answers = await batch(graph, *({"id": str(number), "url": "/organization"} for number in range(5)))
    assert [answers[str(number)]["status"] for number in range(5)] == [200, 200, 200, 429, 429]
    assert answers["4"]["headers"]["Retry-After"] == "10"


async def test_members_are_hit_by_faults_and_counted(graph: Graph) -> None:
    """A fault for a path hits the member that has it."""
    await graph.control("faults", kind="throttle", path="/v1.0/groups", retry_after=3)
    await graph.control("faults", kind="status", path="/v1.0/organization", status=503)
    answers = await batch(
        graph,
        {"id": "1", "url": "/users"},
        {"id": "2", "url": "/groups"},
        {"id": "3", "url": "/organization"},
    )
    assert [answers[name]["status"] for name in "123"] == [200, 429, 503]
    assert answers["2"]["headers"]["Retry-After"] == "3"
    assert answers["2"]["body"]["error"]["code"] == "TooManyRequests"
    counted = (await graph.control("requests", "GET"))["by_route"]
    assert counted == {"GET $batch member": 3, "POST $batch": 1}


async def test_one_of_many_alike_can_be_hit(graph: Graph) -> None:
    """A fault finds its member by the decoded path, and may spare the first of them."""
    await graph.control("faults", kind="throttle", path="purpose of", retry_after=7)
    await graph.control(
        "faults", kind="throttle", path="/mailboxSettings/userPurpose$", skip=2, retry_after=5
    )
    token = graph.token(["MailboxSettings.Read", "Organization.Read.All"])
    url = "/users/admin@contoso.example/mailboxSettings/userPurpose"
    requests: list[Answer] = [{"id": str(number), "method": "GET", "url": url} for number in range(4)]
    requests.append({"id": "spaced", "method": "GET", "url": "/users/the%20purpose%20of"})
    sent = await send(graph, requests, token)
    assert sent.status_code == 200
    answers = {answer["id"]: answer for answer in sent.json()["responses"]}
    assert [answers[str(number)]["status"] for number in range(4)] == [200, 200, 429, 200]
    assert answers["2"]["headers"]["Retry-After"] == "5"
    assert answers["0"]["body"]["value"] == "user"
    assert answers["spaced"]["headers"]["Retry-After"] == "7"


async def test_members_miss_what_is_not_there(graph: Graph) -> None:
    """A group and a mailbox, each with the code of the service that it is asked of."""
    group = "/groups/00000000-0000-4000-8000-000000000000/members/microsoft.graph.user?$select=id"
    guest = next(user for user in graph.tenant.users.values() if user.is_guest)
    requests = [
        {"id": "group", "method": "GET", "url": group},
        {"id": "mailbox", "method": "GET", "url": f"/users/{guest.id}/mailboxSettings/userPurpose"},
    ]
    token = graph.token(["MailboxSettings.Read", "GroupMember.Read.All"])
    answers = {answer["id"]: answer for answer in (await send(graph, requests, token)).json()["responses"]}
    assert {name: (it["status"], it["body"]["error"]["code"]) for name, it in answers.items()} == {
        "group": (404, "Request_ResourceNotFound"),
        "mailbox": (404, "MailboxNotEnabledForRESTAPI"),
    }


async def test_limits_of_services_count_members(graph: Graph) -> None:
    """Those over the limit have 429, and a redirect is an answer like any other."""
    limit = {"requests": 2, "window_seconds": 60}
    await graph.control("request-limits", enabled=True, usage_reports=limit)
    url = "/reports/getOffice365ActiveUserDetail(period='D7')"
    requests = [{"id": str(number), "method": "GET", "url": url} for number in range(3)]
    sent = await send(graph, requests, graph.token(["Reports.Read.All"]))
    answers = {answer["id"]: answer for answer in sent.json()["responses"]}
    assert [answers[str(number)]["status"] for number in range(3)] == [302, 302, 429]
    assert (await graph.http.get(answers["0"]["headers"]["Location"])).status_code == 200
    assert answers["2"]["headers"]["Retry-After"] == "60"
