"""MSAL applications, one per tenant and token cache, on one HTTP session and one metadata document."""

import io
import threading
from http import HTTPStatus
from typing import Any

import msal
import requests
from requests.adapters import HTTPAdapter

from shared.adapters.entra.credential import ServiceCredential
from shared.settings import Settings

_METADATA = "/v2.0/.well-known/openid-configuration"
_TIMEOUT = 30.0  # seconds


class MetadataOnce(HTTPAdapter):
    """Sends requests, but asks for OpenID metadata once and not once per tenant.

    MSAL asks every tenant's own document, one request each, but they differ in the tenant's id only
    (Microsoft Learn, "OpenID Connect on the Microsoft identity platform").
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
            return super().send(request, *options)
        with self._lock:
            if self._template is None:
                request.url = f"{self._authority}/organizations{_METADATA}"
                answer = super().send(request, *options)
                if answer.status_code != HTTPStatus.OK:
                    return answer
                self._template = answer.text
        own = requests.Response()
        own.status_code = HTTPStatus.OK
        own.raw = io.BytesIO(
            self._template.replace("/organizations/", f"/{tenant}/").replace("{tenantid}", tenant).encode()
        )
        return own

    def _tenant(self, url: str) -> str | None:
        inside = url.removeprefix(f"{self._authority}/")
        if inside == url or not inside.endswith(_METADATA):
            return None
        return inside.removesuffix(_METADATA)


class Applications:
    """Makes MSAL applications. They block, so they are made and used in a thread."""

    def __init__(self, settings: Settings, credential: ServiceCredential) -> None:
        """`credential`: this service's own."""
        self._settings, self._credential = settings, credential
        self._session = requests.Session()
        self._session.mount("https://", MetadataOnce(settings.entra_authority))

    async def credential(self) -> Any:
        """What `open` needs; asked for outside the thread."""
        return await self._credential.get()

    def refused(self) -> None:
        """Our credential did not count: do not keep it."""
        self._credential.forget()

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
