"""The sign-in of a customer's administrator, by authorization code with PKCE and nonce."""

import warnings
from typing import Any
from urllib.parse import urlencode

import msal

from shared.adapters.entra.applications import Applications, in_thread
from shared.adapters.entra.errors import token_error
from shared.adapters.entra.id_tokens import IdTokens
from shared.core.connection import Grant
from shared.core.errors import ConsentRefused, OperatorError, RetryLater
from shared.ports import SignIn
from shared.settings import Settings

# MSAL would rather have the answer posted. Ours comes back as a redirect, because the cookie that binds it to
# the browser is SameSite=Lax and does not travel with a post from another site; the code alone is useless.
warnings.filterwarnings("ignore", message="response_mode='form_post' is recommended", category=UserWarning)

DELEGATED_PERMISSIONS = ("User.Read.All", "Organization.Read.All")
"""What a sync needs, when it reads as the administrator who connected."""


class EntraSignIn:
    """Implements IdentityProvider."""

    def __init__(self, settings: Settings, applications: Applications, id_tokens: IdTokens) -> None:
        """`applications`: MSAL; `id_tokens`: our validation."""
        self._settings, self._applications, self._id_tokens = settings, applications, id_tokens

    async def begin_sign_in(self, grant: Grant, state: str, redirect_uri: str) -> dict[str, Any]:
        """See IdentityProvider."""
        credential = await self._applications.credential()

        def begin() -> dict[str, Any]:
            application = self._open(credential, msal.TokenCache(), grant)
            flow: dict[str, Any] = application.initiate_auth_code_flow(
                self._scopes(grant), redirect_uri=redirect_uri, state=state, prompt="select_account"
            )
            return flow

        return await in_thread(begin)

    async def finish_sign_in(self, request: dict[str, Any], answer: dict[str, str]) -> SignIn:
        """See IdentityProvider."""
        if answer.get("error"):
            raise ConsentRefused(
                "consent_declined",
                "The sign-in at Microsoft was not completed.",
                "Connect again and finish the sign-in. Nothing was changed.",
            )
        cache = msal.SerializableTokenCache()
        delegated = any(scope.startswith(self._settings.graph_scope_prefix) for scope in request["scope"])
        grant = Grant.DELEGATED if delegated else Grant.APPLICATION

        def finish(credential: Any) -> dict[str, Any]:
            application = self._open(credential, cache, grant)
            result: dict[str, Any] = application.acquire_token_by_auth_code_flow(request, answer)
            return result

        try:
            result = await self._applications.ask(finish)
        except (ValueError, RuntimeError):  # MSAL: the answer, or its nonce, is not this request's
            raise _refused() from None
        if "error" in result:
            error = token_error(result)
            if isinstance(error, OperatorError | RetryLater):
                raise error
            raise _refused()
        claims = await self._id_tokens.validate(result.get("id_token", ""), request["nonce"])
        return SignIn(
            tenant_id=claims["tid"].lower(),
            object_id=claims["oid"],
            username=claims.get("preferred_username", ""),
            directory_roles=frozenset(claims.get("wids", ())),
            # `acct` is an optional claim: 1 for a guest of the tenant.
            is_guest=claims.get("acct") in (1, "1"),
            token_cache=cache.serialize() if grant is Grant.DELEGATED else None,
        )

    def admin_consent_url(self, tenant_id: str, state: str, redirect_uri: str) -> str:
        """See IdentityProvider."""
        query = urlencode(
            {
                "client_id": self._settings.entra_client_id,
                "scope": self._settings.graph_default_scope,
                "redirect_uri": redirect_uri,
                "state": state,
            }
        )
        return f"{self._settings.entra_authority}/{tenant_id}/v2.0/adminconsent?{query}"

    def _scopes(self, grant: Grant) -> list[str]:
        if grant is Grant.APPLICATION:
            return []
        return [f"{self._settings.graph_scope_prefix}{name}" for name in DELEGATED_PERMISSIONS]

    def _open(
        self, credential: Any, cache: msal.TokenCache, grant: Grant
    ) -> msal.ConfidentialClientApplication:
        return self._applications.open(
            "organizations", credential, cache, refresh_token=grant is Grant.DELEGATED
        )


def _refused() -> ConsentRefused:
    return ConsentRefused(
        "sign_in_not_proven",
        "Microsoft did not confirm the sign-in.",
        "Go back to the customer's page and choose Connect again. Nothing was changed.",
    )
