"""Syncro's contacts, to and from ours."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.adapters.psa.enrichment import CONTACT_FIELDS as CUSTOM
from shared.adapters.psa.syncro_documents import (
    INACTIVE,
    PLAIN_FIELDS,
    ContactsPage,
    CustomerEnvelope,
    Me,
    Meta,
    SyncroContact,
    body_of,
    contact_of,
    lost,
    text_of,
)
from shared.core.links import RemoteContact
from shared.core.models import ContactFields

ALL = frozenset(CUSTOM)
HELD = PLAIN_FIELDS | ALL
FULL = ContactFields(**{name: f"{name} Zoë 名前" for name in HELD})
CUSTOMER = 17


def received(body: dict[str, Any], contact_id: int = 7) -> SyncroContact:
    """What the API answers to a body, were it kept as it is."""
    return msgspec.convert(body | {"id": contact_id}, SyncroContact)


def sent(
    fields: ContactFields,
    rest: dict[str, Any] | None = None,
    places: frozenset[str] = ALL,
    *,
    active: bool = True,
) -> dict[str, Any]:
    return body_of(CUSTOMER, fields, rest or {}, places, active=active)


def read(text: str) -> RemoteContact:
    return contact_of(msgspec.json.decode(text.encode(), type=SyncroContact))


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("fields", [FULL, ContactFields(name="Ada"), ContactFields(name="x" * 1_000)])
def test_what_is_sent_is_what_is_read(fields: ContactFields, active: bool) -> None:
    """Every field that Syncro has, and whether the contact is active."""
    found = contact_of(received(sent(fields, active=active)))
    assert (found.id, found.customer_id, found.fields, found.active) == ("7", "17", fields, active)


def test_what_is_read_and_sent_back_is_the_same() -> None:
    """Notes, and properties that are nothing to us, in whatever form they are."""
    rest = {
        "notes": "a\nb",
        "properties": {"title": "Pilot", "notification_billing": True, "age": 7, "x": None},
    }
    body = sent(ContactFields(name="Ada", job_title="Pilot"), rest, frozenset())
    found = contact_of(received(body))
    assert found.rest == rest
    assert sent(found.fields, found.rest, frozenset()) == body


def test_every_field_is_named_in_what_is_sent() -> None:
    """Blank ones with an empty text, as an update may blank what it does not name."""
    body = sent(ContactFields(name="Ada"))
    plain = {"address1", "address2", "city", "state", "zip", "email", "phone", "mobile", "title", "notes"}
    assert {name: body[name] for name in plain} == dict.fromkeys(plain, "")
    assert body["properties"] == dict.fromkeys(["title", *CUSTOM.values()], "")
    assert body["customer_id"] == CUSTOMER
    assert body.keys() == plain | {"name", "customer_id", "properties"}


def test_only_custom_fields_that_are_there_are_sent() -> None:
    """What others say in fields of the same names stays as it is."""
    rest = {"properties": {"azure_license": "by hand", "azure_mfa_status": "old"}}
    body = sent(FULL, rest, frozenset({"mfa_status"}))
    assert body["properties"] == {
        "title": FULL.job_title,
        "azure_license": "by hand",
        "azure_mfa_status": FULL.mfa_status,
    }


def test_what_is_sent_back_is_not_changed_itself() -> None:
    """It is what the contact said before."""
    rest: dict[str, Any] = {"notes": "n", "properties": {"title": "old"}}
    sent(FULL, rest)
    assert rest == {"notes": "n", "properties": {"title": "old"}}


def test_the_title_goes_where_it_is_read_from() -> None:
    """To the contact's own field as well as into its properties."""
    body = sent(ContactFields(name="Ada", job_title="Pilot"))
    assert (body["title"], body["properties"]["title"]) == ("Pilot", "Pilot")


# Active or not.


def test_a_contact_that_is_put_away_says_so_at_the_end_of_its_name() -> None:
    """Once, however often it is written; the name itself is seen without it."""
    fields = ContactFields(name="Ada Lovelace")
    for _ in range(2):
        body = sent(fields, active=False)
        assert body["name"] == "Ada Lovelace [inactive]"
        found = contact_of(received(body))
        assert (found.fields.name, found.active) == ("Ada Lovelace", False)
        fields = found.fields


@pytest.mark.parametrize(
    "name", ["Ada [inactive] Lovelace", "[inactive]", "Ada [Inactive]", "Ada[inactive]", ""]
)
def test_what_only_looks_like_the_mark_is_none(name: str) -> None:
    """It is at the end, after a space, in lower case."""
    found = contact_of(SyncroContact(7, name=name))
    assert (found.fields.name, found.active) == (name, True)


@pytest.mark.parametrize("active", [True, False])
def test_somebody_without_a_name_goes_by_the_address(active: bool) -> None:
    """So that the mark stands behind something."""
    body = sent(ContactFields(email="ada@example.com"), active=active)
    assert body["name"] == "ada@example.com" + ("" if active else INACTIVE)
    assert contact_of(received(body)).active is active


# What may be there.


def test_everything_but_the_id_may_be_null_or_not_there() -> None:
    """A blank contact of nobody's customer."""
    names = [name for name in SyncroContact.__struct_fields__ if name != "id"]
    nulls = ", ".join(f'"{name}": null' for name in names)
    blank = RemoteContact("7", "", ContactFields(), rest={"notes": "", "properties": {}})
    assert read(f'{{"id": 7, {nulls}}}') == blank
    assert read('{"id": 7}') == blank
    assert read('{"id": 7, "properties": {"title": null, "azure_license": null}, "new": [1]}') == (
        msgspec.structs.replace(
            blank, rest={"notes": "", "properties": {"title": None, "azure_license": None}}
        )
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), ("", ""), ("x", "x"), (7, "7"), (0, "0"), (1.5, "1.5"), (True, "True"), (["a"], "['a']")],
)
def test_a_property_may_be_anything(value: object, text: str) -> None:
    """A number is the text of it; what is sent back is the value itself."""
    assert text_of(value) == text
    found = contact_of(SyncroContact(7, properties={"title": value, "azure_license": value}))
    assert (found.fields.job_title, found.fields.licence) == (text, text)
    assert found.rest["properties"]["azure_license"] is value


@pytest.mark.parametrize("text", ['{"id": null}', '{"id": "7"}', "{}", '{"id": 7, "name": 7}', "[]"])
def test_what_is_no_contact_is_refused(text: str) -> None:
    """Rather than taken for a blank one."""
    with pytest.raises(msgspec.ValidationError):
        read(text)


def test_a_page_says_how_many_there_are() -> None:
    """Or is taken to be the only one."""
    page = msgspec.json.decode(
        b'{"contacts": [{"id": 1}], "meta": {"total_pages": 3, "total_entries": 120, "per_page": 50}}',
        type=ContactsPage,
    )
    assert (page.meta.total_pages, page.meta.total_entries) == (3, 120)
    assert msgspec.json.decode(b'{"contacts": []}', type=ContactsPage) == ContactsPage([], Meta(1, 0))


def test_a_customer_and_a_user_may_be_nearly_blank() -> None:
    """Only what must be there is missed."""
    customer = msgspec.json.decode(b'{"customer": {"id": 1, "properties": null}}', type=CustomerEnvelope)
    assert customer.customer.properties is None
    assert msgspec.json.decode(b'{"subdomain": null}', type=Me) == Me()


@pytest.mark.parametrize(
    ("kept", "missing"),
    [
        ({"azure_license": "E3", "azure_mfa_status": "enabled"}, set()),
        ({"azure_license": "E3"}, {"azure_mfa_status"}),
        ({"azure_license": "", "azure_mfa_status": None}, {"azure_license", "azure_mfa_status"}),
        ({"azure_license": 0, "azure_mfa_status": "something else"}, set()),
        ({}, {"azure_license", "azure_mfa_status"}),
    ],
)
def test_a_custom_field_that_does_not_keep_a_value_is_not_there(
    kept: dict[str, object], missing: set[str]
) -> None:
    """Whatever it makes of it; one that nothing was sent for is not missed."""
    shown = contact_of(SyncroContact(7, properties=kept))
    assert lost(shown, frozenset({"azure_license", "azure_mfa_status"})) == missing
    assert lost(shown, frozenset()) == set()
