"""Preview, Import, and what comes after: in every way it can go."""

import asyncio

import pytest

from shared.core.connection import ConnectionState
from shared.core.run import RunState, Trigger
from tests.unit.web.conftest import Caller
from tests.unit.web.setting_up import SETUP, Wizard, fields
from tests.unit.web.site import CUSTOMER, PAGE, hidden, put, send


async def test_a_preview_shows_the_draft_and_writes_nothing(wizard: Wizard) -> None:
    """Followed while it is made; then counts, lines and a table of them."""
    await wizard.fill_in("contacts", fields=["job_title"])
    asked = await wizard.press("check", "preview")
    assert asked.headers["location"] == f"{SETUP}/preview"
    waiting = (await wizard.get("preview")).text
    assert f'data-follow="{SETUP}/preview.json"' in waiting
    assert "Import</button>" not in waiting
    assert (await wizard.browser.get(f"{SETUP}/preview.json")).json()["key"] == "under_way"
    await wizard.happen()
    shown = (await wizard.get("preview")).text
    assert shown.count('<th scope="row">') == 3
    assert "Import</button>" in shown
    found = (await wizard.get("preview?kind=create&search=bob")).text
    assert found.count('<th scope="row">') == 1
    table = await wizard.browser.get(f"{SETUP}/preview/changes.csv?search=bob")
    assert len(table.text.splitlines()) == 2
    connection = await wizard.connection()
    assert wizard.site.world.contacts.contacts(connection.id) == []
    assert connection.being_set_up


async def test_import_puts_the_draft_into_force_and_is_followed_to_its_end(wizard: Wizard) -> None:
    """One configuration, one run; then what came of it and when the next one is."""
    await wizard.fill_in("people", **{"scope.user_types": "both"})
    await wizard.previewed()
    pressed = await wizard.press("preview", "import")
    connection = await wizard.connection()
    assert pressed.headers["location"] == f"{SETUP}/done?run={connection.current_run}"
    assert (connection.setup, connection.configuration_version) == (None, 2)
    assert len(connection.configuration.scope.user_types) == 2
    page = (await wizard.browser.get(pressed.headers["location"])).text
    assert "data-follow" in page
    await wizard.happen()
    done = (await wizard.browser.get(pressed.headers["location"])).text
    assert "3 contacts are in step with the directory" in done
    assert "The next automatic sync is at" in done
    assert f'href="{PAGE}">To the customer’s page' in done
    run = await wizard.site.world.runs.get((await wizard.connection()).last_run or "")
    assert run is not None
    assert (run.trigger, run.state) == (Trigger.PORTAL, RunState.SUCCEEDED)


async def test_pressed_twice_or_gone_back_to_it_is_one_import(wizard: Wizard) -> None:
    """At once, and later from a page that the browser kept."""
    await wizard.previewed()
    form = fields((await wizard.get("preview")).text)
    answers = await asyncio.gather(*(wizard.post("import", form) for _ in range(3)))
    assert all(answer.headers["location"].startswith(f"{SETUP}/done") for answer in answers)
    await wizard.happen()
    assert (await wizard.post("import", form)).headers["location"] == f"{SETUP}/done"
    runs = [run for run in wizard.site.world.runs.all() if run.kind != "preview"]
    assert len(runs) == 1
    assert (await wizard.connection()).configuration_version == 2


async def test_a_preview_that_is_out_of_date_cannot_be_imported(wizard: Wizard) -> None:
    """What somebody agrees to is what they saw."""
    await wizard.previewed()
    form = fields((await wizard.get("preview")).text)
    await wizard.fill_in("contacts", email_source="mail")
    page = (await wizard.get("preview")).text
    assert "no longer shows what would happen" in page
    assert "Import</button>" not in page
    late = await wizard.post("import", form)
    assert late.headers["location"] == f"{SETUP}/check?changed=yes"
    told = await wizard.browser.get(late.headers["location"])
    assert told.status_code == 409
    assert "Somebody else was quicker" in told.text
    unseen = await wizard.post("import", form | {"version": str((await wizard.setup()).version)})
    assert unseen.headers["location"] == f"{SETUP}/preview"
    assert (await wizard.connection()).being_set_up


async def test_a_preview_can_be_stopped_and_made_again(wizard: Wizard) -> None:
    """Nothing is waited for in vain."""
    await wizard.press("check", "preview")
    await wizard.press("preview", "preview/cancel")
    page = (await wizard.get("preview")).text
    assert "Preview again" in page
    assert "Import</button>" not in page
    await wizard.press("preview", "preview")
    await wizard.happen()
    assert "Import</button>" in (await wizard.get("preview")).text


