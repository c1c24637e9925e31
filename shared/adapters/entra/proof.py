"""Microsoft, asked whether it takes a credential that nobody uses yet."""

from typing import Any

import msal

from shared.adapters.entra.applications import Applications, in_thread
from shared.adapters.entra.credential import ClientCredential, from_certificate
from shared.adapters.entra.errors import token_error
from shared.settings import Settings


class EntraProof:
    """Implements CredentialProof."""

    def __init__(self, settings: Settings, applications: Applications) -> None:
        """`settings`: say whether the credential is a secret or a certificate."""
        self._settings, self._applications = settings, applications

    async def prove(self, value: str, tenant_id: str) -> None:
        """See CredentialProof."""
        certificate = self._settings.entra_client_certificate_name is not None
        credential: ClientCredential = from_certificate(value) if certificate else value

        def question() -> dict[str, Any]:
            # A cache of its own, so that no token of the former credential is the answer.
            application = self._applications.open(
                tenant_id, credential, msal.TokenCache(), refresh_token=False
            )
            return dict(application.acquire_token_for_client([self._settings.graph_default_scope]) or {})

        answer = await in_thread(question)
        if "access_token" not in answer:
            raise token_error(answer)
