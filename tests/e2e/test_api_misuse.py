"""The API towards callers that may not, do not know, or do not know how."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from sandbox.api_client import Document
from sandbox.stack import Stack
from tests.e2e.scene import Scene

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def keys(stack: Stack) -> dict[str, str]:
    """Keys of another account: one that counts, and one that was revoked."""
    account = json.loads(stack.admin("accounts", "create", "Another MSP", "--json"))
    create = ("keys", "create", account["id"], "--json")
    with ThreadPoolExecutor() as pool:
        good, revoked = (json.loads(text) for text in pool.map(lambda _: stack.admin(*create), range(2)))
    stack.admin("keys", "revoke", account["id"], revoked["id"])
    return {"foreign": good["key"], "revoked": revoked["key"]}


def without_request_id(response: httpx.Response) -> Document:
    document: Document = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert document.pop("request_id") == response.headers["X-Request-Id"]
    return document


async def test_what_belongs_to_another_account_looks_like_what_does_not_exist(
    scene: Scene, keys: dict[str, str]
) -> None:
    """Byte for byte the same answer, but for the request's own id."""
    customer = await scene.imported("harbour")
    run_id = (await scene.api.runs(customer.id))[0]["id"]
    contact_id = (await scene.api.contacts(customer.id))[0]["id"]
    existing, missing = f"/customers/{customer.id}", "/customers/nobody-has-this-one"
    tails = [("GET", ""), ("GET", "/contacts"), ("GET", "/runs"), ("POST", "/runs")]
    tails += [("GET", "/connection"), ("POST", "/connection"), ("DELETE", "/connection")]
    tails += [("POST", "/portal-sessions"), ("POST", "/connection/pause"), ("POST", "/connection/resume")]
    tails += [("GET", "/reviews"), ("GET", "/report"), ("GET", "/directory/offices")]
    tails += [("GET", "/directory/groups"), ("GET", f"/contacts/{contact_id}")]
    pairs = [(method, existing + tail, missing + tail) for method, tail in tails]
    last = "0" if run_id[-1] != "0" else "1"
    other_run = run_id[:-1] + last
    run_tails = [("GET", ""), ("GET", "/changes"), ("GET", "/changes?format=csv")]
    run_tails += [("POST", "/reject"), ("POST", "/cancel")]
    pairs += [(method, f"/runs/{run_id}{tail}", f"/runs/{other_run}{tail}") for method, tail in run_tails]
    for method, foreign_path, missing_path in pairs:
        foreign = await scene.request(method, foreign_path, key=keys["foreign"])
        absent = await scene.request(method, missing_path, key=keys["foreign"])
        assert (foreign.status_code, absent.status_code) == (404, 404), foreign_path
        assert without_request_id(foreign) == without_request_id(absent)
    assert (await scene.request("GET", "/customers", key=keys["foreign"])).json()["data"] == []
    assert (await scene.api.connection(customer.id))["state"] == "active"


async def test_the_same_id_in_two_accounts_is_two_customers(scene: Scene, keys: dict[str, str]) -> None:
    """Each PSA chooses its own ids."""
    customer = await scene.imported("harbour")
    path = f"/customers/{customer.id}"
    made = await scene.request("PUT", path, key=keys["foreign"], json={"name": "Somebody else"})
    assert made.status_code == 201
    assert (await scene.request("GET", f"{path}/contacts", key=keys["foreign"])).json()["data"] == []
    assert (await scene.request("GET", f"{path}/connection", key=keys["foreign"])).status_code == 404
    assert (await scene.request("GET", path)).json()["name"] == "The customer with harbour"


