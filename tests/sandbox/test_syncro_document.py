"""What the simulated SyncroMSP answers, held to the vendor's own document.

One walk makes every call of the API end in every way it can, under every behaviour that changes what an
answer looks like. Whatever the document describes has to be as it describes it; the rest is listed here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from tests.sandbox.syncro_harness import Body, Service, serve_syncro
from tests.sandbox.vendor_documents import DOCUMENTS, Document, Mismatch

NAME = "syncro-swagger.json"
# Seen in live answers, and not in the document's examples of a contact.
LIVE_KEYS = frozenset({"processed_phone", "processed_mobile", "ticket_matching_emails"})
CONTACT = {
    "name": "Nadia",
    "email": "nadia@contoso.example",
    "phone": "(1) 2-3",
    "mobile": "",
    "address1": "1 High St",
    "notes": "Noted",
    "properties": {"title": "CFO"},
}
# What the document says nothing of: a token that is not valid (everywhere; where a missing permission is
# documented, both have the same shape), a missing permission, and records that there are not.
UNDOCUMENTED = frozenset(
    {
        ("GET", "/me", 401),
        ("GET", "/customers", 401),
        ("POST", "/customers", 401),
        ("GET", "/customers/{id}", 401),
        ("PUT", "/customers/{id}", 401),
        ("PUT", "/customers/{id}", 404),
    }
)
OPERATIONS = (
    ("GET", "/me"),
    ("GET", "/contacts"),
    ("POST", "/contacts"),
    ("GET", "/contacts/{id}"),
    ("PUT", "/contacts/{id}"),
    ("DELETE", "/contacts/{id}"),
    ("GET", "/customers"),
    ("POST", "/customers"),
    ("GET", "/customers/{id}"),
    ("PUT", "/customers/{id}"),
)


class Answered(NamedTuple):
    """One call and its answer; `template` is the path as the document writes it."""

    method: str
    template: str
    path: str
    status: int
    body: Any


class Walk:
    """Makes calls and keeps what was answered."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.answers: list[Answered] = []

    async def ask(self, method: str, template: str, body: object = None, **options: Any) -> Body:
        """Make a call; `id` goes into the path, `query` behind it, and the rest to the service."""
        record, query = options.pop("id", ""), options.pop("query", "")
        path = template.replace("{id}", str(record)) + query
        answer = await self._service.ask(method, path, body, **options)
        content: Body = answer.json()
        self.answers.append(Answered(method, template, f"/api/v1{path}", answer.status_code, content))
        return content

    async def everything(self) -> None:
        """Let every call end in every way."""
        account, customer = self._service.account, self._service.customer
        nothing = account.add_token(permissions=[])
        for method, template in OPERATIONS:
            for token in (nothing, "nonsense", ""):
                await self.ask(method, template, id=customer, token=token)
            if "{id}" in template:
                await self.ask(method, template, {"name": "Nadia"}, id=99999)
        await self.ask("GET", "/me")
        await self.ask("GET", "/contacts", query="?page=3")
        for fields in (CONTACT, {}, dict.fromkeys(CONTACT)):
            contact = await self.ask("POST", "/contacts", {"customer_id": customer, **fields})
            await self.ask("GET", "/contacts/{id}", id=contact["id"])
            await self.ask("PUT", "/contacts/{id}", {"name": "Nadia", "title": "COO"}, id=contact["id"])
            await self.ask("PUT", "/contacts/{id}", {"email": "nobody"}, id=contact["id"])
            await self.ask("PUT", "/contacts/{id}", {"customer_id": 99999}, id=contact["id"])
        await self.ask("GET", "/contacts", query=f"?customer_id={customer}")
        await self.ask("DELETE", "/contacts/{id}", id=contact["id"])
        await self.ask("POST", "/contacts", {"customer_id": 99999})
        await self.ask("POST", "/contacts", {"customer_id": customer, "name": "Bad", "email": "xxx"})
        await self.ask("POST", "/contacts", {"name": "Nobody's"})
        await self.ask("POST", "/contacts", {"customer_id": customer, "name": "x" * 31})
        await self.ask("GET", "/customers")
        await self.ask("GET", "/customers", query="?business_name=nothing")
        await self.ask("GET", "/customers/{id}", id=customer)
        await self.ask("POST", "/customers", {"firstname": "Ada", "phone": "123", "tax_rate_id": 4})
        await self.ask("POST", "/customers", {"business_name": "X", "firstname": "Y", **NO_EMAIL})
        await self.ask("PUT", "/customers/{id}", {"properties": {"Tier": "1"}}, id=customer)
        await self.ask("PUT", "/customers/{id}", NO_EMAIL, id=customer)


NO_EMAIL = {"lastname": "Last", "email": "not an email"}


@pytest.fixture(scope="module")
def document() -> Document:
    found = Document.load(NAME)
    if found is None:
        pytest.skip(f"the vendor's document is not there: {DOCUMENTS / NAME}")
    return found


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve_syncro(calls_per_minute=None) as served:
        served.account.customer_custom_fields.add("Tier")
        yield served


def as_documented(answered: Answered) -> Any:
    """Return an answer without what is known not to be in the document.

    That is the keys of contacts that only live answers have, and that a name may be null: one schema of the
    document says that it may not, and its own calls ask for no name.
    """
    body = answered.body
    if answered.status == 200 and answered.template == "/contacts" and answered.method == "GET":
        return {**body, "contacts": [_without_live_keys(contact) for contact in body["contacts"]]}
    if answered.status == 200 and answered.template.startswith("/contacts") and answered.method != "DELETE":
        return {**_without_live_keys(body), "name": body["name"] or ""}
    if answered.status == 422 and answered.template == "/contacts":
        # The one example of the document that has two of them.
        return {**body, "record": _without_live_keys(body["record"], {"ticket_matching_emails"})}
    if answered.status == 422 and answered.template == "/contacts/{id}":
        return {**body, "record": _without_live_keys(body["record"])}
    return body


