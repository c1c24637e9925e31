"""What the API refuses, and in which words."""

import logging
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.core.customer import Customer
from shared.core.errors import (
    ActionRequired,
    Actor,
    ConcurrentUpdate,
    EnrichmentUnavailable,
    OperatorError,
    Refused,
    ResyncRequired,
    RetryLater,
    ScopeObjectMissing,
    SourceFault,
    TenantryError,
)
from shared.web.asgi import create
from shared.web.problems import problem_of
from tests.fakes import Process
from tests.unit.web.conftest import Caller
from tests.unit.web.site import CONNECTION, CUSTOMER, URL, Site, without_request_id

KEYED = [
    ("GET", "/api/v1/account"),
    ("GET", "/api/v1/customers"),
    ("GET", CUSTOMER),
    ("PUT", CUSTOMER),
    ("POST", f"{CUSTOMER}/portal-sessions"),
    ("GET", f"{CUSTOMER}/contacts"),
    ("GET", f"{CUSTOMER}/runs"),
    ("POST", f"{CUSTOMER}/runs"),
    ("GET", CONNECTION),
    ("POST", CONNECTION),
    ("PATCH", CONNECTION),
    ("DELETE", CONNECTION),
    ("POST", f"{CONNECTION}/pause"),
    ("POST", f"{CONNECTION}/resume"),
    ("GET", "/api/v1/presets"),
    ("GET", f"{CUSTOMER}/contacts/x"),
    ("PATCH", f"{CUSTOMER}/contacts/x"),
    ("GET", f"{CUSTOMER}/reviews"),
    ("POST", f"{CUSTOMER}/reviews/x"),
    ("GET", f"{CUSTOMER}/directory/groups"),
    ("GET", f"{CUSTOMER}/directory/offices"),
    ("GET", f"{CUSTOMER}/report"),
    ("GET", "/api/v1/runs/run_x"),
    ("GET", "/api/v1/runs/run_x/changes"),
    ("GET", "/api/v1/runs/run_x/changes?format=csv"),
    ("POST", "/api/v1/runs/run_x/approve"),
    ("POST", "/api/v1/runs/run_x/reject"),
    ("POST", "/api/v1/runs/run_x/cancel"),
]