async def test_no_key_that_does_not_count_says_why(scene: Scene, keys: dict[str, str]) -> None:
    """None, nonsense, wrong, revoked: the same refusal, for what exists and for what does not."""
    good = scene.stack.endpoints.api_key
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    customer = await scene.customer("harbour")
    answers = [
        await scene.request("GET", path, key=key)
        for key in ("", "nonsense", wrong, keys["revoked"])
        for path in (f"/customers/{customer.id}", "/customers/nobody-has-this-one", "/account")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {'Bearer realm="tenantry"'}
    documents = [without_request_id(answer) for answer in answers]
    assert all(document == documents[0] for document in documents)
    assert documents[0]["code"] == "unauthenticated"


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b'{"name": ', "application/json", 400, "invalid_request"),
        (b'{"name": "\xff"}', "application/json", 400, "invalid_request"),
        (b'{"name": 7}', "application/json", 400, "invalid_request"),
        (b'{"name": "A", "admin": true}', "application/json", 400, "invalid_request"),
        (b"name=A", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"name": "A"}', "text/plain", 415, "unsupported_media_type"),
        (b'{"name": "' + b"A" * 300_000 + b'"}', "application/json", 413, "content_too_large"),
    ],
)
async def test_a_body_that_cannot_be_understood_changes_nothing(
    scene: Scene, content: bytes, content_type: str, status: int, code: str
) -> None:
    """The problem says what is wrong, and there is no such customer afterwards."""
    path = f"/customers/misunderstood-{status}"
    answer = await scene.request("PUT", path, content=content, headers={"Content-Type": content_type})
    assert (answer.status_code, without_request_id(answer)["code"]) == (status, code)
    assert (await scene.request("GET", path)).status_code == 404


async def test_a_change_of_the_configuration_must_say_which_version_it_is_for(scene: Scene) -> None:
    """Without If-Match nothing is changed."""
    customer = await scene.customer("harbour")
    await scene.api.begin_connection(customer.id, "application")
    path = f"/customers/{customer.id}/connection"
    body = {"configuration": {"scope": {"user_types": ["guest"]}}}
    answer = await scene.request("PATCH", path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")
    assert (await scene.api.connection(customer.id))["configuration"]["scope"]["user_types"] == ["member"]


async def test_a_configuration_that_is_wrong_is_refused_field_by_field(scene: Scene) -> None:
    """Everything that is wrong is named at once, and nothing of it is kept."""
    customer = await scene.customer("harbour")
    await scene.api.begin_connection(customer.id, "application")
    wrong = {
        "scope": {"groups": {"mode": "selected", "ids": ["staff"]}, "colour": "red"},
        "sites": {"rules": [{"attribute": "office", "values": ["Oslo"], "site": "nowhere"}]},
    }
    answer = await scene.configure(customer, **wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "config_invalid")
    assert sorted(error["field"] for error in answer.json()["errors"]) == [
        "configuration.scope.colour",
        "configuration.scope.groups.ids.0",
        "configuration.sites.rules.0.site",
    ]
    connection = await scene.api.connection(customer.id)
    assert connection["configuration"] == (await scene.api.presets())["standard"]


async def test_only_a_connected_customer_can_be_synced(scene: Scene) -> None:
    """A pending connection refuses a run, and a customer without one has none to refuse it."""
    customer = await scene.customer("harbour")
    path = f"/customers/{customer.id}/runs"
    assert (await scene.request("POST", path)).status_code == 404
    await scene.api.begin_connection(customer.id, "application")
    refused = await scene.request("POST", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "connection_not_active")
    assert await scene.api.runs(customer.id) == []


async def test_decisions_that_cannot_be_made_are_refused(scene: Scene) -> None:
    """About a run that is not held, a person who is not in the queue, a contact that does not exist."""
    customer = await scene.imported("harbour")
    run_id = (await scene.api.runs(customer.id))[0]["id"]
    path = f"/customers/{customer.id}"
    attempts = [
        ("POST", f"/runs/{run_id}/approve", {"digest": "0" * 64}, 409, "run_not_held"),
        ("POST", f"/runs/{run_id}/reject", None, 409, "run_not_held"),
        ("POST", f"{path}/reviews/nobody", {"action": "dismiss"}, 404, "not_found"),
        ("PATCH", f"{path}/contacts/none", {"active": False}, 404, "not_found"),
        ("POST", f"{path}/runs", {"kind": "user"}, 400, "invalid_request"),
        ("GET", f"{path}/directory/passwords", None, 400, "invalid_request"),
    ]
    for method, address, body, status, code in attempts:
        answer = await scene.request(method, address, json=body)
        assert (answer.status_code, without_request_id(answer)["code"]) == (status, code), address


async def test_health_needs_no_key(scene: Scene) -> None:
    """It says that the app answers, and nothing else."""
    answer = await scene.request("GET", "/health", key="")
    assert (answer.status_code, answer.json().keys()) == (200, {"status", "version"})
