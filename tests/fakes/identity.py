"""Microsoft's sign-in and consent pages, played by the test."""

import itertools
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from shared.core.connection import Grant
from shared.core.consent import GLOBAL_ADMINISTRATOR
from shared.core.errors import ConsentRefused
from shared.ports import SignIn
from tests.fakes.directory import FakeDirectories

_AUTHORIZE = "https://login.invalid/organizations/oauth2/v2.0/authorize"


class FakeIdentityProvider:
    """`sign_in`, `approve` and `decline` are what a person does in the browser; each gives the redirect."""

    def __init__(self, directories: FakeDirectories) -> None:
        self._directories = directories
        self._codes: dict[str, SignIn] = {}
        self._numbers = itertools.count(1)

    async def begin_sign_in(self, grant: Grant, state: str, redirect_uri: str) -> dict[str, Any]:
        query = urlencode({"state": state, "redirect_uri": redirect_uri, "scope": grant.value})
        return {"auth_uri": f"{_AUTHORIZE}?{query}", "state": state, "code_verifier": "kept on our side"}

    async def finish_sign_in(self, request: dict[str, Any], answer: dict[str, str]) -> SignIn:
        if answer.get("error"):
            raise ConsentRefused("consent_declined", "Nobody signed in.", "Connect again and sign in.")
        proven = self._codes.pop(answer.get("code", ""), None)
        if proven is None or answer.get("state") != request["state"]:
            raise ConsentRefused("sign_in_failed", "The sign-in is not valid.", "Connect again.")
        return proven

    def admin_consent_url(self, tenant_id: str, state: str, redirect_uri: str) -> str:
        query = urlencode({"state": state, "redirect_uri": redirect_uri})
        return f"https://login.invalid/{tenant_id}/v2.0/adminconsent?{query}"

    def sign_in(self, url: str, person: SignIn) -> dict[str, str]:
        """The person signs in: the answer that comes back to the redirect address."""
        code = f"code-{next(self._numbers)}"
        self._codes[code] = person
        return {"code": code, "state": _query(url)["state"]}

    def approve(self, url: str) -> dict[str, str]:
        """The admin approves; from then on the tenant may be read."""
        tenant_id = urlsplit(url).path.split("/")[1]
        if tenant_id in self._directories.tenants:
            self._directories.tenants[tenant_id].consented = True
        return {"admin_consent": "True", "tenant": tenant_id, "state": _query(url)["state"]}

    def decline(self, url: str) -> dict[str, str]:
        """The person closes the door: the answer to either page."""
        return {"error": "access_denied", "error_description": "…", "state": _query(url)["state"]}


def admin(tenant_id: str, *, token_cache: str | None = None) -> SignIn:
    """A Global Administrator who belongs to the tenant."""
    return SignIn(
        tenant_id=tenant_id,
        object_id="00000000-0000-4000-8000-00000000ad01",
        username=f"admin@{tenant_id}.example",
        directory_roles=frozenset({GLOBAL_ADMINISTRATOR}),
        is_guest=False,
        token_cache=token_cache,
    )


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
