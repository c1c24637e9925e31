"""The report of active users in the simulated Microsoft Graph, as raw HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import date, timedelta

import httpx
import pytest

from sandbox.world.model import User
from sandbox.world.skus import BUSINESS_BASIC, PRODUCTS
from tests.sandbox.graph_harness import Answer, Graph, serve_graph

ROLES = ["Reports.Read.All"]
HEADER = (
    "Report Refresh Date,User Principal Name,Display Name,Is Deleted,Deleted Date,Has Exchange License,"
    "Has OneDrive License,Has SharePoint License,Has Skype For Business License,Has Yammer License,"
    "Has Teams License,Exchange Last Activity Date,OneDrive Last Activity Date,SharePoint Last Activity Date,"
    "Skype For Business Last Activity Date,Yammer Last Activity Date,Teams Last Activity Date,"
    "Exchange License Assign Date,OneDrive License Assign Date,SharePoint License Assign Date,"
    "Skype For Business License Assign Date,Yammer License Assign Date,Teams License Assign Date,"
    "Assigned Products"
)


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serve_graph("alder") as served:
        yield served


def path(period: str = "D180") -> str:
    return f"reports/getOffice365ActiveUserDetail(period='{period}')"


async def location(graph: Graph, period: str = "D180") -> str:
    answer = await graph.ask(path(period), graph.token(ROLES))
    assert (answer.status_code, answer.content) == (302, b"")
    return answer.headers["Location"]


async def download(graph: Graph, period: str = "D180") -> httpx.Response:
    answer = await graph.http.get(await location(graph, period))
    assert answer.status_code == 200
    return answer


async def lines(graph: Graph, period: str = "D180") -> dict[str, Answer]:
    text = (await download(graph, period)).content.decode("utf-8-sig")
    return {line["User Principal Name"]: line for line in csv.DictReader(io.StringIO(text, newline=""))}


def active(graph: Graph) -> User:
    """Somebody who used Exchange within the last week."""
    day = date(2026, 5, 30)
    return next(
        user
        for user in graph.tenant.users.values()
        if graph.tenant.insights.activity(user, day).get("Exchange", date.min) > day - timedelta(days=7)
    )


async def test_the_report_is_a_file_behind_a_redirect(graph: Graph) -> None:
    """With a byte order mark and the documented columns, whatever case the function has."""
    answer = await download(graph)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.content.decode("utf-8-sig").splitlines()[0] == HEADER
    quoted = "reports/getoffice365activeuserdetail(period=%27D7%27)"
    assert (await graph.ask(quoted, graph.token(ROLES))).status_code == 302


async def test_members_are_reported_two_days_late(graph: Graph) -> None:
    """Licences, activity and products are those of the user; guests without a licence are not there."""
    found = await lines(graph)
    members = {user.user_principal_name: user for user in graph.tenant.users.values() if not user.is_guest}
    assert found.keys() == members.keys()
    assert {line["Report Refresh Date"] for line in found.values()} == {"2026-05-30"}
    for name, line in found.items():
        user = members[name]
        activity = graph.tenant.insights.activity(user, date(2026, 5, 30))
        products = [PRODUCTS[it["skuId"]].name for it in user.properties["assignedLicenses"]]
        assert line["Display Name"] == user.display_name
        assert line["Is Deleted"] == "False"
        assert line["Assigned Products"] == "+".join(products)
        for workload in ("Exchange", "OneDrive", "Teams"):
            assert line[f"{workload} Last Activity Date"] == str(activity.get(workload, ""))
        assert bool(line["Exchange License Assign Date"]) == (line["Has Exchange License"] == "True")
    assert not found["studio@alderfinch.example"]["Exchange Last Activity Date"]
    assert {bool(line["Teams Last Activity Date"]) for line in found.values()} == {True, False}


async def test_two_products_are_joined(graph: Graph) -> None:
    """By a plus sign."""
    user = active(graph)
    owned = [*user.properties["assignedLicenses"], {"skuId": BUSINESS_BASIC.sku_id, "disabledPlans": []}]
    graph.tenant.update_user(user.id, assignedLicenses=owned)
    line = (await lines(graph))[user.user_principal_name]
    assert line["Assigned Products"].endswith("+MICROSOFT 365 BUSINESS BASIC")


async def test_activity_before_the_period_does_not_count(graph: Graph) -> None:
    """The longer the period, the more of the past is seen."""
    user = active(graph)
    await graph.control(
        f"tenants/alder/users/{user.id}/activity", "PUT", day="2026-04-30", workloads=["Exchange"]
    )
    column = "Exchange Last Activity Date"
    found = {
        period: (await lines(graph, period))[user.user_principal_name][column]
        for period in ("D7", "D30", "D90")
    }
    assert found == {"D7": "", "D30": "", "D90": "2026-04-30"}


async def test_what_happened_today_is_known_in_two_days(graph: Graph) -> None:
    """Until then the report says what it said before."""
    user = active(graph)
    column = "Exchange Last Activity Date"
    before = (await lines(graph))[user.user_principal_name][column]
    await graph.control(f"tenants/alder/users/{user.id}/activity", "PUT", day="2026-06-01")
    assert (await lines(graph))[user.user_principal_name][column] == before
    graph.clock.advance(timedelta(days=2))
    assert (await lines(graph))[user.user_principal_name][column] == "2026-06-01"


async def test_somebody_can_be_made_never_active(graph: Graph) -> None:
    """All their dates are blank."""
    user = active(graph)
    await graph.control(f"tenants/alder/users/{user.id}/activity", "PUT", day=None)
    line = (await lines(graph))[user.user_principal_name]
    assert [value for name, value in line.items() if name.endswith("Activity Date")] == [""] * 6


async def test_deleted_users_are_marked(graph: Graph) -> None:
    """They stay in the report for a while."""
    user = active(graph)
    graph.tenant.delete_user(user.id)
    line = (await lines(graph))[user.user_principal_name]
    assert (line["Is Deleted"], line["Deleted Date"]) == ("True", "2026-05-30")


async def test_names_can_be_concealed(graph: Graph) -> None:
    """Neither name nor address can be told any more; the setting says so to whom may read it."""
    settings = ["ReportSettings.Read.All"]
    shown = await graph.ask("admin/reportSettings", graph.token(settings))
    assert shown.json()["displayConcealedNames"] is False
    names = await lines(graph)
    await graph.control("tenants/alder/insights", "PATCH", concealed_names=True)
    shown = await graph.ask("admin/reportSettings", graph.token(settings))
    assert shown.json()["displayConcealedNames"] is True
    concealed = await lines(graph)
    assert len(concealed) == len(names)
    for upn, line in concealed.items():
        for value in (upn, line["Display Name"]):
            assert len(value) == 32
            assert set(value) <= set("0123456789ABCDEF")
    assert await lines(graph) == concealed


async def test_a_download_needs_no_token_and_notices_one(graph: Graph) -> None:
    """Sending it is a mistake that the control surface tells of."""
    url = await location(graph)
    assert (await graph.http.get(url)).status_code == 200
    assert (await graph.http.get(url, headers={"Authorization": "Bearer secret"})).status_code == 200
    calls = (await graph.control("report-downloads", "GET"))["downloads"]
    expected = {"tenant": graph.tenant.id, "status": 200}
    assert calls == [{**expected, "authorization": False}, {**expected, "authorization": True}]


async def test_a_download_is_good_for_a_few_minutes(graph: Graph) -> None:
    """After that, and for an address that never was, there is nothing."""
    url = await location(graph)
    graph.clock.advance(timedelta(minutes=5))
    assert (await graph.http.get(url)).status_code == 200
    graph.clock.advance(timedelta(seconds=1))
    assert (await graph.http.get(url)).status_code == 403
    assert (await graph.http.get(f"{url}x")).status_code == 404


async def test_an_unchanged_report_is_not_sent_again(graph: Graph) -> None:
    """By the entity tag of the file."""
    tag = (await download(graph)).headers["ETag"]
    token = graph.token(ROLES)
    assert (await graph.ask(path(), token, headers={"If-None-Match": tag})).status_code == 304
    graph.tenant.update_user(graph.tenant.admin.id, displayName="Somebody else")
    assert (await graph.ask(path(), token, headers={"If-None-Match": tag})).status_code == 302


async def test_downloads_can_be_on_another_host(graph: Graph) -> None:
    """As they are in reality; the file is the same."""
    await graph.control("reports", download_origin="https://reports.example")
    url = await location(graph)
    assert url.startswith("https://reports.example/reports-data/")
    moved = url.replace("https://reports.example", graph.base_url)
    assert (await graph.http.get(moved)).status_code == 200


async def test_downloads_are_counted_and_hit_by_faults(graph: Graph) -> None:
    """Under the tenant whose report it is."""
    await graph.control("faults", kind="status", status=503, path="^/reports-data/", tenant=graph.tenant.id)
    url = await location(graph)
    assert [(await graph.http.get(url)).status_code for _ in range(2)] == [503, 200]
    answer = await graph.http.get(f"{graph.base_url}/_control/requests", params={"tenant": graph.tenant.id})
    assert answer.json()["by_route"]["GET report download"] == 1


@pytest.mark.parametrize("arguments", ["period='D8'", "period=D7", "date=2026-05-30", ""])
async def test_other_periods_are_refused(graph: Graph, arguments: str) -> None:
    """There are four."""
    answer = await graph.ask(f"reports/getOffice365ActiveUserDetail({arguments})", graph.token(ROLES))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidArgument")


async def test_reports_need_permissions_of_their_own(graph: Graph) -> None:
    """Report and setting each another one; a signed-in user needs a role as well."""
    refused = await graph.ask(path(), graph.token())
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "S2SUnauthorized")
    refused = await graph.ask("admin/reportSettings", graph.token(ROLES))
    assert refused.status_code == 403
    assert "S2SUnauthorized" in refused.json()["error"]["message"]
    person = next(user for user in graph.tenant.users.values() if user.enabled and not user.directory_roles)
    for user, status in ((person, 403), (graph.tenant.admin, 302)):
        delegated = graph.token((), scopes=ROLES, user=user)
        assert (await graph.ask(path(), delegated)).status_code == status


async def test_other_reports_are_not_simulated(graph: Graph) -> None:
    """They are unknown segments."""
    answer = await graph.ask("reports/getTeamsUserActivityUserDetail(period='D7')", graph.token(ROLES))
    assert "Resource not found for the segment" in answer.json()["error"]["message"]


async def test_fourteen_reports_in_ten_minutes_are_enough(graph: Graph) -> None:
    """Once the limit is on; the downloads themselves are not counted."""
    await graph.control("request-limits", enabled=True)
    for _ in range(14):
        await download(graph)
    refused = await graph.ask(path(), graph.token(ROLES))
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "600")
