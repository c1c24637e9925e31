"""People who need a decision, on the portal's page."""

import re

import httpx
import pytest

from shared.core.account_destination import DestinationKind
from shared.core.customer import Customer
from shared.core.models import ContactFields
from shared.core.reviews import Decision, Review, ReviewAction
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.psas import Psas
from tests.unit.web.site import PAGE, Site, fill_in, put

REVIEWS = f"{PAGE}/reviews"
HOSTILE = '<script>alert(1)</script>"&\u05d0'


@pytest.fixture
async def twins(site: Site, customer: Customer) -> list[str]:
    """Two contacts that have Ann's address, so that nobody knows which is hers."""
    fields = ContactFields(name="Ann the Elder", email="ANN@contoso.example", business_phone="+39 1")
    ids = [site.world.contacts.add_by_hand(customer.connection_id, fields).id for _ in range(2)]
    await site.world.sync(customer)
    return ids


async def decision(site: Site, customer: Customer, person: str = "ann") -> Decision | None:
    return (await site.world.reviews.all(customer.connection_id))[person].decision


async def fill(site: Site, customer: Customer, count: int, *, decided: bool = False) -> None:
    """So many people in the queue."""
    now, chosen = site.world.clock.now(), Decision(ReviewAction.DISMISS) if decided else None
    mark = "d" if decided else "p"
    queue = [
        Review(f"{mark}{number:03d}", f"Person {mark}{number:03d}", "match.odd", "run", now, decision=chosen)
        for number in range(count)
    ]
    await site.world.reviews.save(customer.connection_id, queue)
    await put(site, customer, reviews=count)


async def test_an_empty_queue_says_who_would_be_in_it(customer: Customer, visitor: httpx.AsyncClient) -> None:
    """Before there ever was a conflict."""
    page = (await visitor.get(REVIEWS)).text
    assert "Nobody needs a decision." in page
    assert "Decided</h2>" not in page


async def test_whoever_waits_is_shown_with_why_and_with_candidates(
    visitor: httpx.AsyncClient, twins: list[str]
) -> None:
    """The address in any spelling makes a contact a candidate."""
    page = (await visitor.get(REVIEWS)).text
    assert "<bdi>Person ann</bdi></h3>" in page
    assert "Several contacts have this email address." in page
    assert "<bdi>ann@contoso.example</bdi>" in page
    assert set(re.findall(r'value="link:id:([^"]+)"', page)) == set(twins)
    assert page.count("<bdi>Ann the Elder</bdi>") == 2
    assert 'Unclear people <span class="tally">1</span>' in page


@pytest.mark.parametrize("other", [False, True])
async def test_a_decision_to_link_is_what_the_next_sync_does(
    site: Site, customer: Customer, visitor: httpx.AsyncClient, twins: list[str], *, other: bool
) -> None:
    """Whether the contact was among the candidates or named by its id."""
    form = (
        {"choice": "link:another", "contact_id": f" {twins[1]} "}
        if other
        else {"choice": f"link:id:{twins[1]}"}
    )
    sent = await fill_in(visitor, REVIEWS, REVIEWS, person="ann", **form)
    assert (sent.status_code, sent.headers["location"]) == (303, REVIEWS)
    assert await decision(site, customer) == Decision(ReviewAction.LINK, twins[1])
    page = (await visitor.get(REVIEWS)).text
    assert f"It is the contact <code>{twins[1]}</code>. The next sync links it." in page
    assert "Nobody needs a decision." in page
    await site.world.sync(customer)
    linked = site.world.contacts.contacts(customer.connection_id)
    assert {contact.object_id for contact in linked if contact.id == twins[1]} == {"ann"}


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (ReviewAction.CREATE, "They get a contact of their own. The next sync makes it."),
        (ReviewAction.DISMISS, "They are left out of every sync."),
    ],
)
async def test_the_other_decisions_need_no_contact(
    site: Site,
    customer: Customer,
    visitor: httpx.AsyncClient,
    twins: list[str],
    action: ReviewAction,
    words: str,
) -> None:
    """What happens next is told, and is offered at once where there is something to do."""
    await fill_in(visitor, REVIEWS, REVIEWS, person="ann", choice=action.value)
    assert await decision(site, customer) == Decision(action)
    page = (await visitor.get(REVIEWS)).text
    assert words in page
    assert (f'action="{PAGE}/person"' in page) is (action is ReviewAction.CREATE)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Choose one of them; another contact needs its id."),
        ({"choice": "merge"}, "Choose one of them"),
        ({"choice": "link:another"}, "Choose one of them"),
        ({"choice": "link:id:"}, "Choose one of them"),
        ({"choice": "link:another", "contact_id": "x" * 129}, "Choose one of them"),
        ({"choice": "link:another", "contact_id": "<none>"}, "The customer has no contact with this id."),
    ],
)
async def test_what_is_no_decision_is_there_again(
    site: Site,
    customer: Customer,
    visitor: httpx.AsyncClient,
    twins: list[str],
    form: dict[str, str],
    words: str,
) -> None:
    """With what is the matter, unfolded; nothing was kept."""
    sent = await fill_in(visitor, REVIEWS, REVIEWS, person="ann", **form)
    assert sent.status_code == 400
    assert words in sent.text
    assert "<details open>" in sent.text
    assert "<none>" not in sent.text
    assert await decision(site, customer) is None


