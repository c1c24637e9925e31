"""Who may call the simulated Atera, how often, and what the others are told."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Literal

import httpx
import pytest

from tests.sandbox.atera_harness import Service, serve_atera


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve_atera() as served:
        yield served


def is_empty_401(answer: httpx.Response) -> bool:
    return (
        answer.status_code == 401
        and answer.content == b""
        and answer.headers["Content-Length"] == "0"
        and "WWW-Authenticate" not in answer.headers
    )


async def status_with(service: Service, path: str = "account", **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return (await service.ask("GET", path, headers=named)).status_code


def test_a_new_key_is_a_jwt_and_an_old_one_hexadecimal(service: Service) -> None:
    """A client tells the kinds apart by `eyJ` at the beginning, or by more than 100 characters."""
    jwt, legacy = service.account.add_key("jwt"), service.account.add_key("legacy")
    assert jwt.startswith("eyJ")
    assert len(jwt) > 100
    header, payload, signature = jwt.split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert json.loads(base64.urlsafe_b64decode(payload + "=="))["AccountId"] == service.account.id
    assert signature
    assert len(legacy) == 32
    assert int(legacy, 16) >= 0


async def test_each_kind_of_key_is_good_in_its_own_header(service: Service) -> None:
    """Several keys of an account are good at the same time."""
    legacy = service.account.add_key("legacy")
    assert await status_with(service, Authorization=f"Bearer {service.key}") == 200
    assert await status_with(service, X_API_KEY=legacy) == 200


@pytest.mark.parametrize(
    "case", ["missing", "wrong", "expired", "revoked", "jwt in X-API-KEY", "legacy as Bearer"]
)
async def test_every_key_that_is_not_good_gets_the_same_empty_401(service: Service, case: str) -> None:
    """There is no body and no challenge, so nothing tells what is the matter."""
    account = service.account
    expiring = account.add_key(expires_at=service.clock.now() + timedelta(days=1))
    revoked, legacy = account.add_key(), account.add_key("legacy")
    account.revoke_key(revoked)
    service.clock.advance(timedelta(days=1))
    headers = {
        "missing": {},
        "wrong": {"X-API-KEY": "0" * 32},
        "expired": {"Authorization": f"Bearer {expiring}"},
        "revoked": {"Authorization": f"Bearer {revoked}"},
        "jwt in X-API-KEY": {"X-API-KEY": service.key},
        "legacy as Bearer": {"Authorization": f"Bearer {legacy}"},
    }[case]
    assert is_empty_401(await service.ask("GET", "account", headers=headers))


async def test_a_key_is_good_until_it_expires(service: Service) -> None:
    """The expiry is the first moment at which the key is no longer good."""
    key = service.account.add_key(expires_at=service.clock.now() + timedelta(days=1))
    assert await status_with(service, Authorization=f"Bearer {key}") == 200
    service.clock.advance(timedelta(days=1))
    assert await status_with(service, Authorization=f"Bearer {key}") == 401


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "contacts", "Contacts:Read"),
        ("GET", "contacts/1", "Contacts:Read"),
        ("POST", "contacts", "Contacts:Write"),
        ("PUT", "contacts/1", "Contacts:Write"),
        ("POST", "contacts/1", "Contacts:Write"),
        ("DELETE", "contacts/1", "Contacts:Delete"),
        ("GET", "customers", "Customers:Read"),
        ("GET", "customers/1", "Customers:Read"),
        ("GET", "departments", "Departments:Read"),
        ("POST", "departments", "Departments:Write"),
        ("GET", "customvalues/customfields", "CustomValues:Read"),
        ("GET", "customvalues/contactfields/1", "CustomValues:Read"),
        ("GET", "customvalues/contactfield/1/Id", "CustomValues:Read"),
        ("PUT", "customvalues/contactfield/1/Id", "CustomValues:Write"),
        ("POST", "customvalues/customerfield/1/Id", "CustomValues:Write"),
    ],
)
async def test_each_call_needs_its_permission(
    service: Service, method: str, path: str, permission: str
) -> None:
    """With every other permission the answer is 403; with this one alone it is anything else."""
    account = service.account
    others = {"Contacts:Read", "Contacts:Write", "Contacts:Delete", "Customers:Read", "Departments:Read"}
    others |= {"Departments:Write", "CustomValues:Read", "CustomValues:Write"}
    without = account.add_key(permissions=others - {permission})
    refused = await service.ask(method, path, headers={"Authorization": f"Bearer {without}"})
    assert (refused.status_code, refused.json()["status"]) == (403, 403)
    only = account.add_key(permissions=[permission])
    assert (await service.ask(method, path, headers={"Authorization": f"Bearer {only}"})).status_code != 403


async def test_the_account_can_be_read_with_any_good_key(service: Service) -> None:
    """It is the test of a key, so it needs no permission, and it tells the time zone."""
    key = service.account.add_key(permissions=[])
    answer = await service.ask("GET", "account", headers={"Authorization": f"Bearer {key}"})
    content = answer.json()
    assert (content["AccountID"], content["CompanyName"]) == (service.account.id, "Northmoor IT")
    assert (content["TimeZoneName"], content["IsITDepartment"]) == ("UTC", False)


def test_a_permission_that_there_is_not_is_refused(service: Service) -> None:
    """A typing error in a scenario must not pass as a key that may do less."""
    with pytest.raises(ValueError, match="Contact:Read"):
        service.account.add_key(permissions=["Contact:Read"])


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_suspended_account_is_refused_as_it_is_told(
    service: Service, status: Literal[401, 402, 403]
) -> None:
    """Nobody knows which status it is; 401 is the empty one."""
    service.account.suspended, service.account.behaviour.suspended_status = True, status
    answer = await service.ask("GET", "contacts")
    assert is_empty_401(answer) if status == 401 else answer.json()["status"] == answer.status_code == status
    service.account.suspended = False
    assert (await service.ask("GET", "contacts")).status_code == 200


async def test_seven_hundred_calls_a_minute_are_answered(service: Service) -> None:
    """It is the number that most sources name, and it holds unless told otherwise."""
    for _ in range(699):
        assert service.account.limit.take(service.account.id) is None
    await service.get("account")
    assert (await service.ask("GET", "account")).status_code == 429


async def test_calls_above_the_limit_are_told_how_long_to_wait(service: Service) -> None:
    """The wait is in whole seconds, rounded up, and after it calls are answered again."""
    service.account.behaviour.calls_per_minute = 2
    await service.get("account")
    service.clock.advance(timedelta(seconds=20.5))
    await service.get("account")
    refused = await service.ask("GET", "account")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "40")
    assert refused.json()["status"] == 429
    service.clock.advance(timedelta(seconds=40))
    await service.get("account")


async def test_the_limit_may_come_without_a_wait(service: Service) -> None:
    """A client has to know for itself how long to wait then."""
    service.account.behaviour.calls_per_minute = 1
    service.account.behaviour.retry_after = False
    await service.get("account")
    refused = await service.ask("GET", "account")
    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers


async def test_the_limit_is_the_accounts_and_not_the_keys(service: Service) -> None:
    """Two keys of one account share the limit; another account has its own."""
    service.account.behaviour.calls_per_minute = 1
    await service.get("account")
    assert await status_with(service, Authorization=f"Bearer {service.account.add_key()}") == 429
    other = service.atera.add_account("Fourth Coffee").add_key()
    assert await status_with(service, Authorization=f"Bearer {other}") == 200


async def test_a_refused_call_counts_and_changes_nothing(service: Service) -> None:
    """A call without permission uses up the limit, and one above the limit does no work."""
    service.account.behaviour.calls_per_minute = 1
    key = service.account.add_key(permissions=["Customers:Read"])
    assert await status_with(service, "contacts", Authorization=f"Bearer {key}") == 403
    body = {"Email": "jane@contoso.example", "CustomerID": service.contoso}
    assert (await service.ask("POST", "contacts", body)).status_code == 429
    assert not service.account.contacts


async def test_there_may_be_no_limit(service: Service) -> None:
    """None as the limit lets every call through."""
    service.account.behaviour.calls_per_minute = None
    for _ in range(750):
        service.account.limit.take(service.account.id)
    await service.get("account")


async def test_an_account_sees_nothing_of_another(service: Service) -> None:
    """What belongs to somebody else looks exactly like what there is not."""
    contact_id = await service.create()
    other = service.atera.add_account("Fourth Coffee").add_key()
    headers = {"Authorization": f"Bearer {other}"}
    assert (await service.ask("GET", "contacts", headers=headers)).json()["items"] == []
    foreign = await service.ask("GET", f"contacts/{contact_id}", headers=headers)
    missing = await service.ask("GET", "contacts/999999", headers=headers)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.text.replace(str(contact_id), "999999") == missing.text


async def test_the_log_names_the_account_and_never_a_key(service: Service) -> None:
    """Requests are counted for the account whose key was sent, good or not."""
    revoked, legacy = service.account.add_key(), service.account.add_key("legacy")
    service.account.revoke_key(revoked)
    await service.get("contacts", Email="jane")
    await status_with(service, X_API_KEY=legacy)
    await status_with(service, X_API_KEY=revoked)
    await status_with(service, Authorization="Basic x")
    log = await service.control("GET", f"requests?tenant={service.account.id}")
    assert log["by_route"] == {"GET /api/v3/contacts": 1, "GET /api/v3/account": 2}
    assert [entry["status"] for entry in log["recent"]] == [200, 200, 401]
    everything = json.dumps(await service.control("GET", "requests"))
    assert json.loads(everything)["total"] == 4
    assert not any(secret in everything for secret in (service.key, revoked, legacy, "jane"))


async def test_faults_hit_the_account_they_name(service: Service) -> None:
    """A fault comes before the key is looked at, and spares the other accounts."""
    other = service.atera.add_account("Fourth Coffee").add_key()
    await service.control("POST", "faults", {"kind": "status", "status": 503, "tenant": service.account.id})
    assert await status_with(service, Authorization=f"Bearer {other}") == 200
    assert await status_with(service, Authorization=f"Bearer {service.key}") == 503
    assert await status_with(service, Authorization=f"Bearer {service.key}") == 200


async def test_a_reply_may_be_lost_after_the_write(service: Service) -> None:
    """The contact is there although its creator never heard of it."""
    await service.control("POST", "faults", {"kind": "lose_reply", "method": "POST"})
    with pytest.raises(httpx.TransportError):
        await service.create()
    assert len(service.account.contacts) == 1
