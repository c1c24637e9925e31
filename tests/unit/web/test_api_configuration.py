"""Changing the configuration through the API: merge patches, presets, and what is refused."""

from typing import Any

import httpx
import pytest

from shared.core.configuration import Configuration, Preset
from shared.core.customer import Customer
from shared.core.presets import PRESETS
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CONNECTION, CUSTOMER, fields_of, shown

STANDARD = shown(Configuration())
GROUP = "11111111-0000-4000-8000-000000000001"
SECRET = "hush-hush"
SITES = {"name": "Contoso", "sites": [{"id": "s-1", "name": "Head office"}]}


async def patch(caller: Caller, *configurations: object) -> httpx.Response:
    """Patch after patch, whatever the version is."""
    for configuration in configurations:
        answer = await caller.http.patch(
            CONNECTION, json={"configuration": configuration}, headers={"If-Match": "*"}
        )
    return answer


async def configuration_of(caller: Caller) -> dict[str, Any]:
    found: dict[str, Any] = (await caller.http.get(CONNECTION)).json()["configuration"]
    return found


# What a patch does.


async def test_a_policy_is_changed_and_the_others_stay(caller: Caller, customer: Customer) -> None:
    """A merge patch changes what it names, however deep it is, and the version grows."""
    answer = await caller.http.patch(
        CONNECTION,
        json={"configuration": {"scope": {"user_types": ["guest", "member"]}, "leavers": "deactivate"}},
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"2"'
    assert answer.json()["configuration_version"] == 2
    expected = STANDARD | {
        "leavers": "deactivate",
        "scope": STANDARD["scope"] | {"user_types": ["guest", "member"]},
    }
    assert answer.json()["configuration"] == await configuration_of(caller) == expected


async def test_null_puts_a_policy_back_to_what_its_preset_says(caller: Caller, customer: Customer) -> None:
    """One policy, a part of a group, and a whole group, each to the preset's and not to the standard."""
    await patch(
        caller,
        {"preset": "syncro", "fields": ["name"], "scope": {"enabled_only": True, "departments": ["Sales"]}},
        {"fields": None, "scope": {"enabled_only": None}},
    )
    found = await configuration_of(caller)
    preset = shown(PRESETS[Preset.SYNCRO])
    assert found["fields"] == preset["fields"]
    assert found["scope"] == preset["scope"] | {"departments": ["Sales"]}
    assert preset["scope"]["enabled_only"] is not STANDARD["scope"]["enabled_only"]
    await patch(caller, {"scope": None})
    assert await configuration_of(caller) == preset


@pytest.mark.parametrize("preset", list(Preset))
async def test_a_preset_fills_in_every_policy(caller: Caller, customer: Customer, preset: Preset) -> None:
    """Whatever was configured before is gone; the configuration is the preset's to the letter."""
    await patch(caller, {"guard": {"creations": {"count": 7}}, "scope": {"offices": ["Oslo"]}})
    answer = await patch(caller, {"preset": preset})
    assert answer.json()["configuration"] == shown(PRESETS[preset])


async def test_the_rest_of_a_patch_counts_on_top_of_its_preset(caller: Caller, customer: Customer) -> None:
    """Null in it means what the new preset says."""
    await patch(caller, {"enrichments": ["mfa"]})
    answer = await patch(
        caller,
        {"preset": "atera", "blank_in_directory": "keep", "enrichments": None, "scope": {"skus": None}},
    )
    assert answer.json()["configuration"] == shown(PRESETS[Preset.ATERA]) | {"blank_in_directory": "keep"}


async def test_a_daily_preset_can_be_given_another_kind_of_schedule(
    caller: Caller, customer: Customer
) -> None:
    """The time of day and its zone go with null; with a null schedule they are back."""
    every = {"kind": "every", "hours": 6, "at": None, "time_zone": None}
    answer = await patch(caller, {"preset": "syncro"}, {"schedule": every})
    assert answer.json()["configuration"]["schedule"] == every
    back = await patch(caller, {"schedule": {"kind": None, "at": None, "time_zone": None, "hours": None}})
    assert back.json()["configuration"] == shown(PRESETS[Preset.SYNCRO])
    await patch(caller, {"schedule": every}, {"schedule": None})
    assert await configuration_of(caller) == shown(PRESETS[Preset.SYNCRO])


async def test_lists_are_replaced_as_a_whole(caller: Caller, customer: Customer) -> None:
    """A merge patch knows no places in lists (RFC 7396); what is named twice counts once."""
    await patch(caller, {"scope": {"departments": ["Sales", "Research"]}})
    answer = await patch(caller, {"scope": {"departments": ["Legal", "Legal"]}})
    assert answer.json()["configuration"]["scope"]["departments"] == ["Legal"]


async def test_an_empty_patch_changes_no_policy(caller: Caller, customer: Customer) -> None:
    """It is a configuration like any other, so it gets a version."""
    answer = await patch(caller, {})
    assert answer.json()["configuration"] == STANDARD


async def test_what_is_shown_can_be_sent_again(caller: Caller, customer: Customer) -> None:
    """The whole document as it was read, with every policy in it."""
    await caller.http.put(CUSTOMER, json=SITES)
    await patch(
        caller,
        {
            "preset": "syncro",
            "scope": {
                "groups": {"mode": "selected", "ids": [GROUP]},
                "exclusions": [{"attribute": "email", "pattern": "^no-?reply@"}],
            },
            "sites": {"rules": [{"attribute": "office", "values": ["Oslo", ""], "site": "s-1"}]},
        },
    )
    before = await configuration_of(caller)
    answer = await patch(caller, before)
    assert answer.status_code == 200
    assert answer.json()["configuration"] == before
    assert before["scope"]["groups"] == {"mode": "selected", "ids": [GROUP]}


async def test_another_schedule_is_the_next_sync(caller: Caller, customer: Customer) -> None:
    """The answer to the patch says already when the next sync is."""
    daily = {"kind": "daily", "at": "05:30", "time_zone": "UTC"}
    answer = await patch(caller, {"schedule": daily})
    assert answer.json()["next_sync_at"].startswith("2026-03-02T05:")


# Versions.


async def test_a_change_must_say_what_it_is_for(caller: Caller, customer: Customer) -> None:
    """Without If-Match nothing is changed."""
    answer = await caller.http.patch(CONNECTION, json={"configuration": {"leavers": "deactivate"}})
    assert answer.status_code == 428
    assert answer.json()["code"] == "precondition_required"
    assert await configuration_of(caller) == STANDARD


@pytest.mark.parametrize("etag", ['"2"', 'W/"1"', '"0"', '"2", "3"'])
async def test_a_change_of_another_version_is_refused(caller: Caller, customer: Customer, etag: str) -> None:
    """Whoever read an older version reads again; weak tags never match (RFC 9110, 13.1.1)."""
    answer = await caller.http.patch(
        CONNECTION, json={"configuration": {"leavers": "deactivate"}}, headers={"If-Match": etag}
    )
    assert answer.status_code == 412
    assert answer.json()["code"] == "version_conflict"
    assert (await caller.http.get(CONNECTION)).json()["configuration_version"] == 1


@pytest.mark.parametrize("etag", ["*", '"7", "1"'])
async def test_a_change_may_name_several_versions_or_any(
    caller: Caller, customer: Customer, etag: str
) -> None:
    """`*` and lists are part of If-Match."""
    answer = await caller.http.patch(
        CONNECTION, json={"configuration": {"leavers": "deactivate"}}, headers={"If-Match": etag}
    )
    assert answer.status_code == 200


async def test_an_etag_that_is_none_is_a_mistake(caller: Caller, customer: Customer) -> None:
    """What cannot be an ETag of ours is named."""
    answer = await caller.http.patch(
        CONNECTION, json={"configuration": {"leavers": "deactivate"}}, headers={"If-Match": "1"}
    )
    assert answer.status_code == 400
    assert fields_of(answer) == ["If-Match"]


# What is refused.


@pytest.mark.parametrize(
    ("configuration", "fields"),
    [
        ({"scope": {"user_types": ["robot"]}}, ["scope.user_types.0", "scope.user_types"]),
        ({"scope": {"user_types": []}}, ["scope.user_types"]),
        ({"scope": {"user_types": "member"}}, ["scope.user_types"]),
        ({"scope": {"enabled_only": "yes"}}, ["scope.enabled_only"]),
        ({"scope": []}, ["scope"]),
        ({"scope": {"groups": {"mode": "selected"}}}, ["scope.groups"]),
        (
            {"scope": {"groups": {"mode": "selected", "ids": [GROUP, GROUP, GROUP, SECRET]}}},
            ["scope.groups.ids.3"],
        ),
        ({"scope": {"domains": [SECRET]}}, ["scope.domains.0"]),
        ({"scope": {"departments": ["x" * 321]}}, ["scope.departments.0"]),
        ({"scope": {"exclusions": [{"attribute": "email"}]}}, ["scope.exclusions.0.pattern"]),
        (
            {"scope": {"exclusions": [{"attribute": "email", "pattern": f"({SECRET}"}]}},
            ["scope.exclusions.0.pattern"],
        ),
        ({"preset": SECRET}, ["preset"]),
        ({"preset": None}, ["preset"]),
        ({"preset": [SECRET]}, ["preset"]),
        ({"leavers": SECRET}, ["leavers"]),
        ({"leavers": "deactivate", "matching": "email"}, ["leavers"]),
        ({"email_source": 1}, ["email_source"]),
        ({"fields": {"0": "name"}}, ["fields"]),
        ({"guard": {"creations": {"percent": 101}}}, ["guard.creations.percent"]),
        ({"guard": {"creations": {"count": 1.5}}}, ["guard.creations.count"]),
        ({"schedule": {"hours": 10**30}}, ["schedule.hours"]),
        ({"schedule": {"at": SECRET, "time_zone": SECRET}}, ["schedule.at", "schedule.time_zone"]),
        ({"schedule": {"time_zone": "../../etc/passwd"}}, ["schedule.time_zone"]),
        ({"colour": "red"}, ["colour"]),
        ({"colour": None}, ["colour"]),
        ({"colour": {"shade": None}}, ["colour"]),
        ({"scope": {"colour": {"shade": 1}}}, ["scope.colour"]),
        ({"guard": {"creations": {"colour": 1}}}, ["guard.creations.colour"]),
        ({"user_types": ["member"]}, ["user_types"]),
        ({f"<{SECRET}>": "red"}, ["?"]),
        ({"x" * 65: "red"}, ["?"]),
        ({"scope": {"offices": ["Oslo", None]}}, ["scope.offices.1"]),
    ],
)
async def test_what_does_not_exist_is_named(
    caller: Caller, customer: Customer, configuration: dict[str, Any], fields: list[str]
) -> None:
    """Each wrong field by its path, nothing that was sent in the words, and nothing of it is kept."""
    answer = await patch(caller, configuration)
    assert answer.status_code == 422
    assert answer.json()["code"] == "config_invalid"
    assert fields_of(answer) == [f"configuration.{field}" for field in fields]
    assert all(error["message"].endswith(".") for error in answer.json()["errors"])
    assert SECRET not in answer.text
    assert "http" not in answer.text
    assert (await caller.http.get(CONNECTION)).json()["configuration_version"] == 1


async def test_every_mistake_is_named_at_once(caller: Caller, customer: Customer) -> None:
    """Whoever fills in a form wants to hear everything that is wrong with it."""
    answer = await patch(
        caller,
        {
            "scope": {"user_types": [], "groups": {"mode": "some"}, "domains": ["no domain"]},
            "sites": {"rules": [{"attribute": "floor", "values": ["Oslo"], "site": "nowhere"}]},
            "guard": {"blanked": {"count": -1}},
            "colour": "red",
        },
    )
    assert sorted(fields_of(answer)) == [
        "configuration.colour",
        "configuration.guard.blanked.count",
        "configuration.scope.domains.0",
        "configuration.scope.groups.mode",
        "configuration.scope.user_types",
        "configuration.sites.rules.0.attribute",
        "configuration.sites.rules.0.site",
    ]


async def test_a_site_rule_must_name_a_site_of_the_customer(caller: Caller, customer: Customer) -> None:
    """Sites of nobody and of other customers are refused alike, by the rule."""
    await caller.http.put(CUSTOMER, json=SITES)
    elsewhere = {"name": "Other", "sites": [{"id": "s-2", "name": "Their office"}]}
    await caller.http.put("/api/v1/customers/c-2", json=elsewhere)
    rules = [
        {"attribute": "office", "values": [place], "site": site}
        for place, site in [("Oslo", "s-1"), ("Bergen", "s-2"), ("Bodø", "S-1")]
    ]
    answer = await patch(caller, {"sites": {"rules": rules}})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"field": f"configuration.sites.rules.{number}.site", "message": "The customer has no such site."}
        for number in (1, 2)
    ]
    accepted = await patch(caller, {"sites": {"rules": rules[:1]}})
    assert accepted.json()["configuration"]["sites"]["rules"] == rules[:1]