async def test_whoever_presses_preview_twice_gets_one(wizard: Wizard) -> None:
    """While it is under way; afterwards it is a new look."""
    form = fields((await wizard.get("check")).text)
    for _ in range(2):
        assert (await wizard.post("preview", form)).headers["location"] == f"{SETUP}/preview"
    assert len(wizard.site.world.runs.all()) == 1


async def test_an_import_can_be_stopped_and_begun_again(wizard: Wizard) -> None:
    """What it wrote stays, and the settings are in force."""
    await wizard.previewed()
    began = await wizard.press("preview", "import")
    address = began.headers["location"]
    await wizard.post("done/cancel", fields((await wizard.browser.get(address)).text))
    page = (await wizard.browser.get(address)).text
    assert "The sync was stopped" in page
    await wizard.happen()
    again = await wizard.post("done/again", fields(page))
    await wizard.happen()
    assert "in step" in (await wizard.browser.get(again.headers["location"])).text


async def test_an_import_that_fails_says_who_must_act(wizard: Wizard) -> None:
    """With the reason, and another try where there is one."""
    await wizard.previewed()
    began = await wizard.press("preview", "import")
    wizard.tenant.consented = False
    await wizard.happen()
    page = (await wizard.browser.get(began.headers["location"])).text
    assert "The sync did not get to its end" in page
    assert "Who must act" in page
    assert "Sync again" not in page  # it has to be connected first


async def test_an_import_that_is_held_leads_to_its_plan(wizard: Wizard) -> None:
    """Whoever may decide; the others are told that they need not stay."""
    await wizard.previewed()
    wizard.tenant.users.clear()
    began = await wizard.press("preview", "import")
    await wizard.happen()
    page = (await wizard.browser.get(began.headers["location"])).text
    assert "The sync waits for a person" in page
    run_id = (await wizard.connection()).held_run
    assert f'href="{PAGE}/runs/{run_id}"' in page


async def test_later_changes_are_saved_and_synced(wizard: Wizard) -> None:
    """The same way; while paused they are saved alone."""
    await wizard.previewed()
    await wizard.press("preview", "import")
    await wizard.happen()
    await wizard.fill_in("contacts", email_source="mail")
    await wizard.previewed()
    assert "Save and sync</button>" in (await wizard.get("preview")).text
    began = await wizard.press("preview", "import")
    assert "/done?run=" in began.headers["location"]
    await wizard.happen()
    await wizard.site.world.app.pausing.pause(wizard.customer)
    runs = len(wizard.site.world.runs.all())
    await wizard.fill_in("contacts", email_source="user_principal_name")
    await wizard.previewed()
    assert "Save</button>" in (await wizard.get("preview")).text
    assert (await wizard.press("preview", "import")).headers["location"] == f"{SETUP}/done"
    connection = await wizard.connection()
    assert connection.configuration.email_source == "user_principal_name"
    assert connection.state is ConnectionState.PAUSED
    assert len(wizard.site.world.runs.all()) == runs + 1  # the preview


async def test_a_setup_that_lost_its_tenant_is_not_imported(wizard: Wizard) -> None:
    """Whoever presses the button then is led to where the organization is connected."""
    await wizard.previewed()
    form = fields((await wizard.get("preview")).text)
    await put(wizard.site, wizard.customer, state=ConnectionState.ACTION_REQUIRED, reason="consent_revoked")
    assert (await wizard.post("import", form)).headers["location"] == SETUP
    assert (await wizard.connection()).being_set_up


@pytest.mark.parametrize("place", ["preview/changes.csv", "preview.json"])
async def test_before_a_preview_there_is_nothing_to_follow(wizard: Wizard, place: str) -> None:
    """And no table."""
    assert (await wizard.get(place)).status_code == 404


async def test_the_customers_administrator_goes_the_whole_way_by_a_mailed_link(
    wizard: Wizard, caller: Caller
) -> None:
    """To the end, where they may close the window; nothing leads to pages that are not theirs."""
    url = (await caller.http.post(f"{CUSTOMER}/setup-links")).json()["url"]
    async with wizard.site.browser() as browser:
        await send(browser, "/portal/setup", {"token": hidden(await browser.get(url), "token")})
        guest = Wizard(wizard.site, wizard.customer, browser)
        for step in ("preset", "people", "groups", "sites", "contacts", "schedule"):
            assert (await guest.fill_in(step)).status_code == 303
        await guest.previewed()
        began = await guest.press("preview", "import")
        running = (await browser.get(began.headers["location"])).text
        await guest.happen()
        done = (await browser.get(began.headers["location"])).text
    assert "You can close this window." in done
    for page in (running, done):
        own = {f'"{PAGE}"', f'"{PAGE}/runs', '"/portal/account"'}
        assert not [link for link in own if f"href={link}" in page]
