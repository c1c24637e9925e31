"""Tokens for a customer's tenant, through the connection's token cache in Key Vault."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Self

import msal
from azure.core.credentials import AccessToken

from shared.adapters.entra.applications import Applications
from shared.adapters.entra.errors import token_error
from shared.core.connection import Connection, Grant
from shared.core.reasons import reason
from shared.ports import Secrets

# Microsoft gives app-only tokens for 60 to 90 minutes; an older one in the vault is not worth a look.
_WORTH_A_LOOK = timedelta(minutes=90)


class ConnectionCredential:
    """A token credential (azure.core's AsyncTokenCredential) for one connection's tenant.

    The token cache is MSAL's, serialised, one Key Vault secret per connection: with a delegated grant it
    holds the administrator's refresh token, with an application grant the last app-only token.
    """

    def __init__(
        self,
        connection: Connection,
        applications: Applications,
        secrets: Secrets,
        now: Callable[[], datetime],
    ) -> None:
        """`connection`: one that was consented to."""
        self._connection, self._applications = connection, applications
        self._secrets, self._now = secrets, now
        self._token: AccessToken | None = None
        self._past_cache = False
        self._lock = asyncio.Lock()

    async def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **_: Any,
    ) -> AccessToken:
        """A token good for at least five minutes. Raises ActionRequired, OperatorError."""
        async with self._lock:
            soon = (self._now() + timedelta(minutes=5)).timestamp()
            if self._token is None or claims is not None or self._token.expires_on <= soon:
                self._token = await self._acquire(list(scopes), claims)
            return self._token

    def forget(self) -> None:
        """The token was refused: get another one, past the cache."""
        self._token = None
        self._past_cache = True

    async def close(self) -> None:
        """Nothing is held open."""

    async def __aenter__(self) -> Self:
        """Part of the protocol."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Part of the protocol."""

    async def _acquire(self, scopes: list[str], claims: str | None) -> AccessToken:
        name, tenant = self._connection.secret_name, self._connection.tenant_id
        if name is None or tenant is None:
            raise reason("consent_revoked")  # the sign-in is no longer kept
        cache = msal.SerializableTokenCache()
        if self._cache_may_help():
            stored = await self._secrets.get(name)
            if stored is None:
                raise reason("consent_revoked")  # the sign-in is no longer kept
            cache.deserialize(stored)
        delegated = self._connection.grant is Grant.DELEGATED

        def question(credential: Any) -> dict[str, Any]:
            application = self._applications.open(tenant, credential, cache, refresh_token=delegated)
            if not delegated:
                if self._past_cache:
                    application.remove_tokens_for_client()
                answer = application.acquire_token_for_client(scopes, claims_challenge=claims)
            else:
                accounts = application.get_accounts()
                answer = accounts and application.acquire_token_silent_with_error(
                    scopes, accounts[0], force_refresh=self._past_cache, claims_challenge=claims
                )
            return dict(answer or {"error": "invalid_grant", "error_codes": [700082]})

        answer = await self._applications.ask(question)
        if "error" in answer:
            raise token_error(answer)
        if cache.has_state_changed:
            # A disconnect may have deleted it since it was read; the token must not outlive that.
            await self._secrets.renew(name, cache.serialize())
        self._past_cache = False
        expires_on = int(self._now().timestamp()) + int(answer["expires_in"])
        return AccessToken(answer["access_token"], expires_on)

    def _cache_may_help(self) -> bool:
        if self._connection.grant is Grant.DELEGATED:
            return True
        last = max(filter(None, (self._connection.read_at, self._connection.connected_at)), default=None)
        return last is not None and self._now() - last < _WORTH_A_LOOK
