"""Single contacts of the simulated Atera: through the API, and by a technician's hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from tests.sandbox.atera_harness import Service, serve_atera


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve_atera() as served:
        yield served


async def test_a_created_contact_is_what_was_sent(service: Service) -> None:
    """The id is told as text, and everything that was not sent is null or false."""
    body = {
        "Email": "Jane.Doe@contoso.example",
        "CustomerID": service.contoso,
        "Firstname": "Jane",
        "Phone": "+44 20 7946 0000",
        "IsContactPerson": True,
    }
    created = await service.ask("POST", "contacts", body)
    assert created.status_code == 201
    contact_id = created.json()["ActionID"]
    assert isinstance(contact_id, str)
    assert await service.get(f"contacts/{contact_id}") == {
        "EndUserID": int(contact_id),
        "CustomerID": service.contoso,
        "CustomerName": "Contoso",
        "Firstname": "Jane",
        "Lastname": None,
        "JobTitle": None,
        "Email": "Jane.Doe@contoso.example",
        "Phone": "+44 20 7946 0000",
        "MobilePhone": None,
        "IsContactPerson": True,
        "InIgnoreMode": False,
        "CreatedOn": "2026-03-02T00:00:00Z",
        "LastModified": "2026-03-02T00:00:00Z",
        "Archived": False,
        "DepartmentID": None,
        "DepartmentName": None,
        "DefaultAgentId": None,
    }


async def test_the_id_may_be_a_number_and_the_status_200(service: Service) -> None:
    """Both have been seen by clients, so a client has to understand both."""
    service.account.behaviour.action_id, service.account.behaviour.created_status = "number", 200
    created = await service.ask(
        "POST", "contacts", {"Email": "jane@contoso.example", "CustomerID": service.contoso}
    )
    (contact_id,) = service.account.contacts
    assert (created.status_code, created.json()) == (200, {"ActionID": contact_id})
    assert (await service.update(contact_id, JobTitle="CFO")).json() == {"ActionID": contact_id}


async def test_a_customer_may_be_named(service: Service) -> None:
    """The name is taken in any case, and an id goes before a name."""
    by_name = {"Email": "jane@contoso.example", "CustomerName": "CONTOSO"}
    assert (await service.ask("POST", "contacts", by_name)).status_code == 201
    both = {**by_name, "CustomerID": service.fabrikam}
    assert (await service.ask("POST", "contacts", both)).status_code == 201
    customers = [contact.customer_id for contact in service.account.contacts.values()]
    assert customers == [service.contoso, service.fabrikam]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"Email": None}, "Email"),
        ({"Email": ""}, "Email"),
        ({"Email": " "}, "Email"),
        ({"Email": 1}, "$.Email"),
        ({"CustomerID": None}, "CustomerID"),
        ({"CustomerID": 1}, "CustomerID"),
        ({"CustomerID": None, "CustomerName": "Nobody"}, "CustomerName"),
        ({"CustomerID": "60001"}, "$.CustomerID"),
        ({"DepartmentID": 1}, "DepartmentID"),
        ({"DepartmentName": "Nowhere"}, "DepartmentName"),
        ({"IsContactPerson": "yes"}, "$.IsContactPerson"),
        ({"Firstname": 7}, "$.Firstname"),
    ],
)
async def test_a_contact_that_makes_no_sense_is_refused(
    service: Service, wrong: dict[str, object], field: str
) -> None:
    """The answer is 400 with ProblemDetails that name the field, and nothing is created."""
    body = {"Email": "jane@contoso.example", "CustomerID": service.contoso, **wrong}
    answer = await service.ask("POST", "contacts", body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    problem = answer.json()
    assert (problem["status"], list(problem["errors"])) == (400, [field])
    assert not service.account.contacts


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"'])
async def test_a_body_that_is_no_object_is_refused(service: Service, content: bytes) -> None:
    """The answer is 400 with ProblemDetails."""
    answer = await service.ask("POST", "contacts", content=content)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)


@pytest.mark.parametrize(
    ("scope", "same_customer", "other_customer"),
    [("allow", 201, 201), ("per_customer", 409, 201), ("per_account", 409, 409)],
)
async def test_an_address_is_taken_as_far_as_the_account_says(
    service: Service,
    scope: Literal["allow", "per_customer", "per_account"],
    same_customer: int,
    other_customer: int,
) -> None:
    """It is compared without regard to case, and archived contacts count."""
    contact_id = await service.create("jane@contoso.example")
    await service.update(contact_id, Archived=True)
    service.account.behaviour.duplicate_email = scope
    for customer, expected in ((service.fabrikam, other_customer), (service.contoso, same_customer)):
        body = {"Email": "JANE@Contoso.example", "CustomerID": customer}
        answer = await service.ask("POST", "contacts", body)
        assert answer.status_code == expected
        assert expected == 201 or answer.json()["status"] == 409


async def test_nobody_moves_to_where_the_address_is_taken(service: Service) -> None:
    """Moving is refused with 409; staying is not a move."""
    await service.create("jane@contoso.example")
    moving = await service.create("jane@contoso.example", CustomerID=service.fabrikam)
    assert (await service.update(moving, CustomerID=service.contoso)).status_code == 409
    assert (await service.update(moving, CustomerName="Fabrikam", JobTitle="CFO")).status_code == 200
    assert (service.contact(moving).customer_id, service.contact(moving).job_title) == (
        service.fabrikam,
        "CFO",
    )


async def test_somebody_can_move_to_another_customer(service: Service) -> None:
    """The name of the customer follows."""
    contact_id = await service.create()
    await service.update(contact_id, CustomerID=service.fabrikam)
    assert (await service.get(f"contacts/{contact_id}"))["CustomerName"] == "Fabrikam"


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_an_update_changes_what_it_names(service: Service, method: str) -> None:
    """Both methods do the same, and the time of the change is kept, not that of the creation."""
    contact_id = await service.create(Firstname="Jane", JobTitle="CFO")
    service.clock.advance(timedelta(hours=1))
    answer = await service.ask(method, f"contacts/{contact_id}", {"JobTitle": "COO"})
    assert (answer.status_code, answer.json()) == (200, {"ActionID": str(contact_id)})
    content = await service.get(f"contacts/{contact_id}")
    assert (content["Firstname"], content["JobTitle"]) == ("Jane", "COO")
    assert (content["CreatedOn"], content["LastModified"]) == ("2026-03-02T00:00:00Z", "2026-03-02T01:00:00Z")


async def test_a_contact_can_be_archived_and_restored(service: Service) -> None:
    """Being archived is a property like any other."""
    contact_id = await service.create()
    await service.update(contact_id, Archived=True)
    assert (await service.get(f"contacts/{contact_id}"))["Archived"] is True
    await service.update(contact_id, Archived=False)
    assert (await service.get(f"contacts/{contact_id}"))["Archived"] is False


@pytest.mark.parametrize(("null", "expected"), [("unchanged", ("CFO", True)), ("clears", (None, False))])
async def test_null_leaves_or_clears_as_the_account_says(
    service: Service, null: Literal["unchanged", "clears"], expected: tuple[str | None, bool]
) -> None:
    """Nobody knows which it is; a customer cannot be cleared in any case."""
    service.account.behaviour.null = null
    department = service.account.add_department("Finance")
    contact_id = await service.create(JobTitle="CFO", InIgnoreMode=True, DepartmentID=department)
    body = {"JobTitle": None, "InIgnoreMode": None, "DepartmentID": None, "CustomerID": None}
    assert (await service.update(contact_id, **body)).status_code == 200
    contact = service.contact(contact_id)
    assert (contact.job_title, contact.in_ignore_mode) == expected
    assert contact.department_id == (department if null == "unchanged" else None)
    assert contact.customer_id == service.contoso


async def test_an_empty_text_clears(service: Service) -> None:
    """What was cleared is null when it is read."""
    service.account.add_department("Finance")
    contact_id = await service.create(JobTitle="CFO", Phone="1", DepartmentName="finance")
    assert (await service.get(f"contacts/{contact_id}"))["DepartmentName"] == "Finance"
    await service.update(contact_id, JobTitle="", Phone="", DepartmentName="")
    content = await service.get(f"contacts/{contact_id}")
    assert [content[name] for name in ("JobTitle", "Phone", "DepartmentID", "DepartmentName")] == [None] * 4


async def test_an_unknown_field_is_ignored(service: Service) -> None:
    """An address in an update is such a field: the answer is 200 and the address stays as it was."""
    contact_id = await service.create("jane@contoso.example")
    answer = await service.update(contact_id, Email="new@contoso.example", firstname="Jane", JobTitle="CFO")
    assert answer.status_code == 200
    contact = service.contact(contact_id)
    assert (contact.email, contact.first_name, contact.job_title) == ("jane@contoso.example", None, "CFO")


async def test_an_unknown_field_may_be_refused(service: Service) -> None:
    """Then nothing else of the update happens either."""
    service.account.behaviour.unknown_fields = "refused"
    contact_id = await service.create("jane@contoso.example")
    answer = await service.update(contact_id, Email="new@contoso.example", JobTitle="CFO")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Email"])
    assert service.contact(contact_id).job_title is None


async def test_phones_may_lose_their_formatting(service: Service) -> None:
    """Then a client reads other text than it wrote."""
    service.account.behaviour.phones = "digits"
    contact_id = await service.create(Phone="+44 (20) 7946-0000", MobilePhone="none")
    await service.update(contact_id, JobTitle="+44")
    contact = service.contact(contact_id)
    assert (contact.phone, contact.mobile_phone, contact.job_title) == ("442079460000", None, "+44")


async def test_long_texts_may_be_cut(service: Service) -> None:
    """The address is not cut, nor is what is no longer than the limit."""
    service.account.behaviour.text_limit = 3
    contact_id = await service.create("jane@contoso.example", Firstname="Jane", Lastname="Doe")
    await service.update(contact_id, JobTitle="Chief")
    contact = service.contact(contact_id)
    assert (contact.first_name, contact.last_name, contact.job_title) == ("Jan", "Doe", "Chi")
    assert contact.email == "jane@contoso.example"


async def test_the_date_of_creation_may_be_given(service: Service) -> None:
    """With an offset it is what it says; without one it is the account's own time."""
    account = service.atera.add_account("Fourth Coffee", time_zone="America/Los_Angeles")
    customer, key = account.add_customer("Contoso"), account.add_key()
    for email, text in (("a@b.example", "2025-01-20T09:00:00+01:00"), ("c@d.example", "2025-01-20T00:00:00")):
        body = {"Email": email, "CustomerID": customer, "CreatedOn": text}
        answer = await service.ask("POST", "contacts", body, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 201
    created = [contact.created_on for contact in account.contacts.values()]
    assert created == [datetime(2025, 1, 20, 8, tzinfo=UTC)] * 2


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
async def test_a_contact_that_there_is_not_is_404(service: Service, method: str) -> None:
    """The answer has ProblemDetails; an id that is no number is 400."""
    missing = await service.ask(method, "contacts/999999", None if method in ("GET", "DELETE") else {})
    assert (missing.status_code, missing.json()["status"]) == (404, 404)
    wrong = await service.ask(method, "contacts/jane", None if method in ("GET", "DELETE") else {})
    assert wrong.status_code == 400


async def test_a_deleted_contact_is_gone(service: Service) -> None:
    """Its custom values go with it, and its address is free again."""
    service.account.add_custom_field("EntraObjectId")
    contact_id = await service.create("jane@contoso.example")
    service.account.custom_values[contact_id, "EntraObjectId"] = "x"
    answer = await service.ask("DELETE", f"contacts/{contact_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await service.ask("GET", f"contacts/{contact_id}")).status_code == 404
    assert not service.account.custom_values
    assert await service.create("jane@contoso.example") != contact_id


async def test_the_write_hook_hears_of_every_write_that_took_effect(service: Service) -> None:
    """Reads, refused writes and what a technician does by hand are not heard of."""
    heard: list[tuple[str, int | None]] = []
    service.account.on_write = lambda what, item_id: heard.append((what, item_id))
    service.account.add_custom_field("EntraObjectId")
    by_hand = service.account.add_contact(service.contoso, "by.hand@contoso.example")
    contact_id = await service.create("jane@contoso.example")
    await service.ask("POST", "contacts", {"Email": "jane@contoso.example", "CustomerID": service.contoso})
    await service.update(contact_id, JobTitle="CFO")
    await service.get("contacts")
    await service.ask("PUT", f"customvalues/contactfield/{by_hand}/EntraObjectId", {"Value": "x"})
    await service.ask("POST", "departments", {"Name": "Finance"})
    await service.ask("DELETE", f"contacts/{contact_id}")
    (department,) = service.account.departments
    assert heard == [
        ("contact created", contact_id),
        ("contact updated", contact_id),
        ("contact value set", by_hand),
        ("department created", department),
        ("contact deleted", contact_id),
    ]


async def test_a_hook_that_raises_leaves_the_write_in_place(service: Service) -> None:
    """The caller is answered 500 without a body, and the contact is there."""

    def fail(_what: str, _item_id: int | None) -> None:
        raise RuntimeError("the power is gone")

    service.account.on_write = fail
    body = {"Email": "jane@contoso.example", "CustomerID": service.contoso}
    answer = await service.ask("POST", "contacts", body)
    assert (answer.status_code, answer.content) == (500, b"")
    assert [contact.email for contact in service.account.contacts.values()] == ["jane@contoso.example"]


async def test_a_technician_may_do_what_the_api_may_not(service: Service) -> None:
    """By hand an address can be changed, also to one that is taken; a customer has to be there."""
    first = service.account.add_contact(service.contoso, "jane@contoso.example", first_name="Jane")
    second = service.account.add_contact(service.contoso, "john@contoso.example")
    service.clock.advance(timedelta(hours=1))
    service.account.edit_contact(second, email="jane@contoso.example", archived=True)
    content = await service.get(f"contacts/{second}")
    assert (content["Email"], content["Archived"]) == ("jane@contoso.example", True)
    assert content["LastModified"] == "2026-03-02T01:00:00Z"
    service.account.delete_contact(first)
    assert (await service.ask("GET", f"contacts/{first}")).status_code == 404
    with pytest.raises(LookupError):
        service.account.add_contact(1, "jane@contoso.example")
    with pytest.raises(LookupError):
        service.account.edit_contact(second, customer_id=1)
    with pytest.raises(ValueError, match="shoe_size"):
        service.account.edit_contact(second, shoe_size=42)


async def test_of_two_merged_contacts_one_is_gone(service: Service) -> None:
    """The other keeps what it has; its address is the only one that lists still find."""
    gone = service.account.add_contact(service.contoso, "j.doe@contoso.example", job_title="CFO")
    into = service.account.add_contact(service.contoso, "jane@contoso.example")
    service.account.merge_contacts(gone, into)
    assert [item["EndUserID"] for item in (await service.get("contacts"))["items"]] == [into]
    assert (await service.get(f"contacts/{into}"))["JobTitle"] is None
    with pytest.raises(ValueError, match="itself"):
        service.account.merge_contacts(into, into)
