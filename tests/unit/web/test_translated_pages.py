"""Every page says all that it says through the catalogues, Python's sentences included."""

import re
import warnings
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from html.parser import HTMLParser

import httpx
import pytest
from babel.messages.catalog import Catalog
from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi

from shared.core.connection import ConnectionState
from shared.core.customer import Customer
from shared.core.reasons import reason
from shared.core.setup import SetupStep
from shared.web import pages, words
from shared.web.catalogues import compiled
from shared.web.portal import router as portal
from tests.fakes import TENANT
from tests.unit.web.setting_up import Wizard
from tests.unit.web.site import ACCOUNT_PAGE, PAGE, Site, fill_in, put
from translations.extraction import everything

VISITORS = {"ann", "bob", "cem", "Contoso", "Fabrikam", "Tenantry", "Atera", "Syncro", "Microsoft"}
FOREIGN = {"bdi", "code", "q", "time", "title", "script", "style", "footer", "textarea"}
SPOKEN = {"alt", "aria-label", "placeholder"}
FORMAT = re.compile(r"\{(\w+)\}")


def marked_catalogue() -> Catalog:
    """Every message in brackets, so that what is not one stands out."""
    catalog = Catalog(locale="it")
    for message in everything():
        if not message.id:
            continue
        ids = (message.id,) if isinstance(message.id, str) else (message.id[0], *[message.id[1]] * 2)
        said = tuple(f"⟦{text}⟧" for text in ids)
        catalog.add(message.id, said[0] if len(said) == 1 else said, context=message.context)
    return catalog


class Bracketed(words.Words):
    """Words whose every message is in brackets, and so is what Babel says in the language by itself."""

    def ago(self, passed: timedelta) -> str:
        return f"⟦{super().ago(passed)}⟧"


@pytest.fixture(scope="module")
def brackets() -> words.Words:
    """A language in which every message is in brackets."""
    return Bracketed("it", compiled(marked_catalogue()))


