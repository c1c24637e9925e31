"""Who may call the simulated SyncroMSP, how often, and what becomes of a call on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from sandbox.simulators.faults import Fault
from tests.sandbox.syncro_harness import START, Service, serve_syncro

NOT_AUTHORIZED = {"error": "Not authorized. Please ask account admin to update your group permissions."}


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve_syncro() as served:
        yield served


async def test_a_token_is_a_bearer_or_a_parameter(service: Service) -> None:
    """The header and `?api_key=` open the account, and the header alone does not without its scheme."""
    url = f"{service.base_url}/acme/api/v1/me"
    assert (await service.call("GET", "/me"))["subdomain"] == "acme"
    assert (await service.http.get(url, params={"api_key": service.token})).status_code == 200
    assert (await service.http.get(url, headers={"Authorization": service.token})).status_code == 401


async def test_a_token_that_is_not_valid_fails_to_authenticate(service: Service) -> None:
    """A missing, wrong, foreign, expired or revoked token is a 401 that says so."""
    expired = service.account.add_token(expires_at=START + timedelta(hours=1))
    revoked = service.account.add_token()
    assert (await service.ask("GET", "/me", token=expired)).status_code == 200
    assert (await service.ask("GET", "/me", token=revoked)).status_code == 200
    service.clock.advance(hours=1)
    service.account.revoke_token(revoked)
    foreign = service.syncro.add_account("other", name="Other").add_token()
    for token in ("", "nonsense", foreign, expired, revoked):
        answer = await service.ask("GET", "/contacts", token=token)
        assert answer.status_code == 401
        assert "Failed to authenticate account" in answer.json()["error"]


async def test_a_token_that_is_not_valid_may_be_answered_with_a_page(service: Service) -> None:
    """`html401` answers the same status and text as HTML."""
    service.account.behaviour.unauthenticated = "html401"
    answer = await service.ask("GET", "/me", token="nonsense")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Failed to authenticate account" in answer.text


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_suspended_account_answers_nothing(service: Service, status: int) -> None:
    """Every call gets the status that is set, and none of them says that the token is wrong."""
    service.account.suspended = True
    service.account.behaviour.suspended_status = status  # type: ignore[assignment]
    answer = await service.ask("GET", "/me")
    assert answer.status_code == status
    assert "authenticate" not in answer.text
    service.account.suspended = False
    await service.call("GET", "/me")


async def test_an_unknown_subdomain_is_a_page_that_is_not_found(service: Service) -> None:
    """It is answered before any token is looked at, as HTML; an unknown path of an account is JSON."""
    answer = await service.ask("GET", "/me", subdomain="nobody")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    for method, path in (("GET", "/nothing"), ("PATCH", "/contacts/1")):
        answer = await service.ask(method, path)
        assert (answer.status_code, answer.json()) == (404, {"message": "Not found"})


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "/contacts", "Customers - View Detail"),
        ("GET", "/contacts/1", "Customers - View Detail"),
        ("POST", "/contacts", "Customers - Edit"),
        ("PUT", "/contacts/1", "Customers - Edit"),
        ("DELETE", "/contacts/1", "Customers - Edit"),
        ("GET", "/customers", "Customers - List/Search"),
        ("POST", "/customers", "Customers - Create"),
        ("GET", "/customers/1", "Customers - View Detail"),
        ("PUT", "/customers/1", "Customers - Edit"),
    ],
)
async def test_a_call_needs_its_permission(service: Service, method: str, path: str, permission: str) -> None:
    """With every other permission it is refused before anything is looked for; with that one it is not."""
    every = {
        "Customers - List/Search",
        "Customers - View Detail",
        "Customers - Create",
        "Customers - Edit",
        "Customers - Delete",
    }
    without = service.account.add_token(permissions=every - {permission})
    answer = await service.ask(method, path, token=without)
    assert (answer.status_code, answer.json()) == (401, NOT_AUTHORIZED)
    alone = service.account.add_token(permissions=[permission])
    assert (await service.ask(method, path, token=alone)).status_code != 401


async def test_a_permission_that_does_not_exist_is_not_given(service: Service) -> None:
    """A slip of the pen in a test or a command is noticed."""
    with pytest.raises(ValueError, match="Customers - Read"):
        service.account.add_token(permissions=["Customers - Read"])


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("Customers - List/Search", set()),
        ("Customers - View Detail", {"read"}),
        ("Customers - Edit", {"write"}),
        ("Customers - Delete", {"delete"}),
    ],
)
async def test_the_permissions_of_a_token_show_in_me(
    service: Service, permission: str, allowed: set[str]
) -> None:
    """`/me` needs no permission and tells of viewing, editing and deleting, as the document has it."""
    token = service.account.add_token(permissions=[permission])
    found = (await service.ask("GET", "/me", token=token)).json()
    assert found["permissions"]["customer"] == {name: name in allowed for name in ("read", "write", "delete")}
    assert not found["admin"]
    everything = (await service.call("GET", "/me"))["permissions"]
    assert all(all(area.values()) for area in everything.values())


async def test_the_limit_is_one_for_all_accounts_of_an_address(service: Service) -> None:
    """180 calls a minute, whatever they ask for and however they are answered."""
    other = service.syncro.add_account("other", name="Other")
    token = other.add_token()
    for _ in range(60):
        assert (await service.ask("GET", "/me")).status_code == 200
        assert (await service.ask("GET", "/me", token="nonsense")).status_code == 401
        assert (await service.ask("GET", "/me", subdomain="nobody")).status_code == 404
    answer = await service.ask("GET", "/me", subdomain="other", token=token)
    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers
    service.clock.advance(seconds=60)
    assert (await service.ask("GET", "/me", subdomain="other", token=token)).status_code == 200


async def test_a_call_over_the_limit_does_not_extend_it() -> None:
    """A minute after the calls that were counted, calls are answered again, whoever kept asking."""
    async with serve_syncro(calls_per_minute=2) as service:
        for seconds, status in ((0, 200), (30, 200), (10, 429), (10, 429), (10, 200), (29, 429), (1, 200)):
            service.clock.advance(seconds=seconds)
            assert (await service.ask("GET", "/me")).status_code == status


async def test_a_call_over_the_limit_may_be_told_how_long_to_wait() -> None:
    """The switch adds the whole seconds until the next call is answered."""
    async with serve_syncro(calls_per_minute=1) as service:
        service.syncro.retry_after = True
        await service.call("GET", "/me")
        service.clock.advance(seconds=20.5)
        answer = await service.ask("GET", "/me")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "40")


async def test_a_call_over_the_limit_changes_nothing() -> None:
    """It is refused before it is looked at, and before any fault is used up."""
    async with serve_syncro(calls_per_minute=1) as service:
        await service.call("GET", "/me")
        service.faults.add(Fault(kind="status", status=503))
        body = {"customer_id": service.customer, "name": "Nadia"}
        assert (await service.ask("POST", "/contacts", body)).status_code == 429
        assert not service.account.contacts
        assert service.faults.faults[0].hits == 0


async def test_there_may_be_no_limit() -> None:
    """None switches it off."""
    async with serve_syncro(calls_per_minute=None) as service:
        for _ in range(181):
            await service.call("GET", "/me")


async def test_faults_hit_one_account(service: Service) -> None:
    """The subdomain is what a fault and the log call the tenant."""
    token = service.syncro.add_account("other", name="Other").add_token()
    await service.control("POST", "faults", kind="status", status=503, body="<html>", tenant="other")
    await service.call("GET", "/me")
    assert (await service.ask("GET", "/me", subdomain="other", token=token)).status_code == 503


async def test_a_reply_may_be_lost_after_the_write(service: Service) -> None:
    """The contact is there although nobody was told."""
    service.faults.add(Fault(kind="lose_reply", method="POST", path="/contacts"))
    with pytest.raises(httpx.TransportError):
        await service.create(name="Nadia")
    assert [contact.name for contact in service.account.contacts.values()] == ["Nadia"]


async def test_the_log_knows_accounts_and_no_token(service: Service) -> None:
    """Calls are counted by subdomain and route; what opens an account is nowhere in it."""
    await service.http.get(f"{service.base_url}/acme/api/v1/me", params={"api_key": service.token})
    await service.ask("GET", "/contacts/7")
    log = await service.control("GET", "requests?tenant=acme")
    assert log["by_route"] == {
        "GET /{subdomain}/api/v1/me": 1,
        "GET /{subdomain}/api/v1/contacts/{id}": 1,
    }
    assert [entry["status"] for entry in log["recent"]] == [200, 404]
    assert service.token not in str(log)
    assert (await service.control("GET", "requests?tenant=other"))["total"] == 0
