"""Every switch of the simulated SyncroMSP, for what nobody outside knows of the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox.simulators.syncro import Behaviour
from tests.sandbox.syncro_harness import Body, Service, serve_syncro


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serve_syncro() as served:
        served.account.contact_custom_fields |= {"Badge", "Object"}
        served.account.customer_custom_fields |= {"Badge", "Object"}
        yield served


async def stored(service: Service, **fields: object) -> str:
    """Add a contact with a title and a badge, and return its path."""
    return f"/contacts/{(await service.create(properties={'title': 'CFO', 'Badge': '7'}, **fields))['id']}"


@pytest.mark.parametrize("mode", ["merge", "replace"])
async def test_properties_of_an_update(service: Service, mode: str) -> None:
    """They go beside those there are, or instead of them; an update without any leaves them alone."""
    service.account.behaviour.properties_on_update = "merge" if mode == "merge" else "replace"
    path = await stored(service)
    await service.call("PUT", path, {"notes": "Noted"})
    changed = await service.call("PUT", path, {"properties": {"title": "COO"}})
    assert changed["properties"] == ({"title": "COO", "Badge": "7"} if mode == "merge" else {"title": "COO"})
    path = f"/customers/{service.customer}"
    await service.call("PUT", path, {"properties": {"Badge": "7"}})
    customer = (await service.call("PUT", path, {"properties": {"Object": "a"}}))["customer"]
    assert customer["properties"] == ({"Badge": "7", "Object": "a"} if mode == "merge" else {"Object": "a"})


async def test_the_title_is_a_property(service: Service) -> None:
    """A title that is sent beside the other fields is found among the properties, and leaves the others."""
    path = await stored(service)
    service.account.behaviour.properties_on_update = "replace"
    changed = await service.call("PUT", path, {"title": "COO"})
    assert changed["properties"] == {"title": "COO", "Badge": "7"}
    assert "title" not in changed
    assert (await service.create(title="CFO"))["properties"] == {"title": "CFO"}


async def test_properties_of_a_new_contact_may_be_ignored(service: Service) -> None:
    """Then the title is too, and both can be set by an update."""
    service.account.behaviour.properties_on_create = "ignored"
    created = await service.create(title="CFO", properties={"Badge": "7"})
    assert created["properties"] == {}
    changed = await service.call("PUT", f"/contacts/{created['id']}", {"properties": {"Badge": "7"}})
    assert changed["properties"] == {"Badge": "7"}


async def test_unknown_properties_are_dropped(service: Service) -> None:
    """Built-in names and custom fields are kept, all else silently not, nor anything that is no text."""
    sent = {"title": "CFO", "notification_billing": "1", "Badge": "7", "Unknown": "x", "Object": ["y"]}
    kept = {"title": "CFO", "notification_billing": "1", "Badge": "7"}
    assert (await service.create(properties=sent))["properties"] == kept
    assert (await service.create(properties="nonsense"))["properties"] == {}
    body = {"properties": {"Badge": "7", "Unknown": "x"}}
    changed = await service.call("PUT", f"/customers/{service.customer}", body)
    assert changed["customer"]["properties"] == {"Badge": "7"}


async def test_unknown_properties_may_be_kept(service: Service) -> None:
    """Then any name will do."""
    service.account.behaviour.unknown_properties = "kept"
    assert (await service.create(properties={"Unknown": "x"}))["properties"] == {"Unknown": "x"}


async def test_phones_may_lose_their_formatting(service: Service) -> None:
    """What is left of a contact's numbers are digits; by default they are kept as they are sent."""
    kept = await service.create(phone="+1 (2) x3", mobile="none")
    assert (kept["phone"], kept["mobile"]) == ("+1 (2) x3", "none")
    service.account.behaviour.phones = "digits"
    stripped = await service.create(phone="+1 (2) x3", mobile="none")
    assert (stripped["phone"], stripped["mobile"]) == ("123", None)
    path = f"/contacts/{kept['id']}"
    assert (await service.call("PUT", path, {"name": "Nadia"}))["phone"] == "+1 (2) x3"
    for found in (kept, stripped):
        assert (found["processed_phone"], found["processed_mobile"]) == ("123", None)


async def test_an_email_may_have_to_be_unique_in_its_customer(service: Service) -> None:
    """Case is ignored, nobody is in their own way, and another customer's contact is in nobody's."""
    first = await service.create(email="nadia@contoso.example")
    await service.create(email="nadia@contoso.example")
    service.account.behaviour.duplicate_email = "per_customer"
    body: Body = {"customer_id": service.customer, "email": "NADIA@contoso.example"}
    refused = await service.refused("POST", "/contacts", body)
    assert refused["errors"] == "Email has already been taken"
    other = await service.create(email="other@contoso.example")
    refused = await service.refused("PUT", f"/contacts/{other['id']}", {"email": "nadia@contoso.example"})
    assert refused["record"]["email"] == "nadia@contoso.example"
    await service.call("PUT", f"/contacts/{other['id']}", {"email": "OTHER@contoso.example"})
    await service.create(email="")
    await service.create(email="")
    second = service.account.add_customer("Fabrikam")
    await service.create(email=first["email"], customer_id=second)


