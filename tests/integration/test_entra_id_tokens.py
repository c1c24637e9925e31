"""id_tokens: one good one, and every way in which one can be wrong; MSAL checks none of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import types
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.simulators.faults import Fault
from sandbox.simulators.tokens import PERSONAL_ACCOUNTS_TENANT, Forgery, SigningKey
from shared.adapters.entra import id_tokens as module
from shared.adapters.entra.id_tokens import IdTokens
from shared.core.errors import ConsentRefused, RetryLater
from tests.integration.microsoft import CLIENT_ID, CUSTOMER_ID, OPERATOR_ID, Microsoft

NONCE = "the nonce that the sign-in was begun with"
KEYS = "GET /{tenant}/discovery/v2.0/keys"
Issue = Callable[..., str]


@pytest.fixture
def id_tokens(microsoft: Microsoft, graph_http: httpx.AsyncClient) -> IdTokens:
    return IdTokens(microsoft.settings(), graph_http)


@pytest.fixture
def issue(microsoft: Microsoft) -> Issue:
    """Makes a token of the customer's administrator, falsified as told; see Forgery."""

    def issue(
        claims: dict[str, Any] | None = None, remove: tuple[str, ...] = (), signing: Any = "own"
    ) -> str:
        return microsoft.tokens.issue_id_token(
            microsoft.customer,
            microsoft.registration,
            microsoft.customer.admin,
            scopes=("openid", "profile"),
            nonce=hashlib.sha256(NONCE.encode()).hexdigest(),
            forgery=Forgery(claims or {}, frozenset(remove), signing),
        )

    return issue


async def test_a_good_token_tells_who_signed_in(
    microsoft: Microsoft, id_tokens: IdTokens, issue: Issue
) -> None:
    """Tenant, object and roles are what the token says."""
    claims = await id_tokens.validate(issue(), NONCE)
    admin = microsoft.customer.admin
    assert (claims["tid"], claims["oid"], claims["aud"]) == (CUSTOMER_ID, admin.id, CLIENT_ID)
    assert set(admin.directory_roles) <= set(claims["wids"])


def _in(seconds: int) -> Callable[[Microsoft], int]:
    return lambda microsoft: int(microsoft.clock.now().timestamp()) + seconds


WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "another application's": {"aud": "99999999-0000-4000-8000-000000000000"},
    "another resource's": {"aud": "https://graph.microsoft.com"},
    "nobody's": {"aud": ""},
    "another tenant's issuer": {"iss": lambda m: m.tokens.issuer(OPERATOR_ID)},
    "an issuer elsewhere": {"iss": f"https://login.microsoftonline.com/{CUSTOMER_ID}/v2.0"},
    "an access token's issuer": {"iss": lambda m: f"{m.entra_url}/{CUSTOMER_ID}/"},
    "the template as issuer": {"iss": lambda m: f"{m.entra_url}/{{tenantid}}/v2.0"},
    "another tenant": {"tid": OPERATOR_ID},
    "no tenant": {"tid": "organizations", "iss": lambda m: f"{m.entra_url}/organizations/v2.0"},
    "a way out of the address": {"tid": "../x", "iss": lambda m: f"{m.entra_url}/../x/v2.0"},
    "a number for a tenant": {"tid": 7},
    "a list for a tenant": {"tid": [CUSTOMER_ID]},
    "personal accounts": {
        "tid": PERSONAL_ACCOUNTS_TENANT,
        "iss": lambda m: m.tokens.issuer(PERSONAL_ACCOUNTS_TENANT),
    },
    "another nonce": {"nonce": hashlib.sha256(b"another").hexdigest()},
    "the nonce as it is": {"nonce": NONCE},
    "a number for a nonce": {"nonce": 7},
    "expired": {"exp": _in(-75)},
    "not valid yet": {"nbf": _in(75)},
    "from the future": {"iat": _in(120)},
}


@pytest.mark.parametrize("wrong", WRONG_CLAIMS)
async def test_a_wrong_claim_proves_nothing(
    microsoft: Microsoft, id_tokens: IdTokens, issue: Issue, wrong: str
) -> None:
    """However well it is signed."""
    claims = {
        name: value(microsoft) if callable(value) else value for name, value in WRONG_CLAIMS[wrong].items()
    }
    with pytest.raises(ConsentRefused) as refused:
        await id_tokens.validate(issue(claims), NONCE)
    assert refused.value.code == "sign_in_not_proven"


@pytest.mark.parametrize("claims", [{"exp": _in(-45)}, {"nbf": _in(45)}], ids=["expired", "not valid yet"])
async def test_clocks_may_differ_a_little(
    microsoft: Microsoft, id_tokens: IdTokens, issue: Issue, claims: dict[str, Callable[[Microsoft], int]]
) -> None:
    """Up to a minute."""
    moved = {name: value(microsoft) for name, value in claims.items()}
    assert await id_tokens.validate(issue(moved), NONCE)


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "nbf", "tid", "oid", "nonce"])
async def test_a_missing_claim_proves_nothing(id_tokens: IdTokens, issue: Issue, claim: str) -> None:
    """Each of them is needed."""
    with pytest.raises(ConsentRefused):
        await id_tokens.validate(issue(remove=(claim,)), NONCE)


@pytest.mark.parametrize("signing", ["none", "other-key", "consumer-key"])
async def test_a_wrong_signature_proves_nothing(id_tokens: IdTokens, issue: Issue, signing: str) -> None:
    """None at all, a stranger's under our key's name, and the key that signs for personal accounts."""
    with pytest.raises(ConsentRefused):
        await id_tokens.validate(issue(signing=signing), NONCE)