@pytest.mark.parametrize(("method", "path"), KEYED)
async def test_everything_but_health_needs_a_key(
    site: Site, customer: Customer, method: str, path: str
) -> None:
    """Without a key nothing is told, and nothing that was sent is even looked at."""
    async with site.browser() as nobody:
        answer = await nobody.request(method, path, content="{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "unauthenticated"


async def test_every_bad_key_gets_the_same_answer(site: Site, caller: Caller) -> None:
    """Missing, malformed, unknown, wrong and revoked keys cannot be told apart."""
    account = caller.account_id
    key, text = await site.world.app.access.create_key(account, "revoked")
    await site.world.app.access.revoke_key(account, key.id)
    good = caller.http.headers["Authorization"].removeprefix("Bearer ")
    bad = [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        f"Basic {good}",
        f"Bearer {good[:-1]}0" if good[-1] != "0" else f"Bearer {good[:-1]}1",
        f"Bearer tnt_{'0' * 16}_{'0' * 8}_{'0' * 64}",
        f"Bearer {text}",
        f"Bearer {good} {good}",
    ]
    answers = []
    async with site.browser() as nobody:
        for value in bad:
            headers = {} if value is None else {"Authorization": value}
            answers.append(await nobody.get("/api/v1/account", headers=headers))
    assert {answer.status_code for answer in answers} == {401}
    assert len({str(without_request_id(answer)) for answer in answers}) == 1


async def test_the_scheme_is_read_without_case(caller: Caller) -> None:
    """`bearer` is Bearer (RFC 9110, 11.1)."""
    key = caller.http.headers["Authorization"].removeprefix("Bearer ")
    answer = await caller.http.get("/api/v1/account", headers={"Authorization": f"bearer {key}"})
    assert answer.status_code == 200


async def test_a_problem_has_every_member(caller: Caller) -> None:
    """RFC 9457 with a stable code, who must act, and the request's id."""
    answer = await caller.http.get(CUSTOMER, headers={"X-Request-Id": "abc.DEF-123_x"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "abc.DEF-123_x"
    assert answer.json() == {
        "type": "urn:tenantry:problem:not_found",
        "title": "There is no such customer.",
        "status": 404,
        "detail": "Check the id. It must belong to the account of the API key.",
        "code": "not_found",
        "actor": "technician",
        "request_id": "abc.DEF-123_x",
    }


@pytest.mark.parametrize("sent", ["", "short", "x" * 65, "with space", "<script>", "a;b-cdefgh"])
async def test_a_request_id_that_could_do_harm_is_replaced(caller: Caller, sent: str) -> None:
    """Only plain ids are echoed; any other request gets a fresh one."""
    answer = await caller.http.get("/api/v1/health", headers={"X-Request-Id": sent})
    assert answer.headers["x-request-id"] != sent
    assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    "body", [b"{", b"", b'{"name": "x"', b"\xff\xfe", b'{"name": "\\ud800"}', b"[" * 100_000, b"nul", b"NaN"]
)
async def test_malformed_json_is_the_senders_mistake(caller: Caller, body: bytes) -> None:
    """Whatever the bytes are, the answer is 400 and nothing breaks."""
    answer = await caller.http.put(CUSTOMER, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"]
)
async def test_a_body_that_is_not_json_is_refused(caller: Caller, media_type: str) -> None:
    """Forms of other sites cannot pass as JSON."""
    answer = await caller.http.put(
        CUSTOMER, content=b'{"name": "x"}', headers={"Content-Type": media_type} if media_type else {}
    )
    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported_media_type"


async def test_json_may_say_its_encoding(caller: Caller) -> None:
    """A parameter of the media type changes nothing."""
    answer = await caller.http.put(
        CUSTOMER, content=b'{"name": "x"}', headers={"Content-Type": "Application/JSON; charset=utf-8"}
    )
    assert answer.status_code == 201


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large_is_refused(caller: Caller, announced: bool) -> None:
    """More than 256 KiB is not read, whether or not the length is announced."""

    async def pieces() -> Any:
        for _ in range(300):
            yield b" " * 1024

    content: Any = b" " * (300 * 1024) if announced else pieces()
    answer = await caller.http.put(CUSTOMER, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["code"] == "content_too_large"


async def test_a_body_at_the_limit_is_read(caller: Caller) -> None:
    """256 KiB are fine."""
    body = b'{"name": "x"}'
    padded = body + b" " * (256 * 1024 - len(body))
    answer = await caller.http.put(CUSTOMER, content=padded, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/v1", "/api/v2/health", "/api/v1/customers/", "/api/v1//account", "/metrics"]
)
async def test_an_address_that_does_not_exist_is_not_found(caller: Caller, path: str) -> None:
    """Unknown addresses give a problem and no redirect."""
    answer = await caller.http.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/v1/account", {"GET", "HEAD", "PATCH"}),
        ("DELETE", CUSTOMER, {"PUT", "GET", "HEAD"}),
        ("OPTIONS", "/api/v1/customers", {"GET", "HEAD"}),
        ("TRACE", "/api/v1/health", {"GET", "HEAD"}),
        ("PUT", CONNECTION, {"GET", "HEAD", "POST", "PATCH", "DELETE"}),
        ("OPTIONS", f"{CUSTOMER}/contacts/c", {"GET", "HEAD", "PATCH"}),
        ("PUT", "/portal/account", {"GET", "HEAD", "POST"}),
    ],
)
async def test_every_method_that_is_taken_is_named(
    caller: Caller, method: str, path: str, allowed: set[str]
) -> None:
    """405 comes with all of them (RFC 9110, 10.2.1), also where several routes share the address."""
    answer = await caller.http.request(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].replace(" ", "").split(",")) == allowed


async def test_whatever_can_be_read_can_be_asked_for_its_head(caller: Caller, customer: Customer) -> None:
    """HEAD answers where GET does, with the same headers."""
    tails = ["", "/connection", "/runs", "/contacts", "/reviews", "/directory/offices", "/directory/groups"]
    for path in [
        "/api/v1/health",
        "/api/v1/account",
        "/api/v1/presets",
        *(CUSTOMER + tail for tail in tails),
    ]:
        head, get = await caller.http.head(path), await caller.http.get(path)
        assert head.status_code == get.status_code == 200
        assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize(
    ("error", "status", "code", "retry_after"),
    [
        (RetryLater("storage_busy", "Storage is busy.", timedelta(seconds=7.2)), 503, "storage_busy", "8"),
        (RetryLater("storage_busy", "Storage is busy.", timedelta(0)), 503, "storage_busy", "1"),
        (
            OperatorError("key_vault_refused", "Refused.", "The operator must act."),
            503,
            "key_vault_refused",
            None,
        ),
        (SourceFault("graph_answer", "Graph said nonsense.", "Nobody."), 502, "graph_answer", None),
        (ActionRequired("consent_revoked", "Withdrawn.", "Reconnect."), 409, "consent_revoked", None),
        (ScopeObjectMissing(["a-group"]), 409, "scope_object_missing", None),
        (
            EnrichmentUnavailable("not_licensed", "None.", "Buy one.", Actor.CUSTOMER_ADMIN),
            409,
            "not_licensed",
            None,
        ),
        (ResyncRequired(), 503, "resync_required", None),
        (ConcurrentUpdate(), 503, "busy", "30"),
    ],
)
async def test_an_outage_says_when_to_come_back(
    site: Site,
    caller: Caller,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    code: str,
    retry_after: str | None,
) -> None:
    """Errors of the outside world keep their words and get a fitting status."""
    fail(site, monkeypatch, error)
    answer = await caller.http.get(CUSTOMER)
    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert answer.headers.get("retry-after") == retry_after


