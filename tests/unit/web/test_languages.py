"""Which language a page speaks, and how somebody chooses another."""

import httpx
import pytest

from shared.core.customer import Customer
from shared.web.languages import page_of_ours
from tests.unit.web.site import ACCOUNT_PAGE, PAGE, Site, hidden

CHOICE = "/portal/language"
ASKED = [
    ("", "en"),
    ("de", "de"),
    ("de-AT, en;q=0.5", "de"),
    ("fr, it;q=0.8, de;q=0.9", "de"),
    ("en-GB, de", "en"),
    ("de;q=0, it;q=0.1", "it"),
    ("pt-BR, *", "en"),
    ("it;q=nonsense, de;q=0.2", "de"),
    (";;;,,=", "en"),
    ("x" * 100_000, "en"),
]


@pytest.mark.parametrize(("accept", "language"), ASKED)
async def test_a_browser_is_spoken_to_in_the_language_it_asks_for(
    site: Site, accept: str, language: str
) -> None:
    """The one it would rather have among those there are; English where it asks for none of them."""
    async with site.browser(**{"Accept-Language": accept}) as browser:
        page = await browser.get("/portal")
    assert page.headers["content-language"] == language
    assert page.headers["vary"] == "Accept-Language, Cookie"
    assert f'<html lang="{language}">' in page.text


async def test_a_chosen_language_beats_what_the_browser_asks_for(
    site: Site, customer: Customer, visitor: httpx.AsyncClient
) -> None:
    """It is kept for a year, out of the reach of scripts, and leads back to the page it was chosen on."""
    page = await visitor.get(PAGE, headers={"Accept-Language": "it"})
    chosen = await visitor.post(CHOICE, data={"language": "de", "page": hidden(page, "page")})
    assert (chosen.status_code, chosen.headers["location"]) == (303, PAGE)
    cookie = chosen.headers["set-cookie"]
    assert cookie.startswith("__Host-tenantry-language=de;")
    assert "HttpOnly" in cookie
    assert "Max-Age=31536000" in cookie
    assert '<html lang="de">' in (await visitor.get(PAGE, headers={"Accept-Language": "it"})).text


async def test_a_language_can_be_chosen_without_a_session(site: Site) -> None:
    """The customer's admin has none; the address with the ticket in it is read again."""
    async with site.browser() as browser:
        chosen = await browser.post(CHOICE, data={"language": "it", "page": "/connect/start?ticket=a-b_c"})
        assert chosen.headers["location"] == "/connect/start?ticket=a-b_c"
        assert '<html lang="it">' in (await browser.get("/connect/start?ticket=a-b_c")).text


@pytest.mark.parametrize("language", ["", "fr", "de\r\nX: y"])
async def test_a_language_that_there_is_not_changes_nothing(site: Site, language: str) -> None:
    """The page is there again as it was."""
    async with site.browser() as browser:
        answer = await browser.post(CHOICE, data={"language": language, "page": PAGE})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/portal",
        "//evil.example/portal",
        "/\\evil.example",
        "/portal\\..\\x",
        "/portalx",
        "/portal/a\r\nSet-Cookie: x=y",
        "/api/v1/health",
        "javascript:alert(1)",
        "/portal/" + "x" * 5000,
        "",
    ],
)
def test_the_way_back_leads_to_a_page_of_ours(address: str) -> None:
    """Whatever the form says, nobody is sent anywhere else."""
    assert page_of_ours(address) == "/portal"


async def test_another_sites_form_chooses_no_language(site: Site) -> None:
    """The choice is made on our own pages."""
    async with site.browser(**{"Sec-Fetch-Site": "cross-site"}) as browser:
        answer = await browser.post(CHOICE, data={"language": "de", "page": PAGE})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_a_page_that_says_what_is_wrong_does_not_repeat_the_address(
    site: Site, manager: httpx.AsyncClient
) -> None:
    """Its way back is where the session begins, or a consent does."""
    page = await manager.get("/portal/customers/canary?x=canary")
    assert hidden(page, "page") == ACCOUNT_PAGE
    assert "canary" not in page.text
    async with site.browser() as stranger:
        page = await stranger.get("/connect/callback?state=canary")
    assert hidden(page, "page") == "/connect/start"


async def test_the_reference_of_the_api_stays_in_english(site: Site) -> None:
    """It is the API's language, and a page says which one it is in."""
    async with site.browser(**{"Accept-Language": "de"}) as browser:
        page = await browser.get("/api/v1/docs")
    assert page.headers["content-language"] == "en"
    assert '<html lang="en">' in page.text