async def test_a_personal_account_is_refused_with_its_own_key_too(
    microsoft: Microsoft, id_tokens: IdTokens, issue: Issue
) -> None:
    """Everything about it is genuine, but no organization is behind it."""
    issuer = microsoft.tokens.issuer(PERSONAL_ACCOUNTS_TENANT)
    token = issue({"tid": PERSONAL_ACCOUNTS_TENANT, "iss": issuer}, signing="consumer-key")
    with pytest.raises(ConsentRefused):
        await id_tokens.validate(token, NONCE)


async def test_the_public_key_is_no_shared_secret(
    id_tokens: IdTokens, issue: Issue, signing_key: SigningKey
) -> None:
    """A token that is "signed" with HS256 and the published key as the secret."""
    public = signing_key.private.public_key()
    payload = issue().split(".")[1]
    for encoding in (Encoding.PEM, Encoding.DER):
        secret = public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
        header = _encoded(json.dumps({"alg": "HS256", "typ": "JWT", "kid": signing_key.id}).encode())
        signed = f"{header}.{payload}".encode()
        signature = _encoded(hmac.new(secret, signed, hashlib.sha256).digest())
        with pytest.raises(ConsentRefused):
            await id_tokens.validate(f"{header}.{payload}.{signature}", NONCE)


@pytest.mark.parametrize("change", [0, 1, 2], ids=["header", "payload", "signature"])
async def test_a_changed_token_proves_nothing(id_tokens: IdTokens, issue: Issue, change: int) -> None:
    """One character in any of its parts."""
    parts = issue().split(".")
    middle = len(parts[change]) // 2
    other = "A" if parts[change][middle] != "A" else "B"
    parts[change] = parts[change][:middle] + other + parts[change][middle + 1 :]
    with pytest.raises(ConsentRefused):
        await id_tokens.validate(".".join(parts), NONCE)


@pytest.mark.parametrize("text", ["", ".", "a.b.c", "e30.e30.", "e30.W10.e30", "名.前.!", "x" * 100_000])
async def test_what_is_no_token_proves_nothing(microsoft: Microsoft, id_tokens: IdTokens, text: str) -> None:
    """And nobody is asked for a key because of it."""
    with pytest.raises(ConsentRefused):
        await id_tokens.validate(text, NONCE)
    assert KEYS not in await microsoft.requests(microsoft.entra_url)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the module, as a list of one."""
    now = [1000.0]
    monkeypatch.setattr(module, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    return now


async def test_keys_are_asked_for_once(microsoft: Microsoft, id_tokens: IdTokens, issue: Issue) -> None:
    """Not for every sign-in."""
    for _ in range(5):
        await id_tokens.validate(issue(), NONCE)
    assert (await microsoft.requests(microsoft.entra_url))[KEYS] == 1


async def test_a_new_key_is_found(
    microsoft: Microsoft, id_tokens: IdTokens, issue: Issue, seconds: list[float]
) -> None:
    """After a rotation the keys are asked for again, and the old one counts no more."""
    old = issue()
    await id_tokens.validate(old, NONCE)
    microsoft.tokens.rotate_key(keep_previous=False)
    seconds[0] += 60
    assert await id_tokens.validate(issue(), NONCE)
    with pytest.raises(ConsentRefused):
        await id_tokens.validate(old, NONCE)
    assert (await microsoft.requests(microsoft.entra_url))[KEYS] == 2


async def test_unknown_keys_are_not_asked_for_all_the_time(
    microsoft: Microsoft, id_tokens: IdTokens, issue: Issue, seconds: list[float]
) -> None:
    """Whoever sends made-up tokens causes one request a minute, and the good ones still count."""
    await id_tokens.validate(issue(), NONCE)
    for _ in range(130):
        with pytest.raises(ConsentRefused):
            await id_tokens.validate(SigningKey.sign(FOREIGN, json_of(issue())), NONCE)
        seconds[0] += 1
    assert await id_tokens.validate(issue(), NONCE)
    assert (await microsoft.requests(microsoft.entra_url))[KEYS] == 3


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "reset"},
        {"kind": "status", "status": 200, "body": "<html></html>"},
        {"kind": "status", "status": 200, "body": {"keys": [{"kty": "RSA"}]}},
        {"kind": "status", "status": 200, "body": {"keys": [{"kty": "RSA", "kid": "x", "n": "!", "e": "!"}]}},
        {"kind": "status", "status": 200, "body": ["keys"]},
        {"kind": "status", "status": 200, "body": {"keys": ["key"]}},
        {"kind": "truncate"},
    ],
)
async def test_keys_that_cannot_be_read_are_an_outage(
    microsoft: Microsoft, id_tokens: IdTokens, issue: Issue, fault: dict[str, Any]
) -> None:
    """No sign-in is refused for that, and the next one asks again."""
    microsoft.entra_faults.add(Fault(path="discovery/v2.0/keys", **fault))
    with pytest.raises(RetryLater):
        await id_tokens.validate(issue(), NONCE)
    assert await id_tokens.validate(issue(), NONCE)


async def test_a_clock_that_moved_on_ends_a_token(
    microsoft: Microsoft, id_tokens: IdTokens, issue: Issue
) -> None:
    """An id_token is for the sign-in that is under way, not for later."""
    microsoft.clock.passed = -timedelta(hours=2)
    with pytest.raises(ConsentRefused):
        await id_tokens.validate(issue(), NONCE)


FOREIGN = SigningKey()


def json_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
