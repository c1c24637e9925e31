"""Whatever the simulated Atera answers is what the maker's own document says it answers.

What the document does not have and the service is known to do is written down here, status by status.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox.simulators.atera import Behaviour
from tests.sandbox.atera_harness import Service, serve_atera
from tests.sandbox.vendor_documents import Document

DOCUMENT = Document.load("atera-openapi.json")
# The document has no answer about keys, permissions, duplicates and limits, and for most operations none
# about what there is not.
UNDOCUMENTED = {401, 402, 403, 404, 409, 429}
pytestmark = pytest.mark.skipif(DOCUMENT is None, reason="the maker's OpenAPI document of Atera is not there")


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve_atera() as served:
        yield served


def content_of(answer: httpx.Response) -> Any:
    return json.loads(answer.content) if answer.content else None


def check(answer: httpx.Response) -> int:
    """Hold an answer to the document and return its status; a refusal has ProblemDetails or no body."""
    assert DOCUMENT is not None
    method, path = answer.request.method, answer.request.url.raw_path.decode()
    status, body = answer.status_code, content_of(answer)
    if status in UNDOCUMENTED and not DOCUMENT.documents(method, path, status):
        if status == 401:
            assert body is None
        else:
            DOCUMENT.check_schema("ProblemDetails", body)
    else:
        DOCUMENT.check_response(method, path, status, body)
    return status


async def answers(service: Service) -> list[httpx.Response]:
    """Every operation once as it should be, once with what there is not, and once with nonsense."""
    account = service.account
    for name, data_type in (("Id", "Text"), ("Seats", "Numeric"), ("Since", "Date"), ("VIP", "Boolean")):
        account.add_custom_field(name, "Contact", data_type)
        account.add_custom_field(name, "Customer", data_type)
    account.add_department("Sales")
    service.add_people(3)
    values = {"Id": "x", "Seats": "2", "Since": "2026-03-02", "VIP": "true"}
    contact = {"Email": "jane@contoso.example", "CustomerID": service.contoso, "DepartmentName": "Sales"}
    whole = {"Firstname": "Jane", "Phone": "+44 20", "IsContactPerson": True, "DefaultAgentId": 3}
    got = [await service.ask("POST", "contacts", {**contact, **whole})]
    contact_id = max(account.contacts)
    paths = (
        "account",
        "contacts",
        "contacts?itemsInPage=2&page=2",
        "contacts?itemsInPage=2&page=9",
        "contacts?page=x",
        "contacts?itemsInPage=51",
        f"contacts/{contact_id}",
        "contacts/1",
        "customers?itemsInPage=1",
        "customers?SortBy=x",
        f"customers/{service.contoso}",
        "customers/1",
        "departments",
        "departments?page=0",
        f"departments/{next(iter(account.departments))}",
        "departments/1",
        "customvalues/customfields",
    )
    got += [await service.ask("GET", path) for path in paths]
    for method in ("PUT", "POST"):
        for target, body in (
            (contact_id, {"JobTitle": "CFO", "Archived": True}),
            (contact_id, {"Phone": 1}),
            (1, {}),
        ):
            got.append(await service.ask(method, f"contacts/{target}", body))
        for kind, item_id in (("contact", contact_id), ("customer", service.contoso)):
            for name, value in values.items():
                path = f"customvalues/{kind}field/{item_id}/{name}"
                got.append(await service.ask(method, path, {"Value": value}))
                got.append(await service.ask(method, path, {"Value": 1}))
                got.append(await service.ask("GET", path))
            got.append(await service.ask("GET", f"customvalues/{kind}fields/{item_id}"))
            got.append(await service.ask("GET", f"customvalues/{kind}fields/1"))
            got.append(await service.ask("GET", f"customvalues/{kind}field/{item_id}/Nothing"))
    contacts: tuple[Any, ...] = (contact, {}, {**contact, "CustomerID": 1})
    got += [await service.ask("POST", "contacts", body) for body in contacts]
    got += [await service.ask("POST", "departments", body) for body in ({"Name": "Finance"}, {})]
    got += [await service.ask("DELETE", f"contacts/{contact_id}") for _ in range(2)]
    got.append(await service.ask("DELETE", "contacts/jane"))
    return got


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(),
        Behaviour(empty_next_link="empty", phones="digits", text_limit=2, null="clears"),
        Behaviour(long_page="refused", unknown_field_status=404, duplicate_email="per_account"),
    ],
    ids=["as it starts", "other texts", "other refusals"],
)
async def test_every_answer_is_as_documented(service: Service, behaviour: Behaviour) -> None:
    """Statuses, names, types and formats are the document's, whichever way the account behaves."""
    service.account.behaviour = behaviour
    statuses = {check(answer) for answer in await answers(service)}
    assert statuses == {200, 201, 204, 400, 404, 409}


async def test_refusals_before_the_work_have_a_problem_or_nothing(service: Service) -> None:
    """Missing keys, permissions, suspended accounts and limits are the undocumented answers."""
    account = service.account
    bare = {"Authorization": f"Bearer {account.add_key(permissions=[])}"}
    got = [
        await service.ask("GET", "contacts", headers={}),
        await service.ask("GET", "contacts", headers=bare),
    ]
    account.suspended, account.behaviour.suspended_status = True, 402
    got.append(await service.ask("GET", "contacts"))
    account.behaviour.calls_per_minute = 1
    got.append(await service.ask("GET", "contacts"))
    assert [check(answer) for answer in got] == [401, 403, 402, 429]


async def test_a_failure_is_as_documented(service: Service) -> None:
    """A 500 is in the document, and it is all that is known of it."""

    def fail(_what: str, _item_id: int | None) -> None:
        raise RuntimeError

    service.account.on_write = fail
    body = {"Email": "jane@contoso.example", "CustomerID": service.contoso}
    assert check(await service.ask("POST", "contacts", body)) == 500


async def test_only_the_switches_for_it_leave_the_document(service: Service) -> None:
    """An id as a number, and 200 for what was created, are what clients have seen and the document denies."""
    assert DOCUMENT is not None
    for switch in ({"action_id": "number"}, {"created_status": 200}):
        service.account.behaviour = Behaviour()
        service.account.behaviour.change(dict(switch))
        answer = await service.ask(
            "POST", "contacts", {"Email": f"{'.'.join(switch)}@b.example", "CustomerID": service.contoso}
        )
        with pytest.raises(AssertionError):
            DOCUMENT.check_response("POST", "/api/v3/contacts", answer.status_code, answer.json())
