"""What a run did, person by person: in parts, of one kind, and as a table."""

import csv
import io
from typing import Any

import httpx
import pytest

from shared.core.changes import Change, ChangeKind, FieldChange
from shared.core.customer import Customer
from shared.core.models import ContactFields
from shared.core.run import Run
from shared.web.csv_table import table
from shared.web.negotiation import prefers
from tests.fakes import TENANT
from tests.unit.web.conftest import Caller
from tests.unit.web.site import Site, fields_of

COLUMNS = ["status", "kind", "name", "object_id", "contact_id", "linked", "reason", "detail", "modified"]


def address(run: Run) -> str:
    return f"/api/v1/runs/{run.id}/changes"


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    """The table's lines by column."""
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


async def followed(caller: Caller, run: Run, **query: Any) -> list[dict[str, Any]]:
    """Every line, part after part."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = (
            await caller.http.get(address(run), params=query | ({"after": after} if after else {}))
        ).json()
        found += page["data"]
        after = page["after"]
        if after is None:
            return found


async def test_changes_say_what_happened_to_each_person(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """Status, kind, reason, person, contact, and each field with its old and new value."""
    await site.world.sync(customer)
    tenant = site.world.directories.tenants[TENANT]
    tenant.change("ann", job_title="Pilot")
    tenant.hire("dee", enabled=False)
    run = await site.world.sync(customer)
    page = (await caller.http.get(address(run))).json()
    by_person = {change["object_id"]: change for change in page["data"]}
    assert by_person["ann"]["kind"] == "update"
    assert by_person["ann"]["status"] == "written"
    assert by_person["ann"]["modified"] == [{"field": "job_title", "old": "", "new": "Pilot"}]
    assert by_person["ann"]["contact_id"]
    assert by_person["dee"] == {
        "status": "noticed",
        "kind": "skip",
        "reason": "not_in_scope.disabled",
        "name": "Person dee",
        "object_id": "dee",
        "contact_id": None,
        "linked": True,
        "detail": "",
        "modified": [],
    }
    assert page["after"] is None


async def test_a_new_contact_shows_every_field_it_gets(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """Each was blank before."""
    run = await site.world.sync(customer)
    ann = (await caller.http.get(address(run))).json()["data"][0]
    assert {line["field"]: line["new"] for line in ann["modified"]} == {
        "name": "Person ann",
        "email": "ann@contoso.example",
        "first_name": "Person",
        "last_name": "ann",
    }
    assert {line["old"] for line in ann["modified"]} == {""}


async def test_contacts_that_are_matched_by_email_are_not_linked(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """The line says so."""
    await caller.http.patch(
        "/api/v1/customers/c-1/connection",
        json={"configuration": {"preset": "syncro"}},
        headers={"If-Match": "*"},
    )
    run = await site.world.sync(customer)
    assert {line["linked"] for line in (await caller.http.get(address(run))).json()["data"]} == {False}


async def test_changes_come_in_pages(site: Site, caller: Caller, customer: Customer) -> None:
    """Following `after` gives every change once."""
    run = await site.world.sync(customer)
    first = (await caller.http.get(f"{address(run)}?limit=2")).json()
    second = (await caller.http.get(address(run), params={"after": first["after"]})).json()
    people = [change["object_id"] for change in first["data"] + second["data"]]
    assert people == ["ann", "bob", "cem"]
    assert second["after"] is None


# Of one kind.


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("at_once", [1, 2, 4, 1000])
async def test_the_lines_of_one_kind_come_once_each_in_order(
    site: Site,
    caller: Caller,
    customer: Customer,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    limit: int,
) -> None:
    """However many others are between them, and however many are looked through at a time."""
    monkeypatch.setattr("shared.web.lines._AT_ONCE", at_once)
    monkeypatch.setattr("shared.web.lines._MOST_LOOKS", 3)
    tenant = site.world.directories.tenants[TENANT]
    for number in range(7):
        tenant.hire(f"p-{number}", enabled=bool(number % 3))
    run = await site.world.sync(customer)
    everybody = await followed(caller, run)
    for kind in ("create", "skip", "update"):
        expected = [line for line in everybody if line["kind"] == kind]
        assert await followed(caller, run, kind=kind, limit=limit) == expected
    assert len(everybody) == 10


async def test_a_kind_that_does_not_exist_is_refused(site: Site, caller: Caller, customer: Customer) -> None:
    """As is an `after` of another kind's list, and a format nobody writes."""
    run = await site.world.sync(customer)
    assert fields_of(await caller.http.get(f"{address(run)}?kind=other")) == ["kind"]
    assert fields_of(await caller.http.get(f"{address(run)}?format=xlsx")) == ["format"]
    after = (await caller.http.get(f"{address(run)}?limit=1")).json()["after"]
    answer = await caller.http.get(address(run), params={"after": after, "kind": "create"})
    assert fields_of(answer) == ["after"]


