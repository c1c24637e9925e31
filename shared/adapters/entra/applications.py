"""MSAL applications, one per tenant and token cache, on one HTTP session and one metadata document."""

import asyncio
import io
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

import msal
import msgspec
import requests
from requests.adapters import HTTPAdapter

from shared.adapters.azure_errors import translated
from shared.adapters.entra.credential import ServiceCredential
from shared.adapters.entra.errors import token_error
from shared.adapters.retry_after import retry_after
from shared.core.errors import OperatorError, RetryLater, TenantryError
from shared.logs import log
from shared.settings import Settings
from shared.telemetry.spans import calling

T = TypeVar("T")

_METADATA = "/v2.0/.well-known/openid-configuration"
_TIMEOUT = 30.0  # seconds


class EntraUnavailable(requests.RequestException):
    """Entra ID answered, but not to the question; `after`: how many seconds it asks to wait."""

    def __init__(self, after: float | None = None) -> None:
        """Nothing of the answer is kept: it may be anything."""
        super().__init__("no answer that counts")
        self.after = after


class MetadataOnce(HTTPAdapter):
    """Sends requests, but asks for OpenID metadata once and not once per tenant.

    MSAL asks every tenant's own document, one request each, but they differ in the tenant's id only
    (Microsoft Learn, "OpenID Connect on the Microsoft identity platform").

    Raises EntraUnavailable for what is no answer of Entra ID: MSAL would keep it, log it or take it for a
    refusal.
    """

    def __init__(self, authority: str) -> None:
        """`authority`: such as https://login.microsoftonline.com."""
        super().__init__()
        self._authority = authority
        self._template: str | None = None
        self._lock = threading.Lock()

    def send(  # noqa: PLR0917 - the library's own signature
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """As requests does, but never without a timeout, and metadata from the document that is known."""
        options = (stream, timeout or _TIMEOUT, verify, cert, proxies)
        tenant = self._tenant(request.url or "")
        if tenant is None:
            answer = self._sent(request, *options)
            _check(answer)
            return answer
        with self._lock:
            if self._template is None:
                request.url = f"{self._authority}/organizations{_METADATA}"
                answer = self._sent(request, *options)
                if "token_endpoint" not in _check(answer):
                    raise EntraUnavailable
                self._template = answer.text
        own = requests.Response()
        own.status_code = HTTPStatus.OK
        own.raw = io.BytesIO(
            self._template.replace("/organizations/", f"/{tenant}/").replace("{tenantid}", tenant).encode()
        )
        return own

    def close(self) -> None:
        """Close the connections now; the library leaves them open while an error still remembers them."""
        pools = self.poolmanager.pools
        for pool in map(pools.__getitem__, pools.keys()):
            pool.close()
        super().close()

    def _sent(self, request: requests.PreparedRequest, *options: Any) -> requests.Response:
        with calling("entra", request.method or "") as call:
            answer = super().send(request, *options)
            call.answered(answer.status_code)
            return answer

    def _tenant(self, url: str) -> str | None:
        inside = url.removeprefix(f"{self._authority}/")
        if inside == url or not inside.endswith(_METADATA):
            return None
        return inside.removesuffix(_METADATA)


def _check(answer: requests.Response) -> dict[str, Any]:
    body, status = answer.content, answer.status_code
    answer.close()  # gives the connection back also where there was nothing to read
    if answer.is_redirect:
        raise EntraUnavailable  # requests would follow, and send the credential along
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise EntraUnavailable(retry_after(answer.headers))
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise EntraUnavailable from None


class Applications:
    """Makes MSAL applications. They block, so they are made and used in a thread; see `in_thread`."""

    def __init__(self, settings: Settings, credential: ServiceCredential) -> None:
        """`credential`: this service's own."""
        self._settings, self._credential = settings, credential
        self._session = requests.Session()
        self._session.mount("https://", MetadataOnce(settings.entra_authority))

    async def credential(self) -> Any:
        """What `open` needs; asked for outside the thread."""
        return await self._credential.get()

    async def ask(self, question: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """The token endpoint's answer to `question`, which takes our credential and blocks.

        Where our credential is refused, it may have been renewed since we looked into Key Vault; then the
        question is asked once more.
        """
        try:
            credential = await self._credential.get()
            answer = await in_thread(partial(question, credential))
            if _refuses_us(answer):
                renewed = await self._credential.renewed(credential)
                if renewed is not None:
                    answer = await in_thread(partial(question, renewed))
        except OperatorError as error:  # there is none, or none that can be used
            _log_refused(error)
            raise
        if _refuses_us(answer):
            _log_refused(token_error(answer))
        return answer

    def open(
        self, tenant: str, credential: Any, cache: msal.TokenCache, *, refresh_token: bool
    ) -> msal.ConfidentialClientApplication:
        """An application for a tenant; `refresh_token`: whether sign-ins ask for one."""
        return msal.ConfidentialClientApplication(
            self._settings.entra_client_id,
            client_credential=credential,
            authority=f"{self._settings.entra_authority}/{tenant}",
            token_cache=cache,
            http_client=self._session,
            instance_discovery=False,
            exclude_scopes=None if refresh_token else ["offline_access"],
        )

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()


def _refuses_us(answer: dict[str, Any]) -> bool:
    return "error" in answer and isinstance(token_error(answer), OperatorError)


def _log_refused(error: TenantryError) -> None:
    log("credential.refused", level=logging.ERROR, code=error.code)


async def in_thread(work: Callable[[], T]) -> T:
    """What `work` with an application returns. Raises RetryLater when Entra ID is not to be had."""
    try:
        with translated("Managed identity"):  # whose token an application may ask for
            return await asyncio.to_thread(work)
    except requests.RequestException as error:
        after = error.after if isinstance(error, EntraUnavailable) else None
        wait = timedelta(seconds=30 if after is None else after)
        raise RetryLater("entra_unavailable", "Microsoft Entra ID did not answer.", wait) from error
