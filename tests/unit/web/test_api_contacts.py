"""Contacts through the API: what is shown, and what a person may change."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.core.customer import Customer
from shared.core.errors import ConcurrentUpdate
from shared.core.models import CONTACT_FIELDS, ContactFields
from shared.ports import Stored, StoredContact
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CONNECTION, CUSTOMER, Site, fields_of

CONTACTS = f"{CUSTOMER}/contacts"


@pytest.fixture
async def ann(site: Site, caller: Caller, customer: Customer) -> dict[str, Any]:
    """Ann's contact, as the first sync made it."""
    await site.world.sync(customer)
    return await shown(caller, "ann")


async def shown(caller: Caller, object_id: str) -> dict[str, Any]:
    """The contact of a person, as the list shows it."""
    contacts = (await caller.http.get(CONTACTS)).json()["data"]
    (found,) = [contact for contact in contacts if contact["object_id"] == object_id]
    contact: dict[str, Any] = found
    return contact


async def edit(caller: Caller, contact: dict[str, Any], body: object, **headers: str) -> httpx.Response:
    return await caller.http.patch(f"{CONTACTS}/{contact['id']}", json=body, headers=headers)


async def test_contacts_show_where_they_come_from(site: Site, caller: Caller, customer: Customer) -> None:
    """Each contact carries its fields, its source and its dates."""
    await site.world.sync(customer)
    site.world.contacts.add_by_hand(
        customer.connection_id, ContactFields(name="Zoe", email="zoe@example.com")
    )
    page = (await caller.http.get(CONTACTS, params={"limit": 100})).json()
    by_name = {contact["name"]: contact for contact in page["data"]}
    assert set(by_name) == {"Person ann", "Person bob", "Person cem", "Zoe"}
    ann = by_name["Person ann"]
    assert ann["email"] == "ann@contoso.example"
    assert ann["source"] == "entra"
    assert (ann["linked"], ann["object_id"]) == (True, "ann")
    assert ann["created_at"] == ann["updated_at"] == "2026-03-02T00:00:00.000Z"
    assert by_name["Zoe"]["source"] == "manual"
    assert (by_name["Zoe"]["linked"], by_name["Zoe"]["object_id"]) == (False, None)
    assert page["after"] is None


async def test_a_contact_shows_everything_about_it(caller: Caller, ann: dict[str, Any]) -> None:
    """Every field, and what people and runs decided about it."""
    assert set(CONTACT_FIELDS) < set(ann)
    assert {name: ann[name] for name in ("active", "deactivated_by_sync", "keep_active", "pins")} == {
        "active": True,
        "deactivated_by_sync": False,
        "keep_active": False,
        "pins": [],
    }
    answer = await caller.http.get(f"{CONTACTS}/{ann['id']}")
    assert answer.json() == ann
    assert answer.headers["etag"].startswith('"')


async def test_what_enrichment_and_sites_say_is_shown(site: Site, caller: Caller, customer: Customer) -> None:
    """Licences, sign-in methods and the site are fields like any other."""
    await caller.http.put(CUSTOMER, json={"name": "Contoso", "sites": [{"id": "s-1", "name": "Oslo"}]})
    site.world.directories.tenants[TENANT].change(
        "ann", office_location="Oslo", licences=("cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46",)
    )
    patch = {
        "enrichments": ["licences", "mfa"],
        "sites": {"rules": [{"attribute": "office", "values": ["Oslo"], "site": "s-1"}]},
    }
    await caller.http.patch(CONNECTION, json={"configuration": patch}, headers={"If-Match": "*"})
    await site.world.sync(customer)
    ann = await shown(caller, "ann")
    assert (ann["site"], ann["licences"]) == ("s-1", "Microsoft 365 Business Premium")
    assert ann["mfa_status"] == "unknown"


async def test_contacts_come_in_pages(site: Site, caller: Caller, customer: Customer) -> None:
    """Following `after` gives every contact exactly once."""
    await site.world.sync(customer)
    first = (await caller.http.get(f"{CONTACTS}?limit=2")).json()
    rest = (await caller.http.get(CONTACTS, params={"after": first["after"]})).json()
    ids = [contact["id"] for contact in first["data"] + rest["data"]]
    assert len(ids) == len(set(ids)) == 3
    assert rest["after"] is None


# What a person changes.


async def test_a_person_changes_fields_and_the_others_stay(
    site: Site, caller: Caller, ann: dict[str, Any]
) -> None:
    """The contact keeps its link, its source and when it was made."""
    site.world.clock.advance(timedelta(hours=1))
    body = {"fields": {"job_title": "  Chief\u202e   pilot ", "first_name": ""}}
    answer = await edit(caller, ann, body)
    assert answer.status_code == 200
    expected = ann | {
        "job_title": "Chief pilot",
        "first_name": "",
        "updated_at": "2026-03-02T01:00:00.000Z",
    }
    assert answer.json() == expected == await shown(caller, "ann")
    assert answer.headers["etag"] == (await caller.http.get(f"{CONTACTS}/{ann['id']}")).headers["etag"]


