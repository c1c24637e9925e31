"""The sandbox's throw-away certificate authority.

MSAL, azure-identity and the Key Vault client accept nothing but https, so every simulator that they talk to
has a certificate from an authority that exists on this machine only. `OpenSSL` and `requests` find it through
SSL_CERT_FILE and REQUESTS_CA_BUNDLE, which replace their usual roots: `ca-bundle.pem` therefore holds those
too.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import certifi
import trustme

LOOPBACK_NAMES = ("127.0.0.1", "::1", "localhost")


class CertificateAuthority:
    """An authority whose files live in one directory.

    `ca.pem` is its certificate, `ca-bundle.pem` that certificate followed by the public roots that certifi
    ships, `ca-key.pem` the private key, readable by its owner only.
    """

    def __init__(self, directory: Path, authority: trustme.CA) -> None:
        self._authority = authority
        self.certificate_path = directory / "ca.pem"
        self.bundle_path = directory / "ca-bundle.pem"
        own = authority.cert_pem.bytes()
        self.certificate_path.write_bytes(own)
        self.bundle_path.write_bytes(own + Path(certifi.where()).read_bytes())

    @classmethod
    def create(cls, directory: Path) -> CertificateAuthority:
        """Make a new authority and write its files, over those of an earlier one."""
        directory.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA(organization_name="Tenantry sandbox")
        _write_private(directory / "ca-key.pem", authority.private_key_pem.bytes())
        return cls(directory, authority)

    @classmethod
    def load_or_create(cls, directory: Path) -> CertificateAuthority:
        """Use the authority that the directory holds, or make one."""
        certificate, key = directory / "ca.pem", directory / "ca-key.pem"
        if not (certificate.is_file() and key.is_file()):
            return cls.create(directory)
        return cls(directory, trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes()))

    def server_context(self) -> ssl.SSLContext:
        """Return a context with a fresh certificate for 127.0.0.1, ::1 and localhost."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(*LOOPBACK_NAMES).configure_cert(context)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Return a context that trusts this authority and no other."""
        return ssl.create_default_context(cafile=str(self.certificate_path))

    def environment(self) -> dict[str, str]:
        """Return the variables by which a new process trusts this authority next to the public roots."""
        return {"SSL_CERT_FILE": str(self.bundle_path), "REQUESTS_CA_BUNDLE": str(self.bundle_path)}


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
