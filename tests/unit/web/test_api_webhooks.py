"""Webhook endpoints through the API."""

from typing import Any

import httpx
import pytest

from shared.ports import Answer
from tests.fakes.webhooks import Posted
from tests.unit.web.conftest import Caller
from tests.unit.web.site import Site

HOOKS = "/api/v1/webhook-endpoints"
URL = "https://psa.example.com/hook?token=abc"


async def create(caller: Caller, **body: Any) -> dict[str, Any]:
    answer = await caller.http.post(HOOKS, json={"url": URL, **body})
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{HOOKS}/{document['id']}"
    return document


async def test_the_secret_is_shown_once(site: Site, caller: Caller) -> None:
    """When it is made; reading tells everything else, and storage does not have it."""
    made = await create(caller, types=["run.completed"], description=" PSA ")
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made == {
        "id": made["id"],
        "url": URL,
        "types": ["run.completed"],
        "description": "PSA",
        "enabled": True,
        "disabled_reason": None,
        "failing_since": None,
        "created_at": "2026-03-02T00:00:00.000Z",
        "secret_changed_at": None,
    }
    assert (await caller.http.get(f"{HOOKS}/{made['id']}")).json() == made
    assert (await caller.http.get(HOOKS)).json() == {"data": [made], "after": None}
    stored = await site.world.webhooks.get(caller.account_id)
    assert secret not in repr(stored)
    assert [secret in value for value in site.world.secrets.values.values()] == [True]


