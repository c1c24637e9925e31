"""What a technician does on a customer's page, and what it says about the customer."""

import re
from datetime import timedelta

import httpx
import pytest

from shared.core.configuration import (
    Configuration,
    Enrichment,
    GroupMode,
    Groups,
    Schedule,
    ScheduleKind,
    Scope,
)
from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from shared.core.errors import ActionRequired
from shared.core.models import ContactFields, UserType
from shared.core.run import Run, RunKind, Trigger
from tests.fakes import TENANT
from tests.unit.web.site import PAGE, Site, fill_in, press, put

FINE = "Everything is all right: the contacts are in step with the directory, and nobody has to act."


def verdict(page: str) -> str:
    """The one sentence at the top."""
    found = re.search(r'<p class="verdict \w+">(.*?)</p>', page)
    assert found is not None
    return found[1]


async def latest(site: Site, customer: Customer) -> Run:
    return (await site.world.app.runs.list(customer, 1, None)).items[0]


async def test_one_sentence_says_whether_everything_is_all_right(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """It is, once synced; it is not when the sync that was due has not come about."""
    assert "after the first sync" in verdict((await visitor.get(PAGE)).text)
    await site.world.sync(customer)
    page = (await visitor.get(PAGE)).text
    assert verdict(page) == FINE
    assert "just now" in page
    site.world.clock.advance(timedelta(hours=26))
    async with site.visitor(customer) as later:
        page = (await later.get(PAGE)).text
    assert "An automatic sync is late" in verdict(page)
    assert "26 hours ago" in page
    assert "Late</span>" in page


async def test_a_sync_that_failed_is_told_with_its_remedy(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """Though the connection itself is in order."""
    site.world.directories.tenants[TENANT].fail_next(ActionRequired("odd", "It is odd.", "Look at it."))
    await site.world.sync(customer)
    await put(site, customer, state=ConnectionState.ACTIVE, reason=None)
    page = (await visitor.get(PAGE)).text
    assert "The last sync failed" in verdict(page)
    assert "It is odd." in page
    assert "Look at it." in page


async def test_a_held_sync_is_shown_first(site: Site, customer: Customer) -> None:
    """With the way to its plan."""
    run = await site.held(customer)
    async with site.visitor(customer) as visitor:
        page = (await visitor.get(PAGE)).text
    assert f'href="{PAGE}/runs/{run.id}">somebody to look at its plan</a>' in verdict(page)
    assert "Look at the plan</a>" in page


async def test_people_who_need_a_decision_are_counted(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """In the sentence at the top."""
    for _ in range(2):
        fields = ContactFields(name="Ann", email="ann@contoso.example")
        site.world.contacts.add_by_hand(customer.connection_id, fields)
    await site.world.sync(customer)
    page = (await visitor.get(PAGE)).text
    assert ">one person needs a decision</a>" in verdict(page)


async def test_syncs_are_paused_and_resumed(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """Each button is there when it can be pressed."""
    pressed = await press(visitor, f"{PAGE}/pause")
    assert (pressed.status_code, pressed.headers["location"]) == (303, PAGE)
    assert (await site.connection(customer)).state is ConnectionState.PAUSED
    page = (await visitor.get(PAGE)).text
    assert "The syncs are paused" in verdict(page)
    assert "Pause the syncs" not in page
    await press(visitor, f"{PAGE}/resume")
    assert (await site.connection(customer)).state is ConnectionState.ACTIVE
    assert "Resume the syncs" not in (await visitor.get(PAGE)).text


async def test_everything_is_read_again_on_demand(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """A full run, which the history names."""
    await press(visitor, f"{PAGE}/full")
    run = await latest(site, customer)
    assert (run.kind, run.trigger) == (RunKind.FULL, Trigger.PORTAL)
    assert "Started on this page, full read" in (await visitor.get(f"{PAGE}/history")).text


@pytest.mark.parametrize("action", ["pause", "resume", "full", "person"])
async def test_each_button_is_on_our_own_page(
    site: Site, customer: Customer, visitor: httpx.AsyncClient, action: str
) -> None:
    """Without the form's token nothing happens."""
    before = await site.connection(customer)
    assert (await visitor.post(f"{PAGE}/{action}", data={"user": "ann"})).status_code == 403
    foreign = await press(visitor, f"{PAGE}/{action}", **{"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert await site.connection(customer) == before
    assert not (await site.world.app.runs.list(customer, 1, None)).items


async def test_a_person_is_found_by_name_and_synced_with_an_explanation(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """Part of the name is enough; the run's page tells each step and each condition."""
    await site.world.sync(customer)
    site.world.directories.tenants[TENANT].change("bob", job_title="Pilot")
    site.world.clock.advance(timedelta(minutes=1))
    found = (await visitor.get(f"{PAGE}/people", params={"search": "ON BO"})).text
    assert re.findall(r'name="user" value="([^"]+)"', found) == ["bob"]
    pressed = await fill_in(visitor, f"{PAGE}/person", PAGE, user="bob")
    run = await latest(site, customer)
    assert pressed.headers["location"] == f"{PAGE}/runs/{run.id}"
    waiting = (await visitor.get(pressed.headers["location"])).text
    assert f'data-follow="{PAGE}/runs/{run.id}/progress.json" data-key="under_way"' in waiting
    assert (await visitor.get(f"{PAGE}/runs/{run.id}/progress.json")).json()["key"] == "under_way"
    await site.world.drain(until=site.world.clock.now())
    page = (await visitor.get(f"{PAGE}/runs/{run.id}")).text
    for words in [
        "What became of <bdi>bob</bdi>",
        "Microsoft knows the person.",
        "The person is in scope, so they are to have a contact.",
        "The account is not disabled.",
        "Their contact was found.",
        "The contact is to be updated.",
        "It was written.",
        "Met</span>",
    ]:
        assert words in page, words
    assert "data-follow" not in page


async def test_somebody_who_was_never_read_is_found_by_address(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """A name leads nowhere, a whole address to the directory itself; nothing typed leads back."""
    await site.world.sync(customer)
    named = (await visitor.get(f"{PAGE}/people", params={"search": "<b>dee"})).text
    assert "Nobody whom the last sync read has “<bdi>&lt;b&gt;dee</bdi>”" in named
    assert 'name="user"' not in named
    addressed = (await visitor.get(f"{PAGE}/people", params={"search": "dee@contoso.example"})).text
    assert 'name="user" value="dee@contoso.example"' in addressed
    for nobody in ("", "x" * 321):
        sent = await fill_in(visitor, f"{PAGE}/person", PAGE, user=nobody)
        assert sent.headers["location"] == f"{PAGE}/people"


async def test_many_people_are_not_listed(site: Site, customer: Customer, visitor: httpx.AsyncClient) -> None:
    """Twenty are, and the page says that there are more."""
    for number in range(30):
        site.world.directories.tenants[TENANT].hire(f"p-{number:02d}")
    await site.world.sync(customer)
    page = (await visitor.get(f"{PAGE}/people", params={"search": "p-"})).text
    assert page.count('name="user"') == 20
    assert "More people fit." in page


async def test_the_history_has_pages(site: Site, customer: Customer, visitor: httpx.AsyncClient) -> None:
    """Every run is on one of them, newest first; a place of another list is none."""
    runs = []
    for _ in range(30):
        runs.append((await site.world.sync(customer)).id)
        site.world.clock.advance(timedelta(minutes=1))
    first = (await visitor.get(f"{PAGE}/history")).text
    listed = re.findall(rf'href="{PAGE}/runs/(run_\w+)"', first)
    assert listed == runs[:-26:-1]
    address = re.search(r'href="([^"]+\?after=[^"]+)">Next', first)
    assert address is not None
    second = (await visitor.get(address[1])).text
    assert re.findall(rf'href="{PAGE}/runs/(run_\w+)"', second) == runs[4::-1]
    assert "Back to the start" in second
    assert (await visitor.get(f"{PAGE}/history?after=x")).status_code == 400


async def test_what_is_synced_is_told_in_sentences(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """Every policy that is not as usual has its own."""
    page = (await visitor.get(PAGE)).text
    for words in [
        "Members who may sign in get a contact.",
        "Every 12 hours.",
        "Nothing besides the directory.",
    ]:
        assert words in page, words
    scope = Scope(
        user_types=(UserType.GUEST, UserType.MEMBER),
        enabled_only=False,
        groups=Groups(GroupMode.SELECTED, ("00000000-0000-4000-8000-000000000001",)),
        departments=("<b>Sales", "One", "Two", "Zed"),
    )
    daily = Schedule(kind=ScheduleKind.DAILY, at="01:00", time_zone="Europe/Rome")
    await site.world.configure(
        customer, Configuration(scope=scope, schedule=daily, enrichments=(Enrichment.MFA,))
    )
    page = (await visitor.get(PAGE)).text
    for words in [
        "Members and guests get a contact, also those who may not sign in.",
        "They must be in the one group that is selected, or in a group within it.",
        "Only these departments: <bdi>&lt;b&gt;Sales</bdi>, <bdi>One</bdi>, <bdi>Two</bdi> and 1 more.",
        "Daily at 01:00, Europe/Rome.",
        "multifactor authentication",
    ]:
        assert words in page, words


async def test_what_a_run_could_not_read_is_told(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """With who must act and how."""
    site.world.directories.tenants[TENANT].lose_premium()
    await site.world.configure(customer, Configuration(enrichments=(Enrichment.MFA,)))
    run = await site.world.sync(customer)
    page = (await visitor.get(f"{PAGE}/runs/{run.id}")).text
    assert "What could not be read" in page
    assert "Multifactor authentication" in page
    assert "An administrator of the customer’s organization." in page