# As a table.


@pytest.mark.parametrize("ask", [{"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}])
async def test_all_lines_can_be_had_as_a_table(
    site: Site, caller: Caller, customer: Customer, ask: dict[str, Any]
) -> None:
    """Every line, however many a part would hold; with a name for the file."""
    tenant = site.world.directories.tenants[TENANT]
    for number in range(250):
        tenant.hire(f"p-{number:03d}", display_name=f'"{number}", they say', enabled=number != 7)
    run = await site.world.sync(customer)
    answer = await caller.http.get(address(run), **ask)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == f'attachment; filename="{run.id}.csv"'
    assert answer.headers["vary"] == "Accept"
    assert answer.text.splitlines()[0].split(",") == COLUMNS
    assert answer.text.endswith("\r\n")
    found = rows(answer)
    assert [row["object_id"] for row in found] == [line["object_id"] for line in await followed(caller, run)]
    assert len(found) == 253
    assert found[3] | {"contact_id": ""} == {
        "status": "written",
        "kind": "create",
        "name": '"0", they say',
        "object_id": "p-000",
        "contact_id": "",
        "linked": "yes",
        "reason": "",
        "detail": "",
        "modified": 'name: (blank) → "0", they say; email: (blank) → p-000@contoso.example; '
        "first_name: (blank) → Person; last_name: (blank) → p-000",
    }
    assert (found[-1]["object_id"], found[-1]["status"], found[-1]["reason"]) == (
        "p-007",
        "noticed",
        "not_in_scope.disabled",
    )


async def test_a_table_can_be_of_one_kind(site: Site, caller: Caller, customer: Customer) -> None:
    """The filter is the same."""
    site.world.directories.tenants[TENANT].hire("dee", enabled=False)
    run = await site.world.sync(customer)
    answer = await caller.http.get(address(run), params={"format": "csv", "kind": "skip"})
    assert [row["object_id"] for row in rows(answer)] == ["dee"]


async def test_the_lines_of_a_held_run_are_plans_in_the_table_too(
    site: Site, caller: Caller, customer: Customer
) -> None:
    """The status is the one that the API shows."""
    run = await site.held(customer)
    found = rows(await caller.http.get(address(run), params={"format": "csv"}))
    assert {row["status"] for row in found} == {"planned"}


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "=cmd|' /C calc'!A0"]


async def test_no_cell_is_a_formula(site: Site, caller: Caller, customer: Customer) -> None:
    """Whatever the directory or the PSA says, a spreadsheet takes every cell for text."""
    run = await site.world.sync(customer)
    lines = [
        Change(
            ChangeKind.UPDATE,
            text,
            text,
            text,
            ContactFields(),
            (FieldChange("name", text, text),),
            reason=text,
        )
        for text in HOSTILE
    ]
    await site.world.changes.put(run.id, "1-written-000000", lines)
    answer = await caller.http.get(address(run), params={"format": "csv"})
    table_rows = list(csv.reader(io.StringIO(answer.content.decode(), newline="")))
    assert len(table_rows) == len(HOSTILE) + 1
    cells = [cell for row in table_rows for cell in row]
    assert not [cell for cell in cells if cell[:1] and cell[0] in "=+-@\t\r\n＝"]
    assert {row[2] for row in table_rows[1:]} == {f"'{text}" for text in HOSTILE}


async def test_a_long_table_comes_in_pieces() -> None:
    """It is never in memory as a whole."""

    async def many() -> Any:
        for number in range(20_000):
            yield [f"{number}", "x" * 20]

    pieces = [len(piece) async for piece in table(["number", "text"], many())]
    assert len(pieces) > 5
    assert max(pieces) < 100_000


async def test_a_strangers_table_is_not_found(site: Site, caller: Caller, customer: Customer) -> None:
    """A problem, and no table, whichever way it is asked for."""
    run = await site.world.sync(customer)
    _, stranger = await site.caller("Other")
    async with stranger:
        answer = await stranger.get(address(run), headers={"Accept": "text/csv"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/csv", True),
        ("TEXT/CSV; charset=utf-8", True),
        ("text/csv, */*", True),
        ("text/csv, application/json;q=0.9", True),
        ("text/csv;q=0.5, application/json", False),
        ("text/csv, application/json", False),
        ("text/csv;q=0.1, */*", False),
        ("text/csv, application/*;q=0.2", True),
        ("text/csv;q=0", False),
        ("text/csv;q=high", False),
        ("text/csv;q=nan", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
        (",;=,", False),
        ("text/*", False),
    ],
)
def test_a_table_is_for_those_who_would_rather_have_one(accept: str, expected: bool) -> None:
    """Named, and wanted more than JSON; whoever does not care gets JSON."""
    assert prefers(accept, "text/csv", "application/json") is expected