async def test_an_endpoint_is_changed_member_by_member(caller: Caller) -> None:
    """What is not sent stays."""
    made = await create(caller, types=["run.failed"], description="PSA")
    place = f"{HOOKS}/{made['id']}"
    changed = (await caller.http.patch(place, json={"types": []})).json()
    assert (changed["types"], changed["description"], changed["url"]) == ([], "PSA", URL)
    changed = (
        await caller.http.patch(place, json={"url": "https://other.example.com/", "enabled": False})
    ).json()
    assert (changed["enabled"], changed["url"]) == (False, "https://other.example.com/")
    assert (await caller.http.patch(place, json={})).json() == changed


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"url": "http://psa.example.com"}, 422, "webhook_url_not_allowed"),
        ({"url": "https://127.0.0.1:8443/x"}, 422, "webhook_url_not_allowed"),
        ({"url": "https://169.254.169.254/latest"}, 422, "webhook_url_not_allowed"),
        ({"url": ""}, 422, "webhook_url_not_allowed"),
        ({"url": None}, 400, "invalid_request"),
        ({"url": f"https://example.com/{'x' * 2048}"}, 400, "invalid_request"),
        ({"types": ["no.such"]}, 400, "invalid_request"),
        ({"types": ["webhook.test"]}, 400, "invalid_request"),
        ({"types": None}, 400, "invalid_request"),
        ({"description": "x" * 201}, 400, "invalid_request"),
        ({"secret": "whsec_mine"}, 400, "invalid_request"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field_or_in_words(
    caller: Caller, body: dict[str, Any], status: int, code: str
) -> None:
    """When it is made and when it is changed; what was sent is not repeated."""
    made = await create(caller)
    for answer in (
        await caller.http.post(HOOKS, json={"url": URL, **body}),
        await caller.http.patch(f"{HOOKS}/{made['id']}", json=body),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert "127.0.0.1" not in answer.text
        assert "169.254" not in answer.text
    made.pop("secret")
    assert (await caller.http.get(HOOKS)).json()["data"] == [made]


async def test_an_account_has_ten_endpoints_at_most(caller: Caller) -> None:
    """The eleventh is refused; after a delete there is room again."""
    made = [await create(caller) for _ in range(10)]
    refused = await caller.http.post(HOOKS, json={"url": URL})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_endpoints")
    assert (await caller.http.delete(f"{HOOKS}/{made[0]['id']}")).status_code == 204
    await create(caller)


async def test_a_test_event_tells_how_it_went(site: Site, caller: Caller) -> None:
    """To this endpoint alone; it is in no feed."""
    made, _ = await create(caller, types=["run.failed"]), await create(caller)
    asked = await caller.http.post(f"{HOOKS}/{made['id']}/test")
    assert (asked.status_code, asked.headers["Location"]) == (202, f"{HOOKS}/{made['id']}/deliveries")
    assert asked.json()["state"] == "pending"
    await site.world.send_out()
    (delivery,) = (await caller.http.get(f"{HOOKS}/{made['id']}/deliveries")).json()["data"]
    assert delivery == {
        "id": asked.json()["id"],
        "event_id": asked.json()["event_id"],
        "event_type": "webhook.test",
        "state": "delivered",
        "attempts": 1,
        "status": 204,
        "code": None,
        "created_at": "2026-03-02T00:00:00.000Z",
        "last_at": "2026-03-02T00:00:00.000Z",
        "next_at": None,
    }
    assert len(site.world.receivers.posted) == 1
    assert (await caller.http.get("/api/v1/events")).json()["data"] == []


async def test_deliveries_come_in_parts_and_once_more(site: Site, caller: Caller) -> None:
    """Newest first; each can be sent again when it is over."""

    async def broken(posted: Posted) -> Answer:
        return Answer(500)

    made = await create(caller)
    place = f"{HOOKS}/{made['id']}/deliveries"
    site.world.receivers.answer = broken
    for _ in range(3):
        await caller.http.post(f"{HOOKS}/{made['id']}/test")
    first = (await caller.http.get(place, params={"limit": 2})).json()
    rest = (await caller.http.get(place, params={"limit": 2, "after": first["after"]})).json()
    assert (len(first["data"]), len(rest["data"]), rest["after"]) == (2, 1, None)
    name = rest["data"][0]["id"]
    early = await caller.http.post(f"{place}/{name}/redeliver")
    assert (early.status_code, early.json()["code"]) == (409, "delivery_pending")
    await site.world.send_out()
    again = await caller.http.post(f"{place}/{name}/redeliver")
    assert (again.status_code, again.json()["state"], again.json()["attempts"]) == (202, "pending", 10)
    await caller.http.patch(f"{HOOKS}/{made['id']}", json={"enabled": False})
    off = await caller.http.post(f"{HOOKS}/{made['id']}/test")
    assert (off.status_code, off.json()["code"]) == (409, "endpoint_disabled")


async def test_another_secret_is_shown_once_too(caller: Caller) -> None:
    """And when it was changed."""
    made = await create(caller)
    changed = (await caller.http.post(f"{HOOKS}/{made['id']}/secret")).json()
    assert changed["secret"] not in {made["secret"], ""}
    assert changed["secret_changed_at"] == "2026-03-02T00:00:00.000Z"
    assert "secret" not in (await caller.http.get(f"{HOOKS}/{made['id']}")).json()


async def test_another_accounts_endpoint_is_as_if_it_did_not_exist(site: Site, caller: Caller) -> None:
    """Whatever is asked of it."""
    made = await create(caller)
    await caller.http.post(f"{HOOKS}/{made['id']}/test")
    place = f"{HOOKS}/{made['id']}"
    (delivery,) = (await caller.http.get(f"{place}/deliveries")).json()["data"]
    _, stranger = await site.caller("Stranger")
    async with stranger:
        answers: list[httpx.Response] = [
            await stranger.get(place),
            await stranger.patch(place, json={"enabled": False}),
            await stranger.delete(place),
            await stranger.post(f"{place}/secret"),
            await stranger.post(f"{place}/test"),
            await stranger.get(f"{place}/deliveries"),
            await stranger.post(f"{place}/deliveries/{delivery['id']}/redeliver"),
            await stranger.get(f"{HOOKS}/whe_nothing"),
        ]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}
        assert (await stranger.get(HOOKS)).json()["data"] == []
    assert (await caller.http.post(f"{place}/deliveries/dlv_x/redeliver")).status_code == 404
