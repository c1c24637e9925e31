"""The pages of a setup: filled in, left and come back to, in two windows, by whoever may."""

import pytest

from shared.core.configuration import GroupMode, Preset, SiteAttribute
from shared.core.connection import ConnectionState
from shared.core.permissions import ORGANIZATION, PROFILES, Outcome, Permission
from shared.core.presets import PRESETS
from shared.core.setup import SetupStep
from shared.web.api.configuration import merged
from tests.fakes import admin
from tests.unit.web.conftest import Caller
from tests.unit.web.setting_up import SETUP, Wizard
from tests.unit.web.site import CONNECTION, PAGE, hidden, put, send

STEPS = ("preset", "people", "groups", "sites", "contacts", "schedule")


async def test_connecting_from_the_portal_leads_into_the_setup(wizard: Wizard) -> None:
    """A customer that was never connected is set up, and its own page says so."""
    onboarding = wizard.site.world.app.onboarding
    await onboarding.disconnect(wizard.customer.account_id, wizard.customer.connection_id)
    await put(wizard.site, wizard.customer, setup=None, connected_at=None, permissions=())
    page = await wizard.get()
    assert "Connect</button>" in page.text
    away = await wizard.press("", "connect")
    back = await wizard.site.consent(wizard.browser, away.headers["location"])
    assert back.headers["location"] == SETUP
    shown = (await wizard.get()).text
    assert shown.count('class="yes"') == 7
    assert f'href="{SETUP}/preset"' in shown
    customers = (await wizard.browser.get(PAGE)).text
    assert "Nothing is synced before" in customers
    assert "Sync now" not in customers


async def test_a_permission_that_was_not_granted_stops_nothing(wizard: Wizard) -> None:
    """It is told with what it is for; groups say why they cannot be chosen, until it is granted."""
    wizard.tenant.revoke("GroupMember.Read.All")
    assert (await wizard.press("", "permissions")).status_code == 303
    assert (await wizard.get()).text.count('class="lacks"') == 1
    groups = (await wizard.get("groups")).text
    assert "Groups cannot be read" in groups
    assert groups.count(" disabled>") == 2
    wizard.tenant.errors.clear()
    await wizard.press("groups", "permissions")
    assert "Groups cannot be read" not in (await wizard.get("groups")).text


async def test_the_ticks_follow_the_proof(wizard: Wizard) -> None:
    """The page changes with every permission that is proven, with and without scripts."""
    await put(wizard.site, wizard.customer, state=ConnectionState.VALIDATING, permissions=())
    page = (await wizard.get()).text
    assert page.count('class="waits"') == 7
    assert '<noscript><meta http-equiv="refresh"' in page
    before = (await wizard.browser.get(f"{SETUP}/progress.json")).json()["key"]
    assert f'data-key="{before}"' in page
    granted = (Permission(ORGANIZATION, Outcome.GRANTED), Permission(PROFILES, Outcome.MISSING))
    await put(wizard.site, wizard.customer, permissions=granted)
    assert (await wizard.browser.get(f"{SETUP}/progress.json")).json()["key"] != before
    assert (await wizard.get()).text.count('class="waits"') == 6


async def test_every_step_is_kept_and_gone_on_from(wizard: Wizard) -> None:
    """Sent as they are shown, the forms lead from one to the next and change nothing."""
    draft = (await wizard.setup()).draft
    for number, step in enumerate(STEPS):
        page = (await wizard.get(step)).text
        assert f'href="{SETUP}/{step}" aria-current="step"' in page
        sent = await wizard.fill_in(step)
        following = [*STEPS, "check"][number + 1]
        assert sent.headers["location"] == f"{SETUP}/{following}"
    setup = await wizard.setup()
    assert setup.draft == draft
    assert setup.done == tuple(SetupStep)[:-1]
    assert (await wizard.connection()).configuration == draft
    assert (await wizard.fill_in("people", "back")).headers["location"] == f"{SETUP}/preset"
    assert (await wizard.fill_in("people", "later")).headers["location"] == SETUP
    assert f'href="{SETUP}/check"' in (await wizard.get()).text


