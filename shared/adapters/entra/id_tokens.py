"""Validation of id_tokens; MSAL does none of it.

Follows Microsoft Learn, "ID tokens in the Microsoft identity platform" and "Secure applications and APIs by
validating claims": signature by a key of the authority, the issuer and the key's issuer with the token's own
tenant id filled in, audience, times, nonce.
"""

import asyncio
import hashlib
import time
from typing import Any
from uuid import UUID

import httpx
import jwt
import msgspec

from shared.core.errors import ConsentRefused, RetryLater
from shared.settings import Settings
from shared.telemetry.spans import calling

_PERSONAL_ACCOUNTS = "9188040d-6c67-4c5b-b112-36a304b66dad"
_LEEWAY = 60  # seconds of clock difference
_ASK_AGAIN_AFTER = 60.0  # seconds between two looks for an unknown key
_KEYS_COUNT_FOR = 24 * 3600.0  # seconds; a key that Microsoft withdraws must not count for ever
_REQUIRED = ["iss", "aud", "exp", "iat", "nbf", "tid", "oid", "nonce"]


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


class IdTokens:
    """Validates id_tokens of any tenant of the authority."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        """`http`: for the authority's signing keys."""
        self._authority, self._client_id, self._http = (
            settings.entra_authority,
            settings.entra_client_id,
            http,
        )
        self._keys: dict[str, tuple[jwt.PyJWK, str]] = {}
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def validate(self, token: str, nonce: str) -> dict[str, Any]:
        """The claims. Raises ConsentRefused; `nonce` is the one the sign-in was begun with."""
        try:
            header = jwt.get_unverified_header(token)
            unverified = jwt.decode(token, options={"verify_signature": False})
            tenant_id = str(UUID(unverified["tid"]))
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError) as error:
            raise _not_proven() from error
        key, key_issuer = await self._key(str(header.get("kid")))
        issuer = f"{self._authority}/{tenant_id}/v2.0"
        if tenant_id == _PERSONAL_ACCOUNTS or key_issuer.replace("{tenantid}", tenant_id) != issuer:
            raise _not_proven()
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._client_id,
                issuer=issuer,
                leeway=_LEEWAY,
                options={"require": _REQUIRED},
            )
        except jwt.PyJWTError as error:
            raise _not_proven() from error
        # MSAL sends the nonce hashed.
        if claims["nonce"] != hashlib.sha256(nonce.encode("ascii")).hexdigest():
            raise _not_proven()
        return claims

    async def _key(self, kid: str) -> tuple[jwt.PyJWK, str]:
        async with self._lock:
            age = time.monotonic() - self._asked_at
            if age >= _KEYS_COUNT_FOR or (kid not in self._keys and age >= _ASK_AGAIN_AFTER):
                self._keys = await self._fetch()
                self._asked_at = time.monotonic()
        if kid not in self._keys:
            raise _not_proven()
        return self._keys[kid]

    async def _fetch(self) -> dict[str, tuple[jwt.PyJWK, str]]:
        try:
            with calling("entra", "GET") as call:
                answer = await self._http.get(f"{self._authority}/organizations/discovery/v2.0/keys")
                call.answered(answer.status_code)
            answer.raise_for_status()
            keys = msgspec.json.decode(answer.content, type=_KeySet).keys
            return {
                key["kid"]: (jwt.PyJWK(key, "RS256"), str(key.get("issuer", "")))
                for key in keys
                if key.get("kty") == "RSA"
            }
        except (httpx.HTTPError, msgspec.DecodeError, ValueError, KeyError, jwt.PyJWTError) as error:
            raise RetryLater.soon("entra_unavailable", "Microsoft's signing keys cannot be read.") from error


def _not_proven() -> ConsentRefused:
    return ConsentRefused(
        "sign_in_not_proven",
        "Microsoft's answer does not prove who signed in.",
        "Go back to the customer's page and choose Connect again. Nothing was changed.",
    )
