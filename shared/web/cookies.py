"""The cookies: a browser's half of a handshake, its receipt of a consent, and its portal session."""

from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from shared.core.connection import HANDSHAKE_LIFETIME
from shared.services.access import SESSION_LIFETIME
from shared.services.onboarding import RECEIPT_LIFETIME
from shared.web.services import services_of


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie that scripts cannot read and other sites cannot send along with a form."""

    label: str
    path: str
    lifetime: timedelta

    def read(self, request: Request) -> str | None:
        """What the browser sent."""
        return request.cookies.get(self._name(_secure(request)))

    def write(self, request: Request, response: Response, value: str) -> None:
        """Have the browser keep `value`."""
        secure = _secure(request)
        response.set_cookie(
            self._name(secure),
            value,
            max_age=int(self.lifetime.total_seconds()),
            path=self.path,
            secure=secure,
            httponly=True,
            samesite="lax",
        )

    def forget(self, request: Request, response: Response) -> None:
        """Have the browser drop it."""
        secure = _secure(request)
        response.delete_cookie(
            self._name(secure), path=self.path, secure=secure, httponly=True, samesite="lax"
        )

    def _name(self, secure: bool) -> str:
        # Browsers refuse these prefixes unless the cookie is Secure, and `__Host-` unless its path is `/`.
        prefix = ("__Host-" if self.path == "/" else "__Secure-") if secure else ""
        return f"{prefix}tenantry-{self.label}"


HANDSHAKE = Cookie("handshake", "/connect", HANDSHAKE_LIFETIME)
RECEIPT = Cookie("receipt", "/connect", RECEIPT_LIFETIME)
# The way back from Microsoft leads through /connect, which must know whether a portal is open here.
SESSION = Cookie("session", "/", SESSION_LIFETIME)


def _secure(request: Request) -> bool:
    return services_of(request).settings.public_url.startswith("https:")
