"""The account's page: where its contacts live, and what its buttons do."""

import re
from datetime import timedelta

import httpx
import pytest

from shared.core.account_destination import DestinationKind
from shared.core.messages import ImportMessage
from tests.unit.web.conftest import Caller
from tests.unit.web.psas import Psas, name_of
from tests.unit.web.site import ACCOUNT_PAGE, Site, fill_in, hidden, press, send

PROGRESS = f"{ACCOUNT_PAGE}/progress.json"
TITLE = {DestinationKind.ATERA: "Atera", DestinationKind.SYNCRO: "Syncro"}


def field(page: str, name: str) -> str:
    """An input's tag."""
    found = re.search(rf'<input class="input" id="{name}"[^>]*>', page)
    assert found is not None, name
    return found[0]


def is_open(page: str) -> bool:
    """Whether the form is unfolded."""
    return '<details class="more-of-it" open>' in page


async def test_an_account_without_a_psa_is_told_what_it_can_do(manager: httpx.AsyncClient) -> None:
    """The form is there, unfolded, as there is nothing else to see yet."""
    page = (await manager.get(ACCOUNT_PAGE)).text
    for words in [
        "<bdi>Fabrikam</bdi>",
        "In this service</span>",
        "The contacts are kept in this service",
        "There are no customers yet.",
        "Test and save</button>",
    ]:
        assert words in page
    assert is_open(page)
    assert 'type="password" autocomplete="off"' in field(page, "api_key")
    for absent in ("Test now", "Import customers", 'value="builtin"', "data-follow", 'type="search"'):
        assert absent not in page


async def test_a_good_key_leads_back_to_a_page_that_follows_the_import(
    psas: Psas, boss: httpx.AsyncClient, kind: DestinationKind
) -> None:
    """With and without scripts, until the customers are there, with the tenants that look like theirs."""
    sent = await fill_in(boss, ACCOUNT_PAGE, ACCOUNT_PAGE, **psas.sent(kind, psas.key(kind)))
    assert (sent.status_code, sent.headers["location"]) == (303, ACCOUNT_PAGE)
    page = (await boss.get(ACCOUNT_PAGE)).text
    for words in [
        f"Reading the customers from {TITLE[kind]}",
        f"The customers are being read from {TITLE[kind]}.",
        f'data-follow="{PROGRESS}"',
        f'<noscript><p><a href="{ACCOUNT_PAGE}">',
        "The key works</span>",
        "Just now: it works",
        f"<bdi>{name_of(kind)}</bdi>",
    ]:
        assert words in page
    assert "refresh" not in page  # it would empty the form while somebody fills it in
    assert "Import customers" not in page
    before = (await boss.get(PROGRESS)).json()
    assert f'data-key="{before["key"]}"' in page
    await psas.site.world.drain()
    assert (await boss.get(PROGRESS)).json()["key"] != before["key"]
    psas.site.world.clock.advance(timedelta(minutes=2))
    done = (await boss.get(ACCOUNT_PAGE)).text
    for words in [
        "2 customers</span>",
        "<bdi>Contoso</bdi>",
        "<bdi>contoso.example</bdi> looks like theirs",
        "<bdi>Fabrikam</bdi>",
        "Import customers again</button>",
        '<time datetime="2026-03-02T00:00:00Z">2 March 2026, 00:00 UTC</time>',
    ]:
        assert words in done
    for absent in ("data-follow", "Just now", "Subdomain <bdi>"):
        assert absent not in done
    assert not is_open(done)


async def test_a_bad_key_is_answered_by_the_form_again(
    psas: Psas, boss: httpx.AsyncClient, kind: DestinationKind, caplog: pytest.LogCaptureFixture
) -> None:
    """With the problem's words and everything that was filled in but the key; nothing is changed."""
    caplog.set_level("DEBUG")
    answer = await fill_in(boss, ACCOUNT_PAGE, ACCOUNT_PAGE, **psas.sent(kind, "5ecret-that-opens-nothing"))
    assert answer.status_code == 422
    page = answer.text
    for words in [
        f"{TITLE[kind]} refuses the API key: it is wrong, has expired or was revoked.",
        "You, or whoever looks after this account.",
        "<code>destination_key_refused</code>",
        "<title>Not saved: Northmoor",
        "This was not saved, and nothing was changed.",
        f'value="{kind.value}" checked',
    ]:
        assert words in page
    assert is_open(page)
    if kind is DestinationKind.SYNCRO:
        assert 'value="acme"' in field(page, "subdomain")
    assert "value=" not in field(page, "api_key")
    for secret in ("5ecret", "psa-key"):
        assert secret not in page
        assert secret not in str(answer.headers)
        assert secret not in caplog.text
    assert psas.site.world.secrets.values == {}
    assert "refuses" not in (await boss.get(ACCOUNT_PAGE)).text


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"kind": "Choose one of them.", "api_key": "Paste the key."}),
        ({"kind": "hudu", "api_key": "k"}, {"kind": "Choose one of them."}),
        ({"kind": "atera", "api_key": " "}, {"api_key": "Paste the key."}),
        ({"kind": "syncro", "api_key": "k"}, {"subdomain": "Say which Syncro account it is."}),
        ({"kind": "syncro", "subdomain": "acme"}, {"api_key": "Paste the key."}),
    ],
)
async def test_what_was_not_filled_in_is_said_beside_the_field(
    manager: httpx.AsyncClient, fields: dict[str, str], wrong: dict[str, str]
) -> None:
    """Tied to the field for those who do not see it, and nobody is asked."""
    answer = await fill_in(manager, ACCOUNT_PAGE, ACCOUNT_PAGE, **fields)
    assert answer.status_code == 400
    assert is_open(answer.text)
    for name, words in wrong.items():
        assert f'<p class="error" id="{name}-error">{words}</p>' in answer.text
        if name != "kind":
            assert 'aria-invalid="true"' in field(answer.text, name)
            assert f'aria-describedby="{name}-error {name}-hint"' in field(answer.text, name)
        focused = name == next(iter(wrong)) and name != "kind"
        assert not focused or " autofocus " in field(answer.text, name)
    assert answer.text.count(" autofocus ") == ("kind" not in wrong)
    assert answer.text.count('class="error"') == len(wrong)