@pytest.fixture(autouse=True)
def spoken(brackets: words.Words, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every page speaks that language."""
    pages._templates.cache_clear()
    monkeypatch.setattr(pages, "words_in", lambda language: brackets)
    monkeypatch.setattr(words, "words_in", lambda language: brackets)
    yield
    pages._templates.cache_clear()


class _Reader(HTMLParser):
    """What a page says of its own: without brackets and what is in them, and without other people's text."""

    def __init__(self) -> None:
        super().__init__()
        self.said = ""
        self._foreign = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._foreign += tag in FOREIGN
        self.said += "".join(f" {value} " for name, value in attrs if name in SPOKEN and not self._foreign)

    def handle_endtag(self, tag: str) -> None:
        self._foreign -= tag in FOREIGN

    def handle_data(self, data: str) -> None:
        self.said += "" if self._foreign else data


def unmarked(page: httpx.Response) -> list[str]:
    """The words of a page that came from no catalogue."""
    reader = _Reader()
    reader.feed(page.text)
    text, before = reader.said, ""
    while text != before:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    assert "⟦" not in text
    return [word for word in re.findall(r"[^\W\d_]{2,}", text) if word not in VISITORS]


def addresses(router: APIRouter) -> list[str]:
    """Of everything that can be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # GET and HEAD of one function have one id
        document = get_openapi(title="", version="", routes=router.routes)
    return [path for path, methods in document["paths"].items() if "get" in methods]


async def everywhere(browser: httpx.AsyncClient, run: str) -> AsyncIterator[httpx.Response]:
    """Every page that the browser may open."""
    whole = [address.replace("{step}", step) for address in addresses(portal) for step in SetupStep]
    for address in dict.fromkeys(whole):
        if address.startswith(("/portal/customers/", "/portal/account")):
            page = await browser.get(address.replace("{customer}", "c-1").replace("{run}", run))
            if page.headers.get("content-type", "").startswith("text/html"):
                yield page


async def test_pages_of_a_connected_customer_say_nothing_else(site: Site, customer: Customer) -> None:
    """Each page of the account and of its customer, with a finished sync and with one that failed."""
    run = (await site.world.sync(customer)).id
    site.world.clock.advance(timedelta(hours=12))
    site.world.directories.tenants[TENANT].fail_next(reason("permission_missing"))
    failed = (await site.world.sync(customer)).id
    async with site.manager(customer.account_id) as browser:
        found = {str(page.url): unmarked(page) async for page in everywhere(browser, run)}
        assert not unmarked(await browser.get(f"{PAGE}/runs/{failed}"))
    assert len(found) >= 10
    assert not {url: said for url, said in found.items() if said}


async def test_a_held_run_says_nothing_else(site: Site, customer: Customer) -> None:
    """Neither on its page nor on the others that point to it."""
    run = await site.held(customer)
    async with site.manager(customer.account_id) as browser:
        for address in (PAGE, f"{PAGE}/runs/{run.id}", ACCOUNT_PAGE, f"{ACCOUNT_PAGE}/issues"):
            assert not unmarked(await browser.get(address)), address


@pytest.mark.parametrize("state", ConnectionState)
async def test_every_state_is_said_in_the_language_of_the_page(
    site: Site, customer: Customer, visitor: httpx.AsyncClient, state: ConnectionState
) -> None:
    """On the customer's page, with the reason where somebody must act."""
    why = "consent_revoked" if state is ConnectionState.ACTION_REQUIRED else None
    await put(site, customer, state=state, reason=why)
    page = await visitor.get(PAGE)
    assert page.status_code == 200
    assert not unmarked(page)
    followed = await visitor.get(f"{PAGE}/progress.json")
    assert not re.search(r"[A-Za-z]{2,}", re.sub("⟦.*⟧", "", followed.json()["text"]))


@pytest.mark.parametrize(
    "fields", [{}, {"kind": "syncro"}, {"kind": "atera", "api_key": " "}, {"kind": "builtin"}]
)
async def test_what_is_wrong_with_a_form_is_said_in_the_language_of_the_page(
    site: Site, manager: httpx.AsyncClient, fields: dict[str, str]
) -> None:
    """Beside each field."""
    page = await fill_in(manager, ACCOUNT_PAGE, ACCOUNT_PAGE, **fields)
    assert page.status_code in (303, 400)
    assert not unmarked(page)


@pytest.mark.parametrize(
    "path",
    [
        "/portal",
        "/portal/nothing",
        "/portal/setup",
        "/connect/start",
        "/connect/start?ticket=x",
        "/connect/done",
        "/connect/callback?error=access_denied",
        "/connect/callback",
        "/portal/sign-out",
    ],
)
async def test_a_page_for_strangers_says_nothing_else(site: Site, path: str) -> None:
    """Most of them say what is wrong."""
    async with site.browser() as browser:
        assert not unmarked(await browser.get(path))


async def test_the_setup_says_nothing_else(wizard: Wizard) -> None:
    """Each of its pages, and each form with what is wrong in it."""
    for step in ("", *SetupStep, "preview", "done"):
        assert not unmarked(await wizard.get(step)), step
    for step in SetupStep:
        if step is SetupStep.CHECK:
            continue
        page = await wizard.post(step, {"form_token": (await wizard.form(step))["form_token"], "go": "next"})
        assert not unmarked(page), step
    wrong: dict[str, str | list[str]] = {
        "scope.domains": "no domain",
        "scope.exclusions.0.pattern": "(",
        "schedule.hours": "x",
        "schedule.at": "x",
        "schedule.time_zone": "x",
    }
    for step in (SetupStep.PEOPLE, SetupStep.SCHEDULE):
        assert not unmarked(await wizard.fill_in(step, "next", **wrong)), step
    await wizard.previewed()
    assert not unmarked(await wizard.get("preview"))
