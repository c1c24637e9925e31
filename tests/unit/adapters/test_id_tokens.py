"""Microsoft's signing keys: how long a key counts."""

import base64
import hashlib
import time
from types import SimpleNamespace
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.adapters.entra import id_tokens
from shared.adapters.entra.id_tokens import IdTokens
from shared.core.errors import ConsentRefused, RetryLater
from tests.fakes import TENANT, settings

DAY = 24 * 3600.0
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SETTINGS = settings()


class Authority:
    """Publishes one key as long as `published`; `now` is the clock of this process."""

    def __init__(self) -> None:
        self.published, self.broken, self.now = True, False, 0.0
        self.id_tokens = IdTokens(SETTINGS, httpx.AsyncClient(transport=httpx.MockTransport(self._keys)))

    def _keys(self, _: httpx.Request) -> httpx.Response:
        if self.broken:
            return httpx.Response(503)
        numbers = KEY.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "kid": "one",
            "n": _number(numbers.n),
            "e": _number(numbers.e),
            "issuer": f"{SETTINGS.entra_authority}/{{tenantid}}/v2.0",
        }
        return httpx.Response(200, json={"keys": [key] if self.published else []})

    async def validate(self) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": f"{SETTINGS.entra_authority}/{TENANT}/v2.0",
            "aud": SETTINGS.entra_client_id,
            "tid": TENANT,
            "oid": "someone",
            "nonce": hashlib.sha256(b"nonce").hexdigest(),
            "iat": now,
            "nbf": now,
            "exp": now + 60,
        }
        token = jwt.encode(claims, KEY, "RS256", headers={"kid": "one"})
        return await self.id_tokens.validate(token, "nonce")


def _number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8)).decode().rstrip("=")


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> Authority:
    authority = Authority()
    monkeypatch.setattr(id_tokens, "time", SimpleNamespace(monotonic=lambda: authority.now))
    return authority


async def test_a_key_that_was_withdrawn_counts_for_a_day_at_most(authority: Authority) -> None:
    """Also in a process that runs for weeks and sees no new key."""
    assert (await authority.validate())["tid"] == TENANT
    authority.published = False
    authority.now = DAY - 1
    assert (await authority.validate())["tid"] == TENANT
    authority.now = DAY
    with pytest.raises(ConsentRefused):
        await authority.validate()


async def test_keys_that_cannot_be_asked_for_are_not_trusted_on(authority: Authority) -> None:
    """Nobody is let in by a key of yesterday."""
    await authority.validate()
    authority.broken, authority.now = True, DAY
    with pytest.raises(RetryLater):
        await authority.validate()
    authority.broken = False
    assert (await authority.validate())["tid"] == TENANT
