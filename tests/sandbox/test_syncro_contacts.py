"""The contacts of the simulated SyncroMSP, as the API and as a technician handles them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.syncro_harness import Service, serve_syncro

NOT_FOUND = {"message": "Not found"}


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve_syncro() as served:
        yield served


async def test_a_contact_lives_from_post_to_delete(service: Service) -> None:
    """Creating answers 200 and the bare contact, a change shows at once, and what is deleted is gone."""
    created = await service.create(name="Nadia", email="nadia@contoso.example", phone="+44 20 7946 0000")
    assert created["customer_id"] == service.customer
    assert created["account_id"] == service.account.id
    assert created["phone"] == "+44 20 7946 0000"
    assert created["processed_phone"] == "442079460000"
    assert created["processed_mobile"] is None
    assert created["created_at"] == created["updated_at"] == "2026-06-01T09:00:00.000Z"
    path = f"/contacts/{created['id']}"
    assert await service.call("GET", path) == created
    service.clock.advance(minutes=1)
    changed = await service.call("PUT", path, {"name": "Nadia", "email": "new@contoso.example"})
    assert changed == created | {"email": "new@contoso.example", "updated_at": "2026-06-01T09:01:00.000Z"}
    assert await service.call("DELETE", path) == {"success": True}
    for method in ("GET", "PUT", "DELETE"):
        answer = await service.ask(method, path)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


async def test_a_change_that_changes_nothing_is_no_change(service: Service) -> None:
    """The time of the last change stays when everything that is sent is there already."""
    created = await service.create(name="Nadia", properties={"title": "CFO"})
    service.clock.advance(minutes=1)
    again = {"name": "Nadia", "properties": {"title": "CFO"}}
    assert await service.call("PUT", f"/contacts/{created['id']}", again) == created


async def test_what_is_not_known_is_not_listened_to(service: Service) -> None:
    """Unknown keys, keys that nobody may write, and lists where a text belongs change nothing."""
    created = await service.create(name="Nadia", id=99, account_id=7, nonsense=1, extension="3", city=["x"])
    assert created["id"] != 99
    assert created["account_id"] == service.account.id
    assert (created["extension"], created["city"]) == (None, None)
    assert "nonsense" not in created


async def test_values_are_cast_to_what_the_field_holds(service: Service) -> None:
    """A number becomes a text, a text becomes a number, and any word but the false ones is true."""
    created = await service.create(
        customer_id=str(service.customer), zip=2293, opt_out="1", properties={"notification_billing": True}
    )
    assert (created["zip"], created["opt_out"]) == ("2293", True)
    assert created["properties"] == {"notification_billing": "1"}


@pytest.mark.parametrize("email", ["nobody", "two@at@contoso.example", "a b@contoso.example", "@x"])
async def test_an_email_has_to_be_one(service: Service, email: str) -> None:
    """The refusal shows the record that was not saved, and nothing is kept."""
    body = {"customer_id": service.customer, "name": "Bad Email", "email": email}
    refused = await service.refused("POST", "/contacts", body)
    assert refused["errors"] == "Email is not an email"
    record = refused["record"]
    assert (record["id"], record["created_at"], record["updated_at"]) == (None, None, None)
    assert (record["name"], record["email"]) == ("Bad Email", email)
    assert not service.account.contacts


async def test_a_contact_may_have_no_email_and_no_name(service: Service) -> None:
    """Only the customer is required of a new contact."""
    assert (await service.create(email=""))["email"] == ""
    assert (await service.create())["name"] is None


async def test_a_refused_change_changes_nothing(service: Service) -> None:
    """The record shows what was tried; the contact is as it was."""
    created = await service.create(name="Nadia", email="nadia@contoso.example")
    path = f"/contacts/{created['id']}"
    refused = await service.refused("PUT", path, {"name": "Other", "email": "nobody"})
    assert refused["errors"] == "Email is not an email"
    assert (refused["record"]["id"], refused["record"]["name"]) == (created["id"], "Other")
    assert await service.call("GET", path) == created


async def test_a_contact_needs_a_customer_that_exists(service: Service) -> None:
    """A new one without any is refused, with an unknown one not found; a change to an unknown is refused."""
    missing = await service.refused("POST", "/contacts", {"name": "Nadia"})
    assert missing["errors"] == "Customer can't be blank"
    foreign = service.syncro.add_account("other", name="Other").add_customer("Foreign")
    for customer_id in (foreign, 12345):
        answer = await service.ask("POST", "/contacts", {"customer_id": customer_id})
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    created = await service.create(name="Nadia")
    for unknown in (foreign, None, "x"):
        body = {"name": "Nadia", "customer_id": unknown}
        refused = await service.refused("PUT", f"/contacts/{created['id']}", body)
        assert refused["errors"] == "Customer can't be blank"
    second = service.account.add_customer("Fabrikam")
    moved = await service.call("PUT", f"/contacts/{created['id']}", {"customer_id": second})
    assert moved["customer_id"] == second


async def test_everything_that_is_wrong_is_said(service: Service) -> None:
    """Two problems make one text."""
    refused = await service.refused("POST", "/contacts", {"email": "nobody"})
    assert refused["errors"] == "Customer can't be blank, Email is not an email"


async def test_a_foreign_contact_looks_like_none(service: Service) -> None:
    """An id of another account, no number, and an id that never was are the same 404."""
    other = service.syncro.add_account("other", name="Other")
    foreign = other.add_contact(other.add_customer("Foreign"), name="Foreign")
    own = str(service.account.add_contact(service.customer, name="Nadia"))
    in_other_digits = own.translate({ord("0") + digit: chr(0x0660 + digit) for digit in range(10)})
    for contact_id in (foreign, 99999, "abc", in_other_digits):
        answer = await service.ask("GET", f"/contacts/{contact_id}")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


async def test_a_list_is_of_one_customer_or_of_all(service: Service) -> None:
    """The filter is by customer; one that there is not has no contacts."""
    second = service.account.add_customer("Fabrikam")
    first = service.account.add_contact(service.customer, name="First")
    other = service.account.add_contact(second, name="Other")
    for query, expected in (
        ("", [first, other]),
        (f"?customer_id={service.customer}", [first]),
        (f"?customer_id={second}", [other]),
        ("?customer_id=99999", []),
        ("?customer_id=abc", []),
    ):
        found = await service.call("GET", f"/contacts{query}")
        assert [contact["id"] for contact in found["contacts"]] == expected
        assert found["meta"]["total_entries"] == len(expected)


async def test_a_list_comes_in_pages_of_fifty(service: Service) -> None:
    """Every contact is on exactly one page, and beyond the last there is an empty list."""
    ids = [service.account.add_contact(service.customer, name=f"{number}") for number in range(101)]
    seen: list[int] = []
    for page, size in ((1, 50), (2, 50), (3, 1), (4, 0)):
        found = await service.call("GET", f"/contacts?customer_id={service.customer}&page={page}")
        assert found["meta"] == {"total_pages": 3, "total_entries": 101, "per_page": 50, "page": page}
        assert len(found["contacts"]) == size
        seen += [contact["id"] for contact in found["contacts"]]
    assert seen == ids
    service.account.delete_contact(ids[0])
    assert (await service.call("GET", "/contacts"))["meta"]["total_pages"] == 2
    first = await service.call("GET", "/contacts?page=nonsense&per_page=100")
    assert (first["meta"]["page"], len(first["contacts"])) == (1, 50)
    service.account.behaviour.per_page = 200
    assert len((await service.call("GET", "/contacts"))["contacts"]) == 100
    empty = (await service.call("GET", "/contacts?customer_id=0"))["meta"]
    assert (empty["total_pages"], empty["total_entries"]) == (1, 0)


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[1", b"nonsense"])
async def test_a_body_that_is_no_json_is_a_bad_request(service: Service, content: bytes) -> None:
    """400, and nothing has happened."""
    answer = await service.http.post(
        f"{service.base_url}/acme/api/v1/contacts",
        content=content,
        headers={"Authorization": f"Bearer {service.token}", "Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert not service.account.contacts


async def test_a_body_that_is_not_called_json_has_no_parameters(service: Service) -> None:
    """It is as if nothing had been sent."""
    answer = await service.http.post(
        f"{service.base_url}/acme/api/v1/contacts",
        content=f'{{"customer_id": {service.customer}}}',
        headers={"Authorization": f"Bearer {service.token}", "Content-Type": "text/plain"},
    )
    assert answer.json()["errors"] == "Customer can't be blank"


async def test_every_write_that_took_effect_is_told(service: Service) -> None:
    """Reads, refusals and what is done by hand are not."""
    told: list[tuple[str, int | None]] = []
    service.account.on_write = lambda operation, record: told.append((operation, record))
    created = (await service.create(name="Nadia"))["id"]
    await service.refused("PUT", f"/contacts/{created}", {"email": "nobody"})
    await service.call("GET", f"/contacts/{created}")
    service.account.edit_contact(created, name="By hand")
    await service.call("PUT", f"/contacts/{created}", {"name": "Nadia"})
    await service.call("DELETE", f"/contacts/{created}")
    await service.call("PUT", f"/customers/{service.customer}", {"notes": "Noted"})
    added = (await service.call("POST", "/customers", {"business_name": "New"}))["customer"]["id"]
    assert told == [
        ("create_contact", created),
        ("update_contact", created),
        ("delete_contact", created),
        ("update_customer", service.customer),
        ("create_customer", added),
    ]


async def test_a_hook_that_fails_is_an_error_after_the_write(service: Service) -> None:
    """The caller gets a 500, and the contact is there."""

    def fail(_operation: str, _record: int | None) -> None:
        raise RuntimeError("on purpose")

    service.account.on_write = fail
    answer = await service.ask("POST", "/contacts", {"customer_id": service.customer, "name": "Nadia"})
    assert answer.status_code == 500
    assert [contact.name for contact in service.account.contacts.values()] == ["Nadia"]


async def test_a_technician_edits_without_being_checked(service: Service) -> None:
    """What is filled in by hand is kept as it is, with its formatting; properties go beside the others."""
    service.account.contact_custom_fields.add("Badge")
    second = service.account.add_customer("Fabrikam")
    contact = service.account.add_contact(service.customer, name="Nadia", title="CFO", phone="(1) 2-3")
    service.clock.advance(minutes=1)
    service.account.edit_contact(contact, email="nobody", properties={"Badge": 7}, customer_id=second)
    found = await service.call("GET", f"/contacts/{contact}")
    assert (found["email"], found["phone"], found["processed_phone"]) == ("nobody", "(1) 2-3", "123")
    assert found["properties"] == {"title": "CFO", "Badge": "7"}
    assert (found["customer_id"], found["updated_at"]) == (second, "2026-06-01T09:01:00.000Z")
    service.account.delete_contact(contact)
    assert (await service.ask("GET", f"/contacts/{contact}")).status_code == 404


@pytest.mark.parametrize("fields", [{"nonsense": 1}, {"properties": {"Undefined": "1"}}, {"id": 3}])
async def test_a_technician_fills_in_only_what_there_is(service: Service, fields: dict[str, Any]) -> None:
    """A slip of the pen in a test or a command is noticed, and nothing has changed."""
    contact = service.account.add_contact(service.customer, name="Nadia")
    with pytest.raises(ValueError, match="contact"):
        service.account.edit_contact(contact, name="Changed", **fields)
    with pytest.raises(ValueError, match="contact"):
        service.account.add_contact(service.customer, **fields)
    assert [held.name for held in service.account.contacts.values()] == ["Nadia"]


async def test_merged_contacts_are_one(service: Service) -> None:
    """The one that stays keeps what it has and takes what it lacks; the other is gone."""
    gone = service.account.add_contact(
        service.customer, name="N.", email="n@contoso.example", city="Leeds", title="CFO"
    )
    service.account.edit_contact(gone, properties={"notification_billing": "1"})
    into = service.account.add_contact(
        service.customer, name="Nadia", email="nadia@contoso.example", title="COO"
    )
    service.account.merge_contacts(gone, into)
    found = await service.call("GET", f"/contacts/{into}")
    assert (found["name"], found["email"], found["city"]) == ("Nadia", "nadia@contoso.example", "Leeds")
    assert found["properties"] == {"title": "COO", "notification_billing": "1"}
    assert list(service.account.contacts) == [into]
    with pytest.raises(ValueError, match="itself"):
        service.account.merge_contacts(into, into)