@pytest.mark.parametrize(
    "pasted", ["acme", " ACME ", "acme.syncromsp.com", "https://acme.syncromsp.com/customers?page=2"]
)
async def test_the_whole_address_of_a_syncro_account_will_do(
    psas: Psas, boss: httpx.AsyncClient, pasted: str
) -> None:
    """People paste what their browser shows."""
    sent = await fill_in(
        boss, ACCOUNT_PAGE, ACCOUNT_PAGE, kind="syncro", api_key=psas.syncro.add_token(), subdomain=pasted
    )
    assert sent.status_code == 303


async def test_a_subdomain_left_in_the_form_does_not_matter_to_atera(
    psas: Psas, boss: httpx.AsyncClient
) -> None:
    """The field may be out of sight, and still be sent."""
    sent = await fill_in(
        boss, ACCOUNT_PAGE, ACCOUNT_PAGE, kind="atera", api_key=psas.atera.add_key(), subdomain="acme"
    )
    assert sent.status_code == 303


async def test_a_psa_that_is_down_asks_the_reader_to_try_again(manager: httpx.AsyncClient) -> None:
    """Nothing was changed, and nothing is tried again by itself."""
    answer = await fill_in(manager, ACCOUNT_PAGE, ACCOUNT_PAGE, kind="atera", api_key="k")
    assert answer.status_code == 503
    assert "Atera cannot be reached." in answer.text
    assert "Nothing was changed. Try again in a minute." in answer.text
    assert "by itself" not in answer.text.partition("<section")[2].partition("</section>")[0]


async def test_testing_shows_a_key_that_went_bad_until_there_is_a_good_one(
    psas: Psas, owner: Caller, boss: httpx.AsyncClient, kind: DestinationKind
) -> None:
    """What happened, since when, who must act, and how, with the form unfolded to act in."""
    key = await psas.choose(owner.account_id, kind)
    psas.revoke(kind, key)
    psas.site.world.clock.advance(timedelta(hours=1))
    pressed = await press(boss, f"{ACCOUNT_PAGE}/test", ACCOUNT_PAGE)
    assert (pressed.status_code, pressed.headers["location"]) == (303, ACCOUNT_PAGE)
    page = (await boss.get(ACCOUNT_PAGE)).text
    for words in [
        f"{TITLE[kind]} refuses the API key",
        "Make a new key in",
        "You, or whoever looks after this account.",
        "Action needed</span>",
        'since <time datetime="2026-03-02T01:00:00Z">',
        "Just now: it is refused",
        "<bdi>Contoso</bdi>",
    ]:
        assert words in page
    assert is_open(page)
    again = await fill_in(boss, ACCOUNT_PAGE, ACCOUNT_PAGE, **psas.sent(kind, psas.key(kind)))
    assert again.status_code == 303
    assert "refuses" not in (await boss.get(ACCOUNT_PAGE)).text


async def test_testing_a_good_key_says_that_it_works(
    psas: Psas, owner: Caller, boss: httpx.AsyncClient, kind: DestinationKind
) -> None:
    """And when that was."""
    await psas.choose(owner.account_id, kind)
    psas.site.world.clock.advance(timedelta(hours=1))
    assert "Just now" not in (await boss.get(ACCOUNT_PAGE)).text
    await press(boss, f"{ACCOUNT_PAGE}/test", ACCOUNT_PAGE)
    page = (await boss.get(ACCOUNT_PAGE)).text
    assert 'role="status">Just now: it works' in page
    assert "2 March 2026, 01:00 UTC" in page


