"""The cookies: a browser's half of a handshake, its receipt of a consent, its session, its language."""

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
            secure=secure,
            httponly=True,
            samesite="lax",
        )

    def forget(self, request: Request, response: Response) -> None:
        """Have the browser drop it."""
        secure = _secure(request)
        response.delete_cookie(self._name(secure), secure=secure, httponly=True, samesite="lax")

    def _name(self, secure: bool) -> str:
        # Browsers take this prefix from our own host only, over TLS and with the path `/`. Without it a
        # neighbouring host could plant its own handshake, and an admin would consent to somebody else's.
        return f"{'__Host-' if secure else ''}tenantry-{self.label}"


HANDSHAKE = Cookie("handshake", HANDSHAKE_LIFETIME)
RECEIPT = Cookie("receipt", RECEIPT_LIFETIME)
SESSION = Cookie("session", SESSION_LIFETIME)


def _secure(request: Request) -> bool:
    return services_of(request).settings.public_url.startswith("https:")