async def test_a_site_that_is_gone_keeps_nobody_from_other_policies(
    caller: Caller, customer: Customer
) -> None:
    """A rule whose site the PSA deleted is refused when the sites are configured next, and not before."""
    await caller.http.put(CUSTOMER, json=SITES)
    rules = [{"attribute": "office", "values": ["Oslo"], "site": "s-1"}]
    await patch(caller, {"sites": {"rules": rules}})
    await caller.http.put(CUSTOMER, json={"name": "Contoso"})
    assert (await patch(caller, {"leavers": "deactivate"})).status_code == 200
    answer = await patch(caller, {"sites": {"unmatched": "no_site"}})
    assert fields_of(answer) == ["configuration.sites.rules.0.site"]
    assert (await patch(caller, {"sites": None})).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"configuration": {"scope": {"offices": ["Oslo", "\\ud800"]}}}', "configuration.scope.offices.1"),
        (b'{"configuration": {"scope": {"\\ud800": 1}}}', "configuration.scope.?"),
        (b'{"configuration": {"fields": ' + b"[" * 50 + b"]" * 50 + b"}}", "configuration.fields" + ".0" * 9),
        (b'{"configuration": ' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}", "configuration" + ".a" * 10),
        (b'{"configuration": {"schedule": {"hours": NaN}}}', "configuration.schedule.hours"),
        (b'{"configuration": {"schedule": {"hours": 1e999}}}', "configuration.schedule.hours"),
    ],
)
async def test_what_json_can_write_and_nobody_can_mean_is_the_senders_mistake(
    caller: Caller, customer: Customer, body: bytes, field: str
) -> None:
    """Halves of characters, bottomless nesting, and numbers that are none."""
    answer = await caller.http.patch(
        CONNECTION, content=body, headers={"Content-Type": "application/json", "If-Match": "*"}
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "config_invalid"
    assert fields_of(answer) == [field]


@pytest.mark.parametrize("body", [{}, {"configuration": None}, {"configuration": []}, {"config": {}}, []])
async def test_a_patch_is_an_object(caller: Caller, customer: Customer, body: object) -> None:
    """Anything else is no request."""
    answer = await caller.http.patch(CONNECTION, json=body, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


# The presets.


async def test_the_presets_are_shown_in_full(caller: Caller) -> None:
    """Three of them, each with every policy, so that a front end can show what choosing one means."""
    answer = await caller.http.get("/api/v1/presets")
    assert answer.json() == {
        "data": [
            {"preset": preset.value, "configuration": shown(policies)} for preset, policies in PRESETS.items()
        ],
        "after": None,
    }
    assert [item["preset"] for item in answer.json()["data"]] == ["atera", "syncro", "standard"]