async def test_importing_again_brings_what_is_new(
    psas: Psas, owner: Caller, boss: httpx.AsyncClient, kind: DestinationKind
) -> None:
    """The button leads back to the page, which follows it."""
    await psas.choose(owner.account_id, kind)
    psas.add_customer(kind, "Woodgrove")
    pressed = await press(boss, f"{ACCOUNT_PAGE}/import", ACCOUNT_PAGE)
    assert (pressed.status_code, pressed.headers["location"]) == (303, ACCOUNT_PAGE)
    page = (await boss.get(ACCOUNT_PAGE)).text
    assert "data-follow" in page
    assert "<bdi>Contoso</bdi>" in page
    await psas.site.world.drain()
    page = (await boss.get(ACCOUNT_PAGE)).text
    assert "<bdi>Woodgrove</bdi>" in page
    assert "3 customers</span>" in page


async def test_an_import_that_was_given_up_can_be_asked_for_again(
    psas: Psas, owner: Caller, boss: httpx.AsyncClient
) -> None:
    """The page says that nothing was read, and offers the button."""
    world = psas.site.world
    kind, key = DestinationKind.ATERA, psas.atera.add_key()
    await world.app.account_setup.choose(owner.account_id, kind, key)
    message = world.queue.take()
    assert isinstance(message, ImportMessage)
    await world.app.account_setup.give_up(message)
    page = (await boss.get(ACCOUNT_PAGE)).text
    assert "The customers were not read. Import them again." in page
    assert "Import customers</button>" in page


async def test_an_import_that_the_psa_refuses_says_why(
    psas: Psas, owner: Caller, boss: httpx.AsyncClient
) -> None:
    """The table's place tells that it is empty for that reason."""
    world, key = psas.site.world, psas.atera.add_key()
    await world.app.account_setup.choose(owner.account_id, DestinationKind.ATERA, key)
    psas.atera.revoke_key(key)
    await world.drain()
    page = (await boss.get(ACCOUNT_PAGE)).text
    assert "The customers were not read, because Atera does not let this service in." in page
    assert "Atera refuses the API key" in page


async def test_a_psa_without_customers_is_no_failure(
    psas: Psas, owner: Caller, boss: httpx.AsyncClient
) -> None:
    """The page says where they are made."""
    psas.atera.customers.clear()
    await psas.choose(owner.account_id, DestinationKind.ATERA)
    assert "Atera has no customers." in (await boss.get(ACCOUNT_PAGE)).text


@pytest.mark.parametrize("action", ["test", "import"])
async def test_a_button_of_an_older_page_explains_itself(
    site: Site, manager: httpx.AsyncClient, action: str
) -> None:
    """Somebody else may have gone back to the built-in destination meanwhile."""
    refused = await press(manager, f"{ACCOUNT_PAGE}/{action}", ACCOUNT_PAGE)
    assert refused.status_code == 409
    assert "The account’s contacts" in refused.text.replace("&#39;", "’")
    assert "<title>Fabrikam" in refused.text
    assert not site.world.queue.waiting


async def test_the_contacts_are_taken_back_with_the_form(
    psas: Psas, owner: Caller, boss: httpx.AsyncClient, kind: DestinationKind
) -> None:
    """Without a key; the page says beforehand that the one there is gets forgotten."""
    await psas.choose(owner.account_id, kind)
    assert f"The key for {TITLE[kind]} is forgotten." in (await boss.get(ACCOUNT_PAGE)).text
    assert (await fill_in(boss, ACCOUNT_PAGE, ACCOUNT_PAGE, kind="builtin")).status_code == 303
    page = (await boss.get(ACCOUNT_PAGE)).text
    assert "In this service</span>" in page
    assert "<bdi>Contoso</bdi>" in page
    assert psas.site.world.secrets.values == {}


@pytest.mark.parametrize("charset", ["utf-7", "nonsense"])
async def test_a_form_in_a_charset_of_the_senders_choice_is_no_error_of_ours(
    manager: httpx.AsyncClient, charset: str
) -> None:
    """It is refused, or read as what it is."""
    answer = await manager.post(
        ACCOUNT_PAGE,
        content="form_token=%ff&api_key=5ecret",
        headers={"Content-Type": f"application/x-www-form-urlencoded; charset={charset}"},
    )
    assert answer.status_code in {400, 403}
    assert "5ecret" not in answer.text


async def test_a_file_is_no_key(manager: httpx.AsyncClient) -> None:
    """What is sent as one is refused without a word of it."""
    data = {"form_token": hidden(await manager.get(ACCOUNT_PAGE), "form_token"), "kind": "atera"}
    file = {"api_key": ("5ecret.txt", b"5ecret")}
    answer = await manager.post(
        ACCOUNT_PAGE, data=data, files=file, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 400
    assert "5ecret" not in answer.text


async def test_what_is_filled_in_is_text_and_nothing_else(manager: httpx.AsyncClient) -> None:
    """A subdomain comes back escaped, in its field only."""
    hostile = '"><script>alert(1)</script>'
    answer = await fill_in(manager, ACCOUNT_PAGE, ACCOUNT_PAGE, kind="syncro", subdomain=hostile)
    assert answer.status_code == 400
    assert "<script>alert" not in answer.text
    assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;"' in field(answer.text, "subdomain")
    again = await send(manager, ACCOUNT_PAGE, {"kind": hostile})
    assert "<script>alert" not in again.text