def _without_live_keys(contact: Body, live: frozenset[str] | set[str] = LIVE_KEYS) -> Body:
    return {name: value for name, value in contact.items() if name not in live}


@pytest.mark.parametrize(
    "behaviour",
    [
        {},
        {"properties_on_update": "replace", "properties_on_create": "ignored", "unknown_properties": "kept"},
        {"phones": "digits", "duplicate_email": "per_customer", "null": "unchanged"},
        {"update": "whole", "name_required_on_update": True, "text_limit": 30},
    ],
)
async def test_every_answer_is_documented_or_known_not_to_be(
    document: Document, service: Service, behaviour: Body
) -> None:
    """The status, the keys and their types are the document's; every documented status occurs."""
    await service.control("PATCH", "accounts/acme/behaviour", **behaviour)
    walk = Walk(service)
    await walk.everything()
    undocumented: set[tuple[str, str, int]] = set()
    for answered in walk.answers:
        if document.documents(answered.method, answered.path, answered.status):
            document.check_response(answered.method, answered.path, answered.status, as_documented(answered))
        else:
            undocumented.add((answered.method, answered.template, answered.status))
    assert undocumented == UNDOCUMENTED
    seen = {(answered.method, answered.template, answered.status) for answered in walk.answers}
    documented = {
        (method, template, int(status))
        for method, template in OPERATIONS
        for status in document.content["paths"][template][method.lower()]["responses"]
    }
    assert documented <= seen


async def test_refusals_of_customers_are_as_documented_word_for_word(
    document: Document, service: Service
) -> None:
    """The texts are the document's too: those of a missing permission, a missing record, a wrong address."""
    nothing = service.account.add_token(permissions=[])
    for method, template, status, answer in (
        ("GET", "/contacts", 401, await service.ask("GET", "/contacts", token=nothing)),
        ("GET", "/contacts/{id}", 404, await service.ask("GET", "/contacts/99999")),
    ):
        assert answer.json() == _example(document, method, template, status)
    wrong = {
        "business_name": "Real Business",
        "firstname": "First",
        "lastname": "Last",
        "email": "it is not an email",
    }
    assert await service.refused("POST", "/customers", wrong) == _example(document, "POST", "/customers", 422)
    path = f"/customers/{service.customer}"
    assert await service.refused("PUT", path, NO_EMAIL) == _example(document, "PUT", "/customers/{id}", 422)
    refused = await service.refused("POST", "/contacts", {"customer_id": service.customer, "email": "xxx"})
    assert refused["errors"] == _example(document, "POST", "/contacts", 422)["errors"]


async def test_what_the_document_lets_one_write_is_written(document: Document, service: Service) -> None:
    """Every documented field of a contact comes back as it was sent; the title as a property."""
    created = await service.create()
    for method, template, path in (
        ("POST", "/contacts", "/contacts"),
        ("PUT", "/contacts/{id}", f"/contacts/{created['id']}"),
    ):
        fields = _request_schema(document, method, template)
        sent = {name: f"a {name}" for name in fields} | {
            "customer_id": service.customer,
            "email": "a@contoso.example",
        }
        document.check_request(method, f"/api/v1{path}", sent)
        found = await service.call(method, path, sent)
        title = sent.pop("title", None)
        assert {name: found[name] for name in sent} == sent
        assert found["properties"].get("title") == title


async def test_what_the_document_lets_one_write_of_a_customer_is_written(
    document: Document, service: Service
) -> None:
    """Every documented field comes back but those that no answer of the document has."""
    values: dict[str, Any] = {"integer": 7, "boolean": True, "object": {"Tier": "1"}}
    fields = _request_schema(document, "POST", "/customers")
    sent = {name: values.get(schema["type"], f"a {name}") for name, schema in fields.items()}
    sent |= {"email": "a@contoso.example", "phone": "123", "mobile": "456"}
    found = (await service.call("POST", "/customers", sent))["customer"]
    unseen = sent.keys() - _example(document, "POST", "/customers", 200)["customer"].keys()
    assert unseen == {"get_billing", "get_marketing", "get_reports", "consent"}
    assert {name: found[name] for name in sent.keys() - unseen} == {
        name: value for name, value in sent.items() if name not in unseen
    }


async def test_the_walk_notices_a_key_too_many(document: Document, service: Service) -> None:
    """What only live answers have is a mismatch unless it is known to be one."""
    contact = await service.create(**CONTACT)
    with pytest.raises(Mismatch, match="processed_phone"):
        document.check_response("POST", "/api/v1/contacts", 200, contact)


def _operation(document: Document, method: str, template: str) -> Body:
    found: Body = document.content["paths"][template][method.lower()]
    return found


def _example(document: Document, method: str, template: str, status: int) -> Body:
    response = _operation(document, method, template)["responses"][str(status)]
    found: Body = response["content"]["application/json"]["example"]
    return found


def _request_schema(document: Document, method: str, template: str) -> Body:
    body = _operation(document, method, template)["requestBody"]
    if "$ref" in body:
        body = document.content["components"]["requestBodies"][body["$ref"].rpartition("/")[2]]
    found: Body = body["content"]["application/json"]["schema"]["properties"]
    return found