async def test_a_pinned_field_stays_at_the_next_sync_and_another_one_does_not(
    site: Site, caller: Caller, customer: Customer, ann: dict[str, Any]
) -> None:
    """Pins are what makes a person's edit last; sent again they are replaced."""
    fields = {"name": "Ann the Pilot", "last_name": "Edited"}
    answer = await edit(caller, ann, {"fields": fields, "pins": ["name", "city", "name"]})
    assert answer.json()["pins"] == ["city", "name"]
    await site.world.sync(customer)
    after = await shown(caller, "ann")
    assert (after["name"], after["last_name"]) == ("Ann the Pilot", "ann")
    assert (await edit(caller, ann, {"pins": []})).json()["pins"] == []
    await site.world.sync(customer)
    assert (await shown(caller, "ann"))["name"] == "Person ann"


async def test_a_contact_that_a_person_deactivates_is_not_the_syncs(
    site: Site, caller: Caller, customer: Customer, ann: dict[str, Any]
) -> None:
    """A run does not bring it back, even if a run had deactivated it before."""
    site.world.contacts.set_by_hand(customer.connection_id, ann["id"], active=False, deactivated_by_sync=True)
    answer = await edit(caller, ann, {"active": False})
    assert (answer.json()["active"], answer.json()["deactivated_by_sync"]) == (False, False)
    await site.world.sync(customer)
    assert (await shown(caller, "ann"))["active"] is False
    back = await edit(caller, ann, {"active": True})
    assert (back.json()["active"], back.json()["deactivated_by_sync"]) == (True, False)


async def test_a_contact_can_be_kept_active(caller: Caller, ann: dict[str, Any]) -> None:
    """Whatever becomes of the person."""
    assert (await edit(caller, ann, {"keep_active": True})).json() == ann | {"keep_active": True}
    assert (await edit(caller, ann, {"keep_active": False})).json() == ann


@pytest.mark.parametrize("body", [{}, {"fields": {}}, {"active": True}, {"fields": {"name": "Person ann"}}])
async def test_an_edit_that_changes_nothing_writes_nothing(
    site: Site, caller: Caller, ann: dict[str, Any], body: object
) -> None:
    """Not even the time of the last change."""
    site.world.clock.advance(timedelta(hours=1))
    before = (await caller.http.get(f"{CONTACTS}/{ann['id']}")).headers["etag"]
    answer = await edit(caller, ann, body)
    assert answer.json() == ann
    assert answer.headers["etag"] == before


