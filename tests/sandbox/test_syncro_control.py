"""What can be done to the simulated SyncroMSP from another process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox.simulators.syncro import Behaviour
from tests.sandbox.syncro_harness import Body, Service, serve_syncro


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve_syncro() as served:
        yield served


async def test_an_account_is_opened(service: Service) -> None:
    """With its customers and a token; its domains are where an administrator would put them."""
    opened = await service.control(
        "POST",
        "accounts",
        subdomain="fresh",
        name="Fresh IT",
        customers=[
            {"business_name": "Contoso", "domains": ["contoso.example", "contoso.test"]},
            {"business_name": "Fabrikam", "email": "hello@fabrikam.example", "properties": {"Tier": "1"}},
        ],
        contact_custom_fields=["Badge"],
        permissions=["Customers - List/Search"],
    )
    account = service.syncro.accounts["fresh"]
    assert (opened["id"], account.contact_custom_fields) == (account.id, {"Badge"})
    assert account.customer_custom_fields == {"Domains", "Tier"}
    contoso, fabrikam = opened["customers"]
    assert contoso["email"] == "info@contoso.example"
    assert contoso["properties"] == {"Domains": "contoso.example, contoso.test"}
    assert (fabrikam["email"], fabrikam["properties"]) == ("hello@fabrikam.example", {"Tier": "1"})
    token = opened["token"]
    found = await service.ask("GET", "/customers", subdomain="fresh", token=token)
    assert [customer["id"] for customer in found.json()["customers"]] == [contoso["id"], fabrikam["id"]]
    assert (await service.ask("GET", "/contacts", subdomain="fresh", token=token)).status_code == 401


async def test_accounts_are_described_without_what_opens_them(service: Service) -> None:
    """Each with its customers, and how many contacts these have."""
    service.account.add_contact(service.customer, name="Nadia")
    (described,) = (await service.control("GET", "accounts"))["accounts"]
    assert (described["subdomain"], described["name"], described["suspended"]) == ("acme", "Acme IT", False)
    (customer,) = described["customers"]
    assert (customer["id"], customer["contacts"]) == (service.customer, 1)
    assert await service.control("GET", "accounts/acme") == described
    assert service.token not in str(described)


async def test_an_account_is_changed(service: Service) -> None:
    """What is not named stays as it is."""
    await service.control("PATCH", "accounts/acme", contact_custom_fields=["Badge"])
    await service.control("PATCH", "accounts/acme", customer_custom_fields=["Tier"], suspended=True)
    assert service.account.contact_custom_fields == {"Badge"}
    assert service.account.customer_custom_fields == {"Tier"}
    assert (await service.ask("GET", "/me")).status_code == 401
    await service.control("PATCH", "accounts/acme", suspended=False)
    await service.call("GET", "/me")


async def test_behaviour_is_shown_and_changed(service: Service) -> None:
    """Switch by switch."""
    shown = await service.control("GET", "accounts/acme/behaviour")
    assert shown["update"] == "partial"
    changed = await service.control("PATCH", "accounts/acme/behaviour", update="whole", text_limit=5)
    assert changed == shown | {"update": "whole", "text_limit": 5}
    await service.control("PATCH", "accounts/acme/behaviour", text_limit=None)
    assert service.account.behaviour == Behaviour(update="whole")


async def test_tokens_come_and_go(service: Service) -> None:
    """With permissions and an end if wanted."""
    made = await service.control(
        "POST", "accounts/acme/tokens", permissions=["Customers - Edit"], expires_in_seconds=60
    )
    token = made["token"]
    assert (await service.ask("GET", "/contacts", token=token)).status_code == 401
    assert (await service.ask("GET", "/me", token=token)).status_code == 200
    service.clock.advance(seconds=60)
    assert (await service.ask("GET", "/me", token=token)).status_code == 401
    await service.control("POST", "accounts/acme/tokens/revoke", token=service.token)
    assert (await service.ask("GET", "/me")).status_code == 401


async def test_customers_come_and_go(service: Service) -> None:
    """And can be disabled in between."""
    added = await service.control(
        "POST", "accounts/acme/customers", business_name="New", domains=["a.example"]
    )
    path = f"accounts/acme/customers/{added['id']}"
    assert (await service.control("GET", path))["properties"] == {"Domains": "a.example"}
    await service.control("PATCH", path, disabled=True)
    assert service.account.customers[added["id"]].disabled
    await service.control("DELETE", path)
    assert list(service.account.customers) == [service.customer]


async def test_contacts_are_changed_by_hand(service: Service) -> None:
    """Listed, added, edited, merged and deleted."""
    contacts = "accounts/acme/contacts"
    first = await service.control("POST", contacts, customer_id=service.customer, name="First", title="CFO")
    second = await service.control("POST", contacts, customer_id=service.customer, name="Second")
    edited = await service.control("PATCH", f"{contacts}/{second['id']}", email="second@contoso.example")
    assert edited["email"] == "second@contoso.example"
    listed = await service.control("GET", f"{contacts}?customer_id={service.customer}")
    assert [contact["name"] for contact in listed["contacts"]] == ["First", "Second"]
    assert (await service.control("GET", f"{contacts}?customer_id=99"))["contacts"] == []
    merged = await service.control("POST", f"{contacts}/{first['id']}/merge", into=second["id"])
    assert (merged["name"], merged["properties"]) == ("Second", {"title": "CFO"})
    await service.control("DELETE", f"{contacts}/{second['id']}")
    assert (await service.control("GET", contacts))["contacts"] == []


async def test_the_limit_is_changed(service: Service) -> None:
    """Its number, and whether one is told how long to wait."""
    changed = await service.control("PATCH", "limit", calls_per_minute=1, retry_after=True)
    assert changed == {"calls_per_minute": 1, "retry_after": True}
    await service.call("GET", "/me")
    answer = await service.ask("GET", "/me")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert await service.control("GET", "limit") == changed
    await service.control("PATCH", "limit", calls_per_minute=None)
    await service.call("GET", "/me")
    assert service.syncro.retry_after


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "accounts/nobody", {}, 404),
        ("GET", "accounts/acme/customers/99", {}, 404),
        ("GET", "accounts/acme/customers/abc", {}, 400),
        ("PATCH", "accounts/acme/contacts/99", {}, 404),
        ("POST", "accounts/acme/contacts", {"name": "Nadia"}, 400),
        ("POST", "accounts/acme/contacts", {"customer_id": 99}, 404),
        ("POST", "accounts/acme/contacts", {"customer_id": 2, "nonsense": 1}, 400),
        ("POST", "accounts/acme/tokens", {"permissions": ["Customers - Read"]}, 400),
        ("POST", "accounts/acme/tokens/revoke", {"token": "nonsense"}, 404),
        ("PATCH", "accounts/acme/behaviour", {"nonsense": 1}, 400),
        ("PATCH", "accounts/acme/behaviour", {"update": "nonsense"}, 400),
        ("PATCH", "accounts/acme", {"nonsense": 1}, 400),
        ("POST", "accounts", {"subdomain": "acme", "name": "Again"}, 400),
        ("POST", "accounts", {"subdomain": "new"}, 400),
        ("PATCH", "limit", {"calls_per_minute": "many"}, 400),
    ],
)
async def test_a_command_that_cannot_be_obeyed_says_why(
    service: Service, method: str, path: str, body: Body, status: int
) -> None:
    """404 for what there is not, 400 for what makes no sense, and nothing has changed."""
    answer = await service.http.request(method, f"{service.base_url}/_control/{path}", json=body)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)
    assert list(service.syncro.accounts) == ["acme"]
    assert service.account.behaviour == Behaviour()
    assert not service.account.contacts