async def test_what_is_chosen_waits_on_the_server(wizard: Wizard) -> None:
    """Another browser goes on with it, at the step after the last that is done."""
    await wizard.fill_in("preset", preset="syncro")
    await wizard.fill_in("people", "later", **{"scope.user_types": "guest", "scope.domains": "Contoso.com"})
    async with wizard.site.visitor(wizard.customer) as browser:
        other = Wizard(wizard.site, wizard.customer, browser)
        assert f'href="{SETUP}/groups">Go on' in (await other.get()).text
        people = await other.form("people")
        assert people["scope.user_types"] == ["guest"]
        assert people["scope.domains"] == ["contoso.com"]
    assert (await wizard.setup()).draft.preset is Preset.SYNCRO


async def test_a_preset_that_is_kept_leaves_what_was_chosen_after_it(wizard: Wizard) -> None:
    """Unless everything is to be filled in anew."""
    await wizard.fill_in("contacts", blank_in_directory="overwrite")
    await wizard.fill_in("preset")
    assert (await wizard.setup()).draft.blank_in_directory == "overwrite"
    assert "Fill in every setting anew" in (await wizard.get("preset")).text
    await wizard.fill_in("preset", again="yes")
    assert (await wizard.setup()).draft == PRESETS[Preset.STANDARD]


async def test_what_is_wrong_is_shown_where_it_was_entered(wizard: Wizard) -> None:
    """With what was entered, and nothing is saved."""
    wrong = {
        "scope.domains": "<b>nothing</b>",
        "scope.exclusions.1.pattern": "a(",
        "scope.user_types": "both",
    }
    answer = await wizard.fill_in("people", **wrong)
    assert answer.status_code == 422
    assert "&lt;b&gt;nothing&lt;/b&gt;</textarea>" in answer.text
    assert 'value="a(" autocomplete' in answer.text
    assert 'id="scope.domains-error"' in answer.text
    assert 'aria-describedby="scope.exclusions.1.pattern-error"' in answer.text
    assert 'value="both" checked' in answer.text
    assert (await wizard.setup()).version == 1


async def test_of_two_windows_the_slower_one_loses_nothing(wizard: Wizard) -> None:
    """It is told, keeps what was entered, and may save it in place of the other."""
    mine = await wizard.form("contacts", go="next", email_source="mail")
    await wizard.fill_in("contacts", blank_in_directory="overwrite")
    late = await wizard.post("contacts", mine)
    assert late.status_code == 409
    assert "Somebody else was quicker" in late.text
    assert 'name="email_source" value="mail" checked' in late.text
    assert (await wizard.setup()).draft.blank_in_directory == "overwrite"
    saved = await wizard.post("contacts", mine | {"version": hidden(late, "version")})
    assert saved.status_code == 303
    assert (await wizard.setup()).draft.email_source == "mail"


async def test_groups_are_found_among_many_and_kept_across_searches(wizard: Wizard) -> None:
    """What is ticked stays ticked, with its name, until it is unticked."""
    for number in range(120):
        wizard.tenant.add_group(
            f"Project {number}", "ann", object_id=f"00000000-0000-4000-8000-{number:012x}"
        )
    chosen = f"00000000-0000-4000-8000-{7:012x}"
    first = await wizard.fill_in("groups", "search", **{"scope.groups.mode": "selected"})
    assert (await wizard.setup()).version == 1  # with none ticked there is nothing to keep yet
    page = (await wizard.browser.get(first.headers["location"])).text
    assert page.count('name="group"') == 50
    assert "There are more." in page
    assert ">1 person</span>" in page
    await wizard.fill_in("groups?mode=selected&q=project 7", "search", group=[chosen], q="project 8")
    groups = (await wizard.setup()).draft.scope.groups
    assert (groups.mode, groups.ids) == (GroupMode.SELECTED, (chosen,))
    assert (await wizard.setup()).names == {chosen: "Project 7"}
    page = (await wizard.get("groups?q=project 8")).text
    assert f'value="{chosen}" checked><span><bdi>Project 7</bdi>' in page
    assert "1 of at most 999" in page
    none = await wizard.fill_in("groups", group=[])
    assert none.status_code == 422
    assert "Select at least one group" in none.text


async def test_groups_that_cannot_be_read_are_no_broken_page(wizard: Wizard) -> None:
    """What is the matter stands where the groups would."""
    wizard.tenant.revoke("GroupMember.Read.All")
    page = await wizard.get("groups?mode=selected")
    assert page.status_code == 200
    assert "An enrichment is not to be had." in page.text