async def test_sites_and_addresses_are_those_that_exist(caller: Caller, ann: dict[str, Any]) -> None:
    """A site of the customer, something an email can be sent to, or nothing."""
    await caller.http.put(CUSTOMER, json={"name": "Contoso", "sites": [{"id": "s-1", "name": "Oslo"}]})
    good = await edit(caller, ann, {"fields": {"site": "s-1", "email": "ann@other.example"}})
    assert (good.json()["site"], good.json()["email"]) == ("s-1", "ann@other.example")
    assert (await edit(caller, ann, {"fields": {"site": "", "email": ""}})).status_code == 200
    bad = await edit(caller, ann, {"fields": {"site": "s-2", "email": "Ann <ann@other.example>"}})
    assert bad.status_code == 400
    assert fields_of(bad) == ["fields.email", "fields.site"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"fields": {"colour": "red"}}, "fields.colour"),
        ({"fields": {"object_id": "bob"}}, "fields.object_id"),
        ({"fields": {"<script>": "red"}}, "fields.?"),
        ({"fields": {"name": "x" * 1001}}, "fields.name"),
        ({"fields": {"name": None}}, "fields.name"),
        ({"fields": {"name": 7}}, "fields.name"),
        ({"fields": ["name"]}, "fields"),
        ({"fields": None}, "fields"),
        ({"pins": ["colour"]}, "pins.0"),
        ({"pins": ["name", 7]}, "pins.1"),
        ({"pins": "name"}, "pins"),
        ({"pins": None}, "pins"),
        ({"pins": ["name"] * 101}, "pins"),
        ({"keep_active": "yes"}, "keep_active"),
        ({"active": 0}, "active"),
        ({"active": None}, "active"),
        ({"object_id": "bob"}, "object_id"),
        ({"deactivated_by_sync": True}, "deactivated_by_sync"),
        ({"source": "manual"}, "source"),
        ([], "body"),
    ],
)
async def test_an_edit_that_makes_no_sense_is_refused_by_field(
    caller: Caller, ann: dict[str, Any], body: object, field: str
) -> None:
    """Links, sources and who deactivated it are not for people to write."""
    answer = await edit(caller, ann, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert fields_of(answer) == [field]
    assert await shown(caller, "ann") == ann


async def test_a_field_may_hold_a_thousand_characters(caller: Caller, ann: dict[str, Any]) -> None:
    """And no more."""
    answer = await edit(caller, ann, {"fields": {"street": "x" * 1000}})
    assert answer.json()["street"] == "x" * 1000


@pytest.mark.parametrize("contact_id", ["none", "%00", "a%2Fb", "%FF", "..%2Fc-1", "x" * 500])
async def test_a_contact_that_does_not_exist_is_not_found(
    caller: Caller, ann: dict[str, Any], contact_id: str
) -> None:
    """Whatever the id is made of."""
    for method in ("GET", "PATCH"):
        body = {"active": False} if method == "PATCH" else None
        answer = await caller.http.request(method, f"{CONTACTS}/{contact_id}", json=body)
        assert answer.status_code == 404
        assert answer.json()["title"] == "There is no such contact."


async def test_a_contact_of_another_customer_does_not_exist(
    site: Site, caller: Caller, ann: dict[str, Any]
) -> None:
    """Neither within the account nor for a stranger who has a customer of the same id."""
    await site.world.customer("c-2", caller.account_id)
    account_id, stranger = await site.caller("Other")
    await site.world.customer("c-1", account_id)
    body = {"active": False}
    async with stranger:
        answers = [
            await caller.http.get(f"/api/v1/customers/c-2/contacts/{ann['id']}"),
            await caller.http.patch(f"/api/v1/customers/c-2/contacts/{ann['id']}", json=body),
            await stranger.get(f"{CONTACTS}/{ann['id']}"),
            await stranger.patch(f"{CONTACTS}/{ann['id']}", json=body),
        ]
    assert {answer.status_code for answer in answers} == {404}
    assert await shown(caller, "ann") == ann


# At the same time as others.


async def test_an_edit_may_say_which_version_it_is_for(caller: Caller, ann: dict[str, Any]) -> None:
    """With another version in If-Match it is refused; with the right one, or any, it is not."""
    etag = (await caller.http.get(f"{CONTACTS}/{ann['id']}")).headers["etag"]
    first = await edit(caller, ann, {"fields": {"city": "Oslo"}}, **{"If-Match": etag})
    assert first.status_code == 200
    late = await edit(caller, ann, {"fields": {"city": "Bergen"}}, **{"If-Match": etag})
    assert (late.status_code, late.json()["code"]) == (412, "version_conflict")
    assert "contact" in late.json()["title"]
    tags = f'"other", {first.headers["etag"]}'
    assert (await edit(caller, ann, {"fields": {"city": "Bodø"}}, **{"If-Match": tags})).status_code == 200
    assert (await edit(caller, ann, {"active": False}, **{"If-Match": "*"})).status_code == 200
    weak = f"W/{first.headers['etag']}"
    assert (await edit(caller, ann, {"active": True}, **{"If-Match": weak})).status_code == 412


class Meddler:
    """Somebody who changes the contact right before others do, so many times."""

    def __init__(self, site: Site, customer: Customer, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.site, self.customer, self.left = site, customer, times
        store = site.world.contacts
        replace = store.replace

        async def meddle(
            connection_id: str, stored: Stored[StoredContact], value: StoredContact
        ) -> Stored[StoredContact]:
            if self.left:
                self.left -= 1
                store.edit_by_hand(connection_id, value.contact.id, department=f"Department {self.left}")
            return await replace(connection_id, stored, value)

        monkeypatch.setattr(store, "replace", meddle)


async def test_two_people_edit_at_once_and_nothing_is_lost(
    site: Site,
    caller: Caller,
    customer: Customer,
    ann: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An edit that came too late is applied to what is there by then."""
    Meddler(site, customer, monkeypatch, times=3)
    answer = await edit(caller, ann, {"fields": {"city": "Oslo"}})
    assert (answer.json()["city"], answer.json()["department"]) == ("Oslo", "Department 0")


async def test_an_edit_for_one_version_is_not_applied_to_another(
    site: Site,
    caller: Caller,
    customer: Customer,
    ann: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also when the other change comes between reading and writing."""
    etag = (await caller.http.get(f"{CONTACTS}/{ann['id']}")).headers["etag"]
    Meddler(site, customer, monkeypatch, times=1)
    answer = await edit(caller, ann, {"fields": {"city": "Oslo"}}, **{"If-Match": etag})
    assert answer.status_code == 412
    assert (await shown(caller, "ann"))["city"] == ""


async def test_an_edit_that_never_gets_its_turn_comes_back_later(
    site: Site, caller: Caller, ann: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some attempts the caller is asked to wait."""

    async def busy(*_: object) -> None:
        raise ConcurrentUpdate

    monkeypatch.setattr(site.world.contacts, "replace", busy)
    answer = await edit(caller, ann, {"active": False})
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"]