async def test_the_first_decision_counts(visitor: httpx.AsyncClient, twins: list[str]) -> None:
    """Whoever comes second is told; somebody who is not in the queue is not found."""
    await fill_in(visitor, REVIEWS, REVIEWS, person="ann", choice="dismiss")
    second = await fill_in(visitor, REVIEWS, PAGE, person="ann", choice="create")
    assert second.status_code == 409
    assert "Somebody decided about this person already." in second.text
    assert (await fill_in(visitor, REVIEWS, PAGE, person="bob", choice="create")).status_code == 404


async def test_a_decision_comes_from_our_own_page(
    site: Site, customer: Customer, visitor: httpx.AsyncClient, twins: list[str]
) -> None:
    """Without the form's token nothing is decided."""
    sent = await visitor.post(REVIEWS, data={"person": "ann", "choice": "dismiss"})
    assert sent.status_code == 403
    assert await decision(site, customer) is None


async def test_a_contact_of_somebody_else_is_no_choice(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """It is shown, for that is what the person is in conflict with."""
    await site.world.sync(customer)
    tenant = site.world.directories.tenants[TENANT]
    tenant.change("bob", mail="bobby@contoso.example")
    tenant.hire("newbob", mail="bob@contoso.example")
    linked = next(
        each.id for each in site.world.contacts.contacts(customer.connection_id) if each.object_id == "bob"
    )
    review = Review("newbob", "New Bob", "match.odd", "run", site.world.clock.now(), contact_id=linked)
    await site.world.reviews.save(customer.connection_id, [review])
    await put(site, customer, reviews=1)
    page = (await visitor.get(REVIEWS)).text
    assert "belongs to another person:" in page
    assert f'value="link:id:{linked}"' not in page


async def test_a_long_queue_has_pages(site: Site, customer: Customer, visitor: httpx.AsyncClient) -> None:
    """Of those who wait and of those who are decided about, each on its own; past the end is the end."""
    await fill(site, customer, 60)
    await fill(site, customer, 30, decided=True)
    names = re.compile(r"<h3><bdi>Person (p\d+)</bdi>")
    pages = [names.findall((await visitor.get(REVIEWS, params={"waiting": n})).text) for n in (1, 2, 3, 99)]
    assert [len(each) for each in pages] == [25, 25, 10, 10]
    assert sorted({name for page in pages for name in page}) == [f"p{number:03d}" for number in range(60)]
    first = (await visitor.get(REVIEWS)).text
    assert "Page 1 of 3" in first
    assert "Page 1 of 2" in first
    assert first.count("They are left out of every sync.") == 25
    assert (await visitor.get(f"{REVIEWS}?settled=2")).text.count("They are left out of every sync.") == 5
    assert (await visitor.get(f"{REVIEWS}?waiting=0")).status_code == 400


async def test_what_people_are_called_is_text_and_nothing_else(
    site: Site, caller: Caller, customer: Customer, visitor: httpx.AsyncClient, twins: list[str]
) -> None:
    """Names of people and contacts are escaped and isolated."""
    fields = ContactFields(name=HOSTILE, email="ann@contoso.example", job_title=HOSTILE)
    site.world.contacts.add_by_hand(customer.connection_id, fields)
    site.world.directories.tenants[TENANT].change("ann", display_name=HOSTILE, job_title=HOSTILE)
    await site.world.sync(customer)
    page = (await visitor.get(REVIEWS)).text
    assert "<script>alert" not in page
    assert page.count("<bdi>&lt;script&gt;") >= 5


async def test_a_customer_that_was_never_connected_has_no_queue(site: Site, caller: Caller) -> None:
    """Nor contacts, nor a history."""
    other = await site.world.customer("c-2", caller.account_id)
    async with site.visitor(other) as visitor:
        for page in ("reviews", "contacts", "history", "people"):
            assert (await visitor.get(f"/portal/customers/c-2/{page}")).status_code == 404


async def test_a_contact_of_a_psa_may_be_one_that_no_sync_knows(
    psas: Psas, owner: Caller, kind: DestinationKind
) -> None:
    """Its id is taken as it is, for the technician sees more of the PSA than we do."""
    site = psas.site
    await psas.choose(owner.account_id, kind)
    customer = await site.connected(owner.account_id, "ann")
    review = Review("ann", "Ann", "match.multiple_contacts", "run", site.world.clock.now())
    await site.world.reviews.save(customer.connection_id, [review])
    await put(site, customer, reviews=1)
    async with site.visitor(customer) as visitor:
        await fill_in(visitor, REVIEWS, REVIEWS, person="ann", choice="link:another", contact_id="4711")
    assert await decision(site, customer) == Decision(ReviewAction.LINK, "4711")
