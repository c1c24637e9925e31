"""The control surface of the simulated Atera, by which another process sets its scene."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.sandbox.atera_harness import Service, serve_atera


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve_atera() as served:
        yield served


async def test_an_account_is_opened_with_all_it_has(service: Service) -> None:
    """The answer has the ids of everything, and a key that is good at once."""
    wanted = {
        "name": "Fourth Coffee",
        "time_zone": "Europe/London",
        "is_it_department": True,
        "customers": [{"name": "Contoso", "domains": ["contoso.example"]}, {"name": "Fabrikam"}],
        "departments": ["Finance"],
        "custom_fields": [{"name": "EntraObjectId"}],
        "key_kind": "legacy",
    }
    made = await service.control("POST", "accounts", wanted)
    headers = {"X-API-KEY": made["key"]}
    account = (await service.ask("GET", "account", headers=headers)).json()
    assert (account["AccountID"], account["TimeZoneName"]) == (made["id"], "Europe/London")
    assert account["IsITDepartment"] is True
    customers = (await service.ask("GET", "customers", headers=headers)).json()["items"]
    assert {item["CustomerID"] for item in customers} == {item["id"] for item in made["customers"]}
    departments = (await service.ask("GET", "departments", headers=headers)).json()["items"]
    assert [(item["Id"], item["Name"]) for item in departments] == [
        (item["id"], item["name"]) for item in made["departments"]
    ]
    assert [it["name"] for it in made["custom_fields"]] == ["EntraObjectId"]


async def test_accounts_are_listed_with_how_many_contacts_their_customers_have(service: Service) -> None:
    """No key is among what is told."""
    service.add_people(3)
    listed = await service.control("GET", "accounts")
    (account,) = listed["accounts"]
    assert account == await service.control("GET", f"accounts/{service.account.id}")
    assert [(item["name"], item["contacts"]) for item in account["customers"]] == [
        ("Contoso", 3),
        ("Fabrikam", 0),
    ]
    assert service.key not in str(listed)


async def test_keys_can_be_added_and_revoked(service: Service) -> None:
    """A key may have fewer permissions and an expiry."""
    path = f"accounts/{service.account.id}/keys"
    until = (service.clock.now() + timedelta(hours=1)).isoformat()
    made = await service.control("POST", path, {"permissions": ["Customers:Read"], "expires_at": until})
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert (await service.ask("GET", "customers", headers=headers)).status_code == 200
    assert (await service.ask("GET", "contacts", headers=headers)).status_code == 403
    service.clock.advance(timedelta(hours=1))
    assert (await service.ask("GET", "customers", headers=headers)).status_code == 401
    await service.control("POST", f"{path}/revoke", {"key": service.key})
    assert (await service.ask("GET", "customers")).status_code == 401


async def test_an_account_can_be_suspended(service: Service) -> None:
    """And let in again."""
    path = f"accounts/{service.account.id}"
    assert (await service.control("PATCH", path, {"suspended": True}))["suspended"] is True
    assert (await service.ask("GET", "account")).status_code == 403
    await service.control("PATCH", path, {"suspended": False})
    assert (await service.ask("GET", "account")).status_code == 200


async def test_behaviour_is_changed_switch_by_switch(service: Service) -> None:
    """The other switches stay, and the account's own Behaviour is the one that changes."""
    path = f"accounts/{service.account.id}/behaviour"
    behaviour = service.account.behaviour
    before = await service.control("GET", path)
    after = await service.control("PATCH", path, {"phones": "digits", "calls_per_minute": None})
    assert after == {**before, "phones": "digits", "calls_per_minute": None}
    assert service.account.behaviour is behaviour
    assert (behaviour.phones, behaviour.calls_per_minute) == ("digits", None)


async def test_a_technician_works_by_hand(service: Service) -> None:
    """Contacts are added, edited, merged and deleted by the API's names, without the API's rules."""
    path = f"accounts/{service.account.id}/contacts"
    first = await service.control("POST", path, {"CustomerID": service.contoso, "Email": "a@b.example"})
    second = await service.control(
        "POST", path, {"CustomerID": service.contoso, "Email": "A@b.example", "Firstname": "Jane"}
    )
    edited = await service.control("PATCH", f"{path}/{first['EndUserID']}", {"Email": "c@d.example"})
    assert (edited["Email"], edited["EndUserID"]) == ("c@d.example", first["EndUserID"])
    service.account.custom_values[first["EndUserID"], "EntraObjectId"] = "x"
    listed = await service.control("GET", path)
    assert [(it["Email"], it["CustomValues"]) for it in listed] == [
        ("c@d.example", {"EntraObjectId": "x"}),
        ("A@b.example", {}),
    ]
    merged = await service.control(
        "POST", f"{path}/{second['EndUserID']}/merge", {"into": first["EndUserID"]}
    )
    assert merged["EndUserID"] == first["EndUserID"]
    assert len(await service.control("GET", path)) == 1
    await service.control("DELETE", f"{path}/{first['EndUserID']}")
    assert await service.control("GET", path) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "accounts/1", None, 404),
        ("POST", "accounts", {"title": "Fourth Coffee"}, 400),
        ("POST", "accounts", {"name": "Fourth Coffee", "time_zone": "Mars/Olympus"}, 404),
        ("PATCH", "accounts/{id}", {"suspend": True}, 400),
        ("PATCH", "accounts/{id}/behaviour", {"phone": "digits"}, 400),
        ("PATCH", "accounts/{id}/behaviour", {"phones": "letters"}, 400),
        ("POST", "accounts/{id}/keys", {"permissions": ["Everything"]}, 400),
        ("POST", "accounts/{id}/keys/revoke", {"key": "none"}, 404),
        ("POST", "accounts/{id}/contacts", {"CustomerID": 1, "Email": "a@b.example"}, 404),
        ("POST", "accounts/{id}/contacts", {"Email": "a@b.example"}, 400),
        ("POST", "accounts/{id}/contacts", {"CustomerID": 1, "Email": "a@b.example", "Shoe": 42}, 400),
        ("PATCH", "accounts/{id}/contacts/1", {"Firstname": "Jane"}, 404),
        ("PATCH", "accounts/{id}/contacts/x", {"Firstname": "Jane"}, 400),
        ("POST", "accounts/{id}/contacts/1/merge", {"into": 2}, 404),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(
    service: Service, method: str, path: str, body: object, status: int
) -> None:
    """A typing error in a scenario must not pass as a scenario."""
    url = f"{service.base_url}/_control/{path.format(id=service.account.id)}"
    answer = await service.http.request(method, url, json=body)
    assert answer.status_code == status
    assert answer.json()["error"]