async def test_offices_get_sites(wizard: Wizard) -> None:
    """By name, one by one, all at once; who has none is counted and decided about."""
    await wizard.fill_in("sites", "by", by="office")
    page = (await wizard.get("sites?by=office")).text
    assert "Undefined" in page
    matched = await wizard.fill_in("sites?by=office", "match")
    assert "matched=2" in matched.headers["location"]
    sites = (await wizard.setup()).draft.sites
    assert [(rule.site, rule.values) for rule in sites.rules] == [("oslo", ("OSLO office", "Oslo"))]
    assert "1 person without a site" in (await wizard.get("sites")).text
    await wizard.fill_in("sites?q=undefined", "all", all="berlin")
    done = await wizard.fill_in("sites", **{"sites.unmatched": "no_site"})
    assert done.headers["location"] == f"{SETUP}/contacts"
    sites = (await wizard.setup()).draft.sites
    assert {rule.site: rule.values for rule in sites.rules} == {
        "oslo": ("OSLO office", "Oslo"),
        "berlin": ("",),
    }
    assert sites.unmatched == "no_site"
    await wizard.fill_in("sites", by="")
    assert (await wizard.setup()).draft.sites.rules == ()


async def test_turning_pages_of_sites_reads_the_tenant_once(wizard: Wizard) -> None:
    """Before the first sync a list takes a read of the whole tenant."""
    for number in range(120):
        wizard.tenant.hire(f"x{number}", office_location=f"Office {number:03}")
    await wizard.get("sites?by=office")
    read = wizard.tenant.requests
    data = await wizard.form("sites?by=office", go="following", **{"row.3.site": "oslo"})
    turned = await wizard.post("sites", data)
    assert "page=2" in turned.headers["location"]
    second = (await wizard.browser.get(turned.headers["location"])).text
    assert "Page 2 of 3" in second
    await wizard.fill_in("sites?by=office&page=2", "previous", **{"row.0.site": "berlin"})
    assert {rule.site for rule in (await wizard.setup()).draft.sites.rules} == {"oslo", "berlin"}
    assert wizard.tenant.requests == read


async def test_a_customer_without_sites_skips_them(wizard: Wizard) -> None:
    """The page says why, and leads on."""
    await wizard.site.world.app.customers.put(wizard.customer.account_id, "c-1", "Customer c-1", ())
    assert "no sites in the PSA" in (await wizard.get("sites")).text
    assert (await wizard.fill_in("sites")).headers["location"] == f"{SETUP}/contacts"


async def test_changing_settings_later_changes_nothing_until_it_is_saved(wizard: Wizard) -> None:
    """The same pages, on a draft that may be dropped."""
    await put(wizard.site, wizard.customer, setup=None)
    before = await wizard.connection()
    assert f'href="{SETUP}/people"' in (await wizard.browser.get(PAGE)).text
    assert "Nothing changes until you save it" in (await wizard.get("people")).text
    assert (await wizard.connection()) == before
    await wizard.fill_in("people", "later", **{"scope.user_types": "both"})
    changed = await wizard.connection()
    assert changed.configuration == before.configuration
    assert not changed.being_set_up
    assert "Changes that wait" in (await wizard.get()).text
    assert (await wizard.press("", "drop")).status_code == 303
    assert (await wizard.connection()).setup is None


async def test_settings_that_a_program_changed_meanwhile_are_told(wizard: Wizard, caller: Caller) -> None:
    """Before they are overwritten; whoever wants to begins with them instead."""
    await wizard.fill_in("people", **{"scope.user_types": "both"})
    patch = {"configuration": {"leavers": "deactivate"}}
    answer = await caller.http.patch(CONNECTION, json=patch, headers={"If-Match": "*"})
    assert answer.status_code == 200
    assert "changed elsewhere" in (await wizard.get("check")).text
    await wizard.press("check", "drop")
    assert (await wizard.setup()).draft.leavers == "deactivate"
    assert "changed elsewhere" not in (await wizard.get("check")).text


@pytest.mark.parametrize("state", [ConnectionState.ACTION_REQUIRED, ConnectionState.DISCONNECTED])
async def test_without_a_connection_every_step_leads_to_the_first_page(
    wizard: Wizard, state: ConnectionState
) -> None:
    """Which says what to do; what was chosen stays."""
    form = await wizard.form("people", go="next")
    await put(wizard.site, wizard.customer, state=state, reason="consent_revoked")
    for place in (*STEPS, "check", "preview"):
        answer = await wizard.get(place)
        assert (answer.status_code, answer.headers["location"]) == (303, SETUP), place
    assert (await wizard.post("people", form)).headers["location"] == SETUP
    assert "connect</button>" in (await wizard.get()).text.lower()


