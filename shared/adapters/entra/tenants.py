"""Which tenant a domain belongs to, from what Microsoft tells anybody (OpenID Connect discovery)."""

from urllib.parse import quote
from uuid import UUID

import httpx
import msgspec

from shared.core.errors import RetryLater
from shared.settings import Settings
from shared.telemetry.spans import calling

_PERSONAL_ACCOUNTS = "9188040d-6c67-4c5b-b112-36a304b66dad"


class _Discovery(msgspec.Struct):
    issuer: str


class EntraTenants:
    """Implements Tenants."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient) -> None:
        """`http`: shared, follows no redirect."""
        self._authority, self._http = settings.entra_authority, http

    async def of_domain(self, domain: str) -> str | None:
        """See Tenants. Microsoft answers 400 for a domain that is nobody's."""
        name = quote(domain, safe="")
        url = f"{self._authority}/{name}/v2.0/.well-known/openid-configuration"
        try:
            with calling("entra", "GET") as call:
                answer = await self._http.get(url)
                call.answered(answer.status_code)
        except (httpx.TransportError, httpx.DecodingError):
            raise RetryLater.soon("entra_unavailable", "Microsoft Entra ID is not answering.") from None
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise RetryLater.soon("entra_unavailable", "Microsoft Entra ID is not answering.")
        if not answer.is_success:
            return None
        try:
            issuer = msgspec.json.decode(answer.content, type=_Discovery).issuer
            tenant_id = str(UUID(issuer.removeprefix(f"{self._authority}/").partition("/")[0]))
        except (msgspec.MsgspecError, ValueError):
            return None
        return None if tenant_id == _PERSONAL_ACCOUNTS else tenant_id
