"""The lines of a run on its page: of one kind, of one name, in parts, and as a table."""

import httpx
import pytest

from shared.core.changes import Change, ChangeKind
from shared.core.customer import Customer
from tests.unit.web.conftest import Caller
from tests.unit.web.site import PAGE, Site


@pytest.fixture
async def page(site: Site, customer: Customer) -> str:
    """The address of a run that made three people and left 120 out."""
    run = await site.world.sync(customer)
    skipped = [
        Change(ChangeKind.SKIP, f"s{number}", name=f"Nobody {number}", reason="not_in_scope.guest")
        for number in range(120)
    ]
    formula = Change(ChangeKind.CONFLICT, "f", name="=1+1", reason="match.multiple_contacts")
    await site.world.changes.put(run.id, "zz", [*skipped, formula])
    return f"{PAGE}/runs/{run.id}"


async def test_lines_of_one_kind_are_shown_alone(visitor: httpx.AsyncClient, page: str) -> None:
    """The choice stays chosen; a kind that there is not shows everybody."""
    shown = (await visitor.get(page, params={"kind": "create"})).text
    assert shown.count('<th scope="row">') == 3
    assert "Nobody 1<" not in shown
    assert '<option value="create" selected>' in shown
    assert (await visitor.get(page, params={"kind": "x"})).text.count('<th scope="row">') == 50


async def test_people_are_found_by_name(visitor: httpx.AsyncClient, page: str) -> None:
    """Whatever its case; and who is not there is said not to be."""
    shown = (await visitor.get(page, params={"search": "PERSON ANN"})).text
    assert shown.count('<th scope="row">') == 1
    assert "<bdi>Person ann</bdi>" in shown
    assert 'value="PERSON ANN"' in shown
    assert "Nobody was found." in (await visitor.get(page, params={"search": "<i>"})).text


async def test_what_is_looked_for_is_kept_from_page_to_page(visitor: httpx.AsyncClient, page: str) -> None:
    """Fifty, fifty, and the rest, each of them once."""
    address, found = f"{page}?kind=skip&search=nobody", list[str]()
    for _ in range(3):
        shown = (await visitor.get(address)).text
        found += [line.partition("</bdi>")[0] for line in shown.split('<th scope="row"><bdi>')[1:]]
        following = shown.partition('#changes-title">Next')[0].rpartition('href="')[2]
        address = following.replace("&amp;", "&")
    assert found == [f"Nobody {number}" for number in range(120)]
    assert (await visitor.get(page + "?after=x")).status_code == 400


async def test_the_table_has_what_is_looked_for(visitor: httpx.AsyncClient, page: str) -> None:
    """All of it in one file, and no cell of it is a formula."""
    link = f'href="{page.replace("&", "&amp;")}/changes.csv?kind=skip"'
    assert link in (await visitor.get(page, params={"kind": "skip"})).text
    table = await visitor.get(f"{page}/changes.csv", params={"kind": "skip"})
    assert table.headers["content-type"].startswith("text/csv")
    assert "attachment" in table.headers["content-disposition"]
    assert len(table.text.splitlines()) == 121
    whole = (await visitor.get(f"{page}/changes.csv")).text
    assert len(whole.splitlines()) == 125
    assert ",'=1+1," in whole
    assert ",=" not in whole


async def test_the_table_of_another_customers_run_does_not_exist(
    site: Site, caller: Caller, page: str
) -> None:
    """Nor does its page, whoever asks."""
    other = await site.world.customer("c-2", caller.account_id)
    async with site.visitor(other) as stranger:
        for address in (page, f"{page}/changes.csv"):
            assert (await stranger.get(address)).status_code == 404
            assert (await stranger.get(address.replace("c-1", "c-2"))).status_code == 404