def test_every_kind_of_error_of_ours_has_a_status() -> None:
    """A new kind that nobody thought of would look like a defect of the service."""
    kinds: list[type[TenantryError]] = TenantryError.__subclasses__()
    assert {Refused, RetryLater, ScopeObjectMissing, EnrichmentUnavailable} <= set(kinds)
    for kind in kinds:
        error = kind.__new__(kind)
        TenantryError.__init__(error, "code", "Title.", "Detail.")
        if isinstance(error, RetryLater):
            error.after = timedelta(seconds=1)
        problem = problem_of(error)
        assert problem.code == "code"
        assert problem.status != 500, kind


async def test_an_unexpected_error_tells_nothing(
    site: Site, caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the answer nor the log holds the error's text, which may name people."""
    fail(site, monkeypatch, KeyError("ann@contoso.example"))
    with caplog.at_level(logging.DEBUG):
        answer = await caller.http.get(f"{CUSTOMER}?token=hush")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert answer.json()["actor"] == Actor.OPERATOR
    assert "contoso" not in answer.text + caplog.text
    assert "hush" not in answer.text
    line = next(record.getMessage() for record in caplog.records if "http.failed" in record.getMessage())
    assert "error=KeyError" in line
    assert "broken:" in line


async def test_every_answer_carries_the_headers_that_protect(site: Site, caller: Caller) -> None:
    """Good answers, problems and static files alike."""
    answers: list[httpx.Response] = [
        await caller.http.get("/api/v1/health"),
        await caller.http.get("/nowhere"),
        await caller.http.put(CUSTOMER, content=b"x" * 300_000),
        await caller.http.get("/portal/customers/c-1"),
        await caller.http.get("/connect/start"),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        for part in ("frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"):
            assert part in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert answer.headers["x-request-id"]
        assert "access-control-allow-origin" not in answer.headers


def fail(site: Site, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let every look at a customer fail."""

    async def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(type(site.world.customers), "get", broken)


async def test_a_caller_without_a_key_costs_two_reads_at_most_and_no_write(site: Site) -> None:
    """Whatever strangers send, storage is read by key, at most twice, and nothing is written or queued."""
    process = Process()
    web = create(site.world.start_app(process))
    nonsense = "x" * 43
    cookies = "; ".join(
        f"__Host-tenantry-{label}={nonsense}" for label in ("handshake", "receipt", "session")
    )
    stranger = {"Cookie": cookies, "Authorization": f"Bearer tnt_{'0' * 16}_{'0' * 8}_{'0' * 64}"}
    requests = [
        ("GET", "/api/v1/customers/c-1"),
        ("PUT", "/api/v1/customers/c-1"),
        ("GET", "/api/v1/elsewhere"),
        ("GET", f"/connect/start?ticket={nonsense}"),
        ("POST", "/connect/start"),
        ("GET", f"/connect/callback?state={nonsense}&code={nonsense}"),
        ("GET", "/connect/done"),
        ("GET", "/connect/done.json"),
        ("GET", f"/portal/open?token={nonsense}"),
        ("POST", "/portal/open"),
        ("POST", "/portal/sign-out"),
        ("GET", "/portal"),
        ("GET", "/portal/customers/c-1"),
        ("GET", "/portal/customers/c-1/progress.json"),
        ("POST", "/portal/customers/c-1/sync"),
        ("GET", "/portal/elsewhere"),
    ]
    costs: dict[str, list[str]] = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url=URL, headers=stranger) as http:
        for method, path in requests:
            process.calls.clear()
            answer = await http.request(method, path, data={"ticket": nonsense} if method == "POST" else None)
            assert 400 <= answer.status_code < 500
            costs[f"{method} {path}"] = list(process.calls)
    reads = (".get_key", ".peek", ".take")
    assert all(call.endswith(reads) for calls in costs.values() for call in calls)
    assert {name: calls for name, calls in costs.items() if len(calls) > 2} == {}
    assert any(costs.values())
