"""Applications that prove who they are with a certificate instead of a secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity.aio import CertificateCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sandbox.simulators.tokens import GRAPH_AUDIENCE
from tests.sandbox.conftest import APP_ROLES, CLIENT_ID, GRAPH_SCOPE, Identity


@pytest.fixture
def consented(identity: Identity) -> Identity:
    """The same world, in which Contoso has consented to the application."""
    identity.contoso.grant_consent(CLIENT_ID, APP_ROLES)
    return identity


class Certificate:
    """A self-signed certificate, with its key in one PEM file."""

    def __init__(self, path: Path) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tenantry")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.key = key
        self.public = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.path = path
        path.write_bytes(private + self.public.encode())

    def assertion(self, audience: str, **changes: Any) -> str:
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": audience, "exp": now + 300, "nbf": now}
        return jwt.encode(claims | changes, self.key, algorithm="RS256")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("certificate") / "tenantry.pem")


async def test_a_registered_certificate_replaces_the_secret(
    consented: Identity, certificate: Certificate
) -> None:
    """azure-identity signs an assertion with its certificate, which counts once it is registered."""
    async with CertificateCredential(
        consented.contoso.id,
        CLIENT_ID,
        certificate_path=str(certificate.path),
        authority=consented.url,
        connection_verify=str(consented.authority.bundle_path),
    ) as credential:
        with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
            await credential.get_token(GRAPH_SCOPE)
        await consented.control("certificates", client_id=CLIENT_ID, certificate=certificate.public)
        token = await credential.get_token(GRAPH_SCOPE)
    claims = consented.tokens.verify_access_token(token.token, GRAPH_AUDIENCE)
    assert claims["appid"] == CLIENT_ID


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ({}, True),
        ({"aud": "https://elsewhere.example/"}, False),
        ({"iss": "somebody else"}, False),
        ({"exp": 1}, False),
    ],
)
async def test_an_assertion_is_checked(
    consented: Identity, certificate: Certificate, changes: dict[str, Any], accepted: bool
) -> None:
    """Audience, issuer and time of a signed assertion must be right."""
    await consented.control("certificates", client_id=CLIENT_ID, certificate=certificate.public)
    audience = f"{consented.url}/{consented.contoso.id}/oauth2/v2.0/token"
    response = await consented.app_token(
        consented.contoso.id,
        client_secret="",
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion=certificate.assertion(audience, **changes),
    )
    assert (response.status_code == 200) is accepted
    if not accepted:
        body = response.json()
        assert (response.status_code, body["error"]) == (401, "invalid_client")
        assert body["error_codes"] == [700027]
