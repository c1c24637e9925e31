"""Atera's contacts, to and from ours."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest

from shared.adapters.psa.atera_documents import (
    PLAIN_FIELDS,
    AccountInfo,
    AteraContact,
    ContactsPage,
    CustomersPage,
    DepartmentsPage,
    Done,
    changed_body,
    contact_of,
    created_body,
    placed,
)
from shared.adapters.psa.problems import Invalid
from shared.core.links import RemoteContact
from shared.core.models import ALL_FIELDS, ContactFields

CUSTOMER = 17
PLAIN = sorted(PLAIN_FIELDS - {"site"})
FULL = ContactFields(**{name: f"{name} Zoë 名前" for name in PLAIN})


def received(body: dict[str, Any], contact_id: int = 7) -> RemoteContact:
    """The contact that the body makes, as the customer sees it."""
    found = msgspec.convert(body | {"EndUserID": contact_id}, AteraContact)
    return placed(contact_of(found), str(CUSTOMER), itself_a_site=False)


@pytest.mark.parametrize("site", ["", "department:5", "customer:99"])
@pytest.mark.parametrize(
    "fields", [FULL, ContactFields(email="a@x.example"), ContactFields(email="x" * 1_000)]
)
def test_what_is_made_is_what_is_read(fields: ContactFields, site: str) -> None:
    """Every field that Atera has, and where the contact is."""
    fields = msgspec.structs.replace(fields, site=site)
    found = received(created_body(fields, CUSTOMER))
    assert (found.id, found.fields, found.active) == ("7", fields, True)
    assert found.customer_id == ("99" if site == "customer:99" else "17")


def test_what_is_blank_is_not_named_when_a_contact_is_made() -> None:
    """Nor is what Atera has no field for."""
    assert created_body(ContactFields(email="a@x.example", city="Bern", name="Ada"), CUSTOMER) == {
        "Email": "a@x.example",
        "CustomerID": CUSTOMER,
    }


@pytest.mark.parametrize("name", [name for name in PLAIN if name != "email"])
def test_only_what_changes_is_sent(name: str) -> None:
    """A blank with an empty text; whatever is not named stays."""
    made = created_body(FULL, CUSTOMER)
    for value in ("changed", ""):
        fields = msgspec.structs.replace(FULL, **{name: value})
        body = changed_body(fields, {name}, CUSTOMER)
        assert list(body.values()) == [value]
        assert received(made | body).fields == fields


def test_an_address_is_never_sent_again() -> None:
    """It cannot be changed; nor is sent what there is no field for, or what does not change."""
    elsewhere = ALL_FIELDS - PLAIN_FIELDS
    assert changed_body(FULL, elsewhere | {"email"}, CUSTOMER) == {}
    assert changed_body(FULL, frozenset(), CUSTOMER) == {}
    assert "Email" not in changed_body(FULL, ALL_FIELDS, CUSTOMER)


@pytest.mark.parametrize(
    ("site", "place"),
    [
        ("", {"CustomerID": CUSTOMER}),
        ("department:5", {"CustomerID": CUSTOMER, "DepartmentID": 5}),
        ("customer:99", {"CustomerID": 99}),
    ],
)
def test_a_contact_is_moved_to_where_its_site_is(site: str, place: dict[str, int]) -> None:
    """A department of the customer, or another customer; without a site simply the customer."""
    fields = ContactFields(email="a@x.example", site=site)
    assert changed_body(fields, {"site"}, CUSTOMER) == place
    assert changed_body(fields, {"job_title"}, CUSTOMER) == {"JobTitle": ""}


@pytest.mark.parametrize(
    "site",
    ["x", "5", "department:", "department:x", "customer:1.5", "customer:-1", "office:5", ":5", "customer"],
)
def test_a_site_that_can_be_none_is_refused(site: str) -> None:
    """In words that say where it comes from."""
    fields = ContactFields(email="a@x.example", site=site)
    for make in (created_body, partial(changed_body, changed={"site"})):
        with pytest.raises(Invalid) as refused:
            make(fields, customer_id=CUSTOMER)
        assert "configuration" in refused.value.said
    assert changed_body(fields, {"job_title"}, CUSTOMER) == {"JobTitle": ""}


@pytest.mark.parametrize(
    ("customer_id", "department", "site", "among_sites"),
    [
        (CUSTOMER, None, "", "customer:17"),
        (CUSTOMER, 0, "", "customer:17"),
        (CUSTOMER, 5, "department:5", "department:5"),
        (99, None, "customer:99", "customer:99"),
        (99, 5, "customer:99", "customer:99"),
        (None, None, "customer:", "customer:"),
    ],
)
def test_where_a_contact_is_depends_on_who_looks(
    customer_id: int | None, department: int | None, site: str, among_sites: str
) -> None:
    """Its own customer is no site, unless somebody is moved to it as to one."""
    contact = contact_of(AteraContact(7, CustomerID=customer_id, DepartmentID=department))
    assert contact.fields.site == ""
    for itself, expected in ((False, site), (True, among_sites)):
        assert placed(contact, str(CUSTOMER), itself_a_site=itself).fields.site == expected


@pytest.mark.parametrize(("archived", "active"), [(True, False), (False, True), (None, True)])
def test_a_contact_that_is_archived_is_not_active(archived: bool | None, active: bool) -> None:
    """One of which nothing is said is."""
    assert contact_of(AteraContact(7, Archived=archived)).active is active


def test_everything_may_be_null_or_not_there() -> None:
    """A blank contact of nobody's customer; fields that are new are passed over."""
    nulls = ", ".join(f'"{name}": null' for name in AteraContact.__struct_fields__[1:])
    blank = RemoteContact("7", "", ContactFields(), rest={"department": 0})
    for text in (f'{{"EndUserID": 7, {nulls}}}', '{"EndUserID": 7}', '{"EndUserID": 7, "New": [1]}'):
        assert contact_of(msgspec.json.decode(text.encode(), type=AteraContact)) == blank


@pytest.mark.parametrize("text", ['{"EndUserID": "7"}', '{"EndUserID": 7, "Email": 7}', "[]"])
def test_what_is_no_contact_is_refused(text: str) -> None:
    """Rather than taken for a blank one."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text.encode(), type=AteraContact)


@pytest.mark.parametrize("kind", [ContactsPage, CustomersPage, DepartmentsPage])
def test_a_page_may_be_nearly_blank(kind: type[ContactsPage | CustomersPage | DepartmentsPage]) -> None:
    """Which is no page at all."""
    for text in (b"{}", b'{"items": null}'):
        page = msgspec.json.decode(text, type=kind)
        assert (page.items, page.pages) == (None, 0)


def test_a_page_says_how_many_there_are() -> None:
    """By Atera's names for it."""
    text = b'{"items": [{"EndUserID": 1}], "totalItemCount": 120, "totalPages": 3, "page": 1}'
    page = msgspec.json.decode(text, type=ContactsPage)
    assert (page.items, page.total, page.pages) == ([AteraContact(1)], 120, 3)


@pytest.mark.parametrize("text", ['{"ActionID": 7}', '{"ActionID": "7"}'])
def test_an_id_is_a_number_or_a_text(text: str) -> None:
    """Of what was made, and of the account."""
    assert str(msgspec.json.decode(text.encode(), type=Done).ActionID) == "7"
    renamed = text.replace("ActionID", "AccountID").encode()
    assert str(msgspec.json.decode(renamed, type=AccountInfo).AccountID) == "7"