async def test_an_update_leaves_what_it_does_not_send(service: Service) -> None:
    """One field can be changed alone."""
    path = await stored(service, name="Nadia", city="Leeds", opt_out=True)
    changed = await service.call("PUT", path, {"notes": "Noted"})
    assert (changed["name"], changed["city"], changed["opt_out"]) == ("Nadia", "Leeds", True)
    assert changed["properties"] == {"title": "CFO", "Badge": "7"}


async def test_an_update_may_blank_what_it_does_not_send(service: Service) -> None:
    """All but the customer and what only the service writes."""
    service.account.behaviour.update = "whole"
    path = await stored(service, name="Nadia", city="Leeds", opt_out=True)
    service.account.edit_contact(int(path.rpartition("/")[2]), extension="12")
    before = await service.call("GET", path)
    changed = await service.call("PUT", path, {"notes": "Noted"})
    assert changed == before | {
        "name": None,
        "city": None,
        "opt_out": False,
        "properties": {},
        "notes": "Noted",
    }


async def test_a_whole_update_that_has_properties_treats_them_as_any_update(service: Service) -> None:
    """They are merged with those there are, unless they replace them."""
    service.account.behaviour.update = "whole"
    path = await stored(service)
    changed = await service.call("PUT", path, {"name": "Nadia", "properties": {"title": "COO"}})
    assert changed["properties"] == {"title": "COO", "Badge": "7"}


@pytest.mark.parametrize("body", [{"notes": "Noted"}, {"name": ""}, {"name": None}])
async def test_an_update_may_need_a_name(service: Service, body: Body) -> None:
    """Without the switch it does not; a new contact never does."""
    path = await stored(service, name="Nadia")
    service.account.behaviour.name_required_on_update = True
    refused = await service.refused("PUT", path, body)
    assert refused["errors"] == "Name can't be blank"
    assert (await service.call("GET", path))["name"] == "Nadia"
    await service.call("PUT", path, {"name": "Nadia", "notes": "Noted"})
    service.account.behaviour.name_required_on_update = False
    await service.call("PUT", path, body)


async def test_null_clears(service: Service) -> None:
    """A field, a property and a title become null; an empty text stays one."""
    path = await stored(service, name="Nadia", city="Leeds", zip="2")
    changed = await service.call("PUT", path, {"city": None, "zip": "", "properties": {"Badge": None}})
    assert (changed["name"], changed["city"], changed["zip"]) == ("Nadia", None, "")
    assert changed["properties"] == {"title": "CFO", "Badge": None}
    assert (await service.call("PUT", path, {"title": None}))["properties"]["title"] is None


@pytest.mark.parametrize("mode", ["merge", "replace"])
async def test_null_may_say_nothing(service: Service, mode: str) -> None:
    """A field, a property and a title that are null stay as they are, however properties are updated."""
    service.account.behaviour.null = "unchanged"
    service.account.behaviour.properties_on_update = "merge" if mode == "merge" else "replace"
    path = await stored(service, name="Nadia", city="Leeds")
    body = {"city": None, "title": None, "customer_id": None, "properties": {"Badge": None, "title": None}}
    changed = await service.call("PUT", path, body)
    assert (changed["city"], changed["customer_id"]) == ("Leeds", service.customer)
    assert changed["properties"] == {"title": "CFO", "Badge": "7"}
    customer = await service.call("PUT", f"/customers/{service.customer}", {"email": None})
    assert customer["customer"]["email"] == "office@contoso.example"


@pytest.mark.parametrize(
    ("shape", "errors"),
    [
        ("string", "Customer can't be blank, Email is not an email"),
        ("list", ["Customer can't be blank", "Email is not an email"]),
        ("object", {"customer": ["can't be blank"], "email": ["is not an email"]}),
    ],
)
async def test_errors_come_in_three_shapes(service: Service, shape: str, errors: object) -> None:
    """A text, a list, or lists by attribute."""
    await service.control("PATCH", "accounts/acme/behaviour", errors_shape=shape)
    assert (await service.refused("POST", "/contacts", {"email": "nobody"}))["errors"] == errors


async def test_texts_may_be_limited(service: Service) -> None:
    """Of every field but the notes, and of the properties; what is just long enough is kept."""
    service.account.behaviour.text_limit = 10
    path = await stored(service, name="x" * 10, notes="x" * 11)
    for body, field in (
        ({"name": "x" * 11}, "Name"),
        ({"address1": "x" * 11}, "Address1"),
        ({"title": "x" * 11}, "Title"),
        ({"properties": {"Badge": "x" * 11}}, "Badge"),
    ):
        refused = await service.refused("PUT", path, body)
        assert refused["errors"] == f"{field} is too long (maximum is 10 characters)"


def test_the_defaults_are_what_clients_of_the_service_report() -> None:
    """Whoever relies on a switch sets it."""
    assert Behaviour() == Behaviour(
        properties_on_update="merge",
        properties_on_create="kept",
        unknown_properties="dropped",
        phones="kept",
        duplicate_email="allow",
        update="partial",
        name_required_on_update=False,
        null="clears",
        errors_shape="string",
        text_limit=None,
        per_page=50,
        customers_per_page=100,
        unauthenticated="json401",
        suspended_status=401,
    )
