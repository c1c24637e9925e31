"""The contacts of a customer, on the portal's page."""

import re

import httpx
import pytest

from shared.core.customer import Customer
from shared.core.customer import Site as Place
from shared.core.models import ContactFields
from shared.web.portal.customers import contacts
from tests.unit.web.site import PAGE, Site

CONTACTS = f"{PAGE}/contacts"


def names(page: httpx.Response) -> list[str]:
    return re.findall(r'<th scope="row">\s*<bdi>([^<]*)</bdi>', page.text)


def following(page: httpx.Response) -> str | None:
    found = re.search(r'href="([^"]+after=[^"]+)">Next', page.text)
    return None if found is None else found[1].replace("&amp;", "&")


async def test_contacts_are_shown_with_where_they_come_from(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """From Microsoft 365 or by hand, active or not, at which site."""
    assert "There are no contacts yet." in (await visitor.get(CONTACTS)).text
    await site.world.app.customers.put(customer.account_id, "c-1", "C", (Place("s-1", "Oslo <b>"),))
    fields = ContactFields(name="<i>Hand", email="hand@example.com", business_phone="+39 1", site="s-1")
    site.world.contacts.add_by_hand(customer.connection_id, fields)
    await site.world.sync(customer)
    page = await visitor.get(CONTACTS)
    assert sorted(names(page)) == ["&lt;i&gt;Hand", "Person ann", "Person bob", "Person cem"]
    assert page.text.count("Microsoft 365</span>") == 3
    assert page.text.count("Made by hand</span>") == 1
    assert "<bdi>Oslo &lt;b&gt;</bdi>" in page.text


async def test_a_search_looks_at_names_addresses_and_phones(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """Whatever its case; and says when nothing has it."""
    fields = ContactFields(name="Zoë", email="z@example.com", mobile_phone="+39 123")
    site.world.contacts.add_by_hand(customer.connection_id, fields)
    await site.world.sync(customer)
    for search, found in [("ZOË", ["Zoë"]), ("z@ex", ["Zoë"]), ("123", ["Zoë"]), ("son b", ["Person bob"])]:
        assert names(await visitor.get(CONTACTS, params={"search": search})) == found, search
    nobody = await visitor.get(CONTACTS, params={"search": "<b>"})
    assert "No contact has “<bdi>&lt;b&gt;</bdi>” in its name" in nobody.text


async def test_many_contacts_have_pages(site: Site, customer: Customer, visitor: httpx.AsyncClient) -> None:
    """Each contact is on exactly one; a place in one list is none in another."""
    for number in range(120):
        fields = ContactFields(name=f"Contact {number:03d}", email=f"c{number}@example.com")
        site.world.contacts.add_by_hand(customer.connection_id, fields)
    for query in ("", "?search=contact"):
        found, address = list[str](), f"{CONTACTS}{query}"
        while address:
            page = await visitor.get(address)
            found += names(page)
            address = following(page) or ""
        assert sorted(found) == [f"Contact {number:03d}" for number in range(120)]
    address = following(await visitor.get(CONTACTS)) or ""
    assert (await visitor.get(f"{address}&search=x")).status_code == 400


async def test_what_is_rare_is_looked_for_in_steps(
    site: Site, customer: Customer, visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page looks at so many contacts and no more; it says so, and the next one goes on."""
    monkeypatch.setattr(contacts, "_AT_ONCE", 5)
    monkeypatch.setattr(contacts, "_MOST_LOOKS", 2)
    for number in range(30):
        fields = ContactFields(name=f"Contact {number:03d}")
        site.world.contacts.add_by_hand(customer.connection_id, fields, f"k-{number:03d}")
    pages, address = 0, f"{CONTACTS}?search=029"
    while address:
        page = await visitor.get(address)
        address, pages = following(page) or "", pages + 1
        assert "so far; there are more" in page.text or names(page) == ["Contact 029"]
    assert pages == 3