async def test_a_sign_in_that_came_to_nothing_leads_back(wizard: Wizard) -> None:
    """To the setup, with a button that starts again: declined, not an administrator, or used up."""
    await put(wizard.site, wizard.customer, state=ConnectionState.ACTION_REQUIRED, reason="consent_revoked")
    async with wizard.site.manager(wizard.customer.account_id) as boss:
        for browser in (wizard.browser, boss):
            person = Wizard(wizard.site, wizard.customer, browser)
            away = await person.press("", "connect")
            nobody = admin("7e4a47e4-0000-4000-8000-000000000009")
            refused = await wizard.site.consent(browser, away.headers["location"], nobody)
            assert refused.status_code == 403
            assert f'action="{SETUP}/connect"' in refused.text
            assert f'href="{SETUP}">Back to the set-up' in refused.text
            again = await send(browser, f"{SETUP}/connect", {"form_token": hidden(refused, "form_token")})
            assert again.status_code == 303
    used = await wizard.browser.get("/connect/callback", params={"state": "x", "code": "y"})
    assert used.status_code == 410
    assert f'action="{SETUP}/connect"' in used.text


@pytest.mark.parametrize("path", ["", "/people", "/groups", "/sites", "/check", "/preview", "/done"])
async def test_another_customers_setup_does_not_exist(wizard: Wizard, caller: Caller, path: str) -> None:
    """Neither its pages nor its buttons; and without a session nothing does."""
    other = await wizard.site.world.customer("c-2", caller.account_id)
    async with wizard.site.visitor(other) as stranger:
        assert (await stranger.get(SETUP + path)).status_code == 404
        token = hidden(await stranger.get("/portal/customers/c-2/setup"), "form_token")
        assert (await send(stranger, f"{SETUP}/import", {"form_token": token})).status_code == 404
        assert (await send(stranger, f"{SETUP}/people", {"form_token": token})).status_code == 404
    async with wizard.site.browser() as nobody:
        assert (await nobody.get(SETUP + path)).status_code == 403
    assert (await wizard.browser.post(f"{SETUP}/people", data={"version": "1"})).status_code == 403
    assert (await wizard.get("nothing")).status_code == 404


async def test_sites_by_the_other_attribute_are_another_table(wizard: Wizard) -> None:
    """What was chosen by offices does not become departments."""
    await wizard.fill_in("sites?by=office", "match")
    switched = await wizard.fill_in("sites", "by", by="department")
    page = (await wizard.browser.get(switched.headers["location"])).text
    assert "Departments and their sites" in page
    assert not [
        rule
        for rule in (await wizard.setup()).draft.sites.rules
        if rule.attribute is SiteAttribute.DEPARTMENT
    ]


async def test_as_many_groups_as_a_sync_takes_are_kept(wizard: Wizard) -> None:
    """999 with long names fit into a form, and one more is refused with a reason."""
    ids = [f"00000000-0000-4000-8000-{number:012x}" for number in range(1000)]
    setup = await wizard.setup()
    draft = merged(setup.draft, {"scope": {"groups": {"mode": "selected", "ids": ids[:999]}}}, ())
    names = dict.fromkeys(ids, "Ж" * 200)
    await wizard.site.world.app.setups.save(wizard.customer, 1, draft, names=names)
    page = (await wizard.get("groups")).text
    assert "999 of at most 999" in page
    kept = await wizard.fill_in("groups")
    assert kept.status_code == 303
    assert (await wizard.setup()).draft.scope.groups.ids == tuple(ids[:999])
    assert len((await wizard.setup()).names) == 999
    refused = await wizard.fill_in("groups", group=ids)
    assert refused.status_code == 422
    assert "at most 999" in refused.text


async def test_whoever_consented_elsewhere_is_not_told_that_contacts_are_kept(wizard: Wizard) -> None:
    """Nobody has chosen yet which."""
    await put(wizard.site, wizard.customer, state=ConnectionState.ACTION_REQUIRED, reason="consent_revoked")
    away = await wizard.press("", "connect")
    async with wizard.site.browser() as elsewhere:
        done = await wizard.site.consent(elsewhere, away.headers["location"])
        assert "Nothing is written yet" in (await elsewhere.get(done.headers["location"])).text
