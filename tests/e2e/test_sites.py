"""Offices and departments become the customer's sites."""

from __future__ import annotations

import pytest

from sandbox.api_client import Document
from tests.e2e.scene import Customer, Scene

pytestmark = pytest.mark.e2e

SITES = [{"id": "north", "name": "North wing"}, {"id": "lab", "name": "Laboratory"}]
RULES: list[Document] = [
    {"attribute": "department", "values": ["research"], "site": "lab"},
    {"attribute": "office", "values": ["North", "Far North"], "site": "north"},
]


async def _sites(scene: Scene, customer: Customer, *people: Document) -> list[str | None]:
    contacts = await scene.contacts(customer)
    return [contacts[person["id"]]["site"] if person["id"] in contacts else None for person in people]


async def test_people_go_to_the_site_of_their_office_or_department(scene: Scene) -> None:
    """The first rule that names a value of theirs decides; who moves there moves here, nobody else."""
    customer = await scene.connected("quince")
    await scene.api.put_customer(customer.id, "The customer with sites", SITES)
    people = [
        await scene.hire(customer, "Northern Clerk", officeLocation="north", department="Sales"),
        await scene.hire(customer, "Northern Chemist", officeLocation="Far North", department="Research"),
        await scene.hire(customer, "Southern Clerk", officeLocation="South", department="Sales"),
        await scene.hire(customer, "Homeless Clerk"),
    ]
    offices = await scene.api.directory_values(customer.id, "offices")
    assert {office["value"].casefold() for office in offices} >= {"north", "far north", "south", ""}
    assert {office["label"] for office in offices if not office["value"]} == {"Undefined"}

    await scene.api.configure(customer.id, {"sites": {"rules": RULES}})
    run = await scene.sync(customer)
    assert await _sites(scene, customer, *people) == ["north", "lab", None, None]
    skipped = await scene.lines(run, "skip")
    assert {skipped[person["id"]]["reason"] for person in people[2:]} == {"not_in_scope.site"}

    await scene.api.configure(customer.id, {"sites": {"unmatched": "no_site"}})
    await scene.sync(customer)
    assert await _sites(scene, customer, *people) == ["north", "lab", "", ""]

    before = await scene.contacts(customer)
    await scene.change(customer, people[3], officeLocation="Far North")
    run = await scene.sync(customer)
    assert (run["counts"]["moved"], run["applied"]) == (1, 1)
    moved = (await scene.lines(run, "move_site"))[people[3]["id"]]
    assert {"field": "site", "old": "", "new": "north"} in moved["modified"]
    after = await scene.contacts(customer)
    assert {key for key in after if after[key] != before[key]} == {people[3]["id"]}


async def test_an_undefined_office_can_be_given_a_site(scene: Scene) -> None:
    """The empty value is a value like any other; a rule for a site that is not there is refused."""
    customer = await scene.connected("quince")
    await scene.api.put_customer(customer.id, "The customer with sites", SITES)
    homeless = await scene.hire(customer, "Undefined Clerk")
    rule = {"attribute": "office", "values": [""], "site": "north"}
    refused = await scene.configure(customer, sites={"rules": [{**rule, "site": "elsewhere"}]})
    assert (refused.status_code, refused.json()["code"]) == (422, "config_invalid")
    assert [error["field"] for error in refused.json()["errors"]] == ["configuration.sites.rules.0.site"]
    await scene.api.configure(customer.id, {"sites": {"rules": [rule]}})
    await scene.sync(customer)
    assert await _sites(scene, customer, homeless) == ["north"]
