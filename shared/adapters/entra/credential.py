"""How this service proves to Microsoft Entra ID who it is, in the form that MSAL takes."""

import asyncio
import base64
import time
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

from shared.core.errors import OperatorError
from shared.ports import Secrets
from shared.settings import Settings

_KEPT_FOR = 600.0  # seconds; so long a renewed secret may go unnoticed

ClientCredential = str | dict[str, Any]


class ServiceCredential:
    """The credential of the app registration: federated with the managed identity, a certificate or a secret.

    A certificate and a secret come from Key Vault by name; nothing secret is in the settings.
    """

    def __init__(self, settings: Settings, secrets: Secrets, assertion: Callable[[], str]) -> None:
        """`assertion`: a fresh token of the managed identity for the exchange; may block."""
        self._settings, self._secrets, self._assertion = settings, secrets, assertion
        self._kept: ClientCredential | None = None
        self._kept_until = 0.0
        self._lock = asyncio.Lock()

    async def get(self) -> ClientCredential:
        """The credential as MSAL's `client_credential`. Raises OperatorError when it is not in Key Vault."""
        if self._settings.entra_managed_identity_client_id:
            return {"client_assertion": self._assertion}
        async with self._lock:
            if self._kept is None or time.monotonic() >= self._kept_until:
                self._kept = await self._load()
                self._kept_until = time.monotonic() + _KEPT_FOR
            return self._kept

    async def renewed(self, refused: ClientCredential) -> ClientCredential | None:
        """What Key Vault holds instead of a credential that was refused, or None when it is the same."""
        self._kept = None
        found = await self.get()
        return None if found == refused else found

    async def _load(self) -> ClientCredential:
        if name := self._settings.entra_client_certificate_name:
            return from_certificate(await self._secret(name))
        return await self._secret(self._settings.entra_client_secret_name or "")

    async def _secret(self, name: str) -> str:
        value = await self._secrets.get(name)
        if value is None:
            raise OperatorError(
                "credential_missing",
                "This service's own credential is not in Key Vault.",
                f"The operator must put the credential of the app registration into Key Vault as {name}.",
            )
        return value


def from_certificate(value: str) -> ClientCredential:
    """A Key Vault certificate's secret: PEM, or PKCS #12 in base64. Raises OperatorError."""
    try:
        if "-----BEGIN" in value:
            key: object = load_pem_private_key(value.encode(), None)
            certificate: x509.Certificate | None = x509.load_pem_x509_certificate(value.encode())
        else:
            key, certificate, _ = pkcs12.load_key_and_certificates(base64.b64decode(value), None)
    except (ValueError, TypeError):
        key, certificate = None, None
    if not isinstance(key, RSAPrivateKey) or certificate is None:
        raise OperatorError(
            "credential_unusable",
            "The certificate in Key Vault cannot be used.",
            "The operator must import an RSA certificate with its private key, marked as exportable and "
            "without a password.",
        )
    return {
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "public_certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }
