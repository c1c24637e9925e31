"""How the app proves who it is: a secret, a certificate, or the managed identity's assertion."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from azure.identity import CredentialUnavailableError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from cryptography.x509.oid import NameOID

from shared.adapters.entra.applications import Applications
from shared.adapters.entra.credential import ServiceCredential
from shared.core.errors import OperatorError, RetryLater
from tests.fakes import FakeSecrets
from tests.fakes.logged import logged_events
from tests.integration.microsoft import CLIENT_ID, CLIENT_SECRET, CLIENT_SECRET_NAME, Microsoft
from tests.integration.tenant import GRAPH_SCOPE, open_credential

CERTIFICATE_NAME = "entra-certificate"
IDENTITY_ID = "7d1e2f3a-0000-4000-8000-000000000001"


class Certificate:
    """A certificate with its key, in the forms in which Key Vault hands it out."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenantry")])
        now = datetime.now(UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .sign(self.key, hashes.SHA256())
        )
        self.public = self.certificate.public_bytes(Encoding.PEM).decode()
        self.private = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def pkcs12(self, *, with_key: bool = True) -> str:
        key = self.key if with_key else None
        packed = pkcs12.serialize_key_and_certificates(
            b"tenantry", key, self.certificate, None, NoEncryption()
        )
        return base64.b64encode(packed).decode()


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return Certificate()


@contextmanager
def proving(
    microsoft: Microsoft, kept: dict[str, str], assertion: Callable[[], str] = str, **settings: str
) -> Iterator[Applications]:
    """MSAL with a credential of the settings' choice and these values in the vault."""
    secrets = FakeSecrets()
    secrets.values = kept
    chosen = microsoft.settings(**{"ENTRA_CLIENT_SECRET_NAME": "", **settings})
    applications = Applications(chosen, ServiceCredential(chosen, secrets, assertion))
    yield applications
    applications.close()


async def token(microsoft: Microsoft, applications: Applications) -> str:
    microsoft.consent()
    return (await open_credential(microsoft, applications).get_token(GRAPH_SCOPE)).token


@pytest.mark.parametrize("form", ["key first", "certificate first", "pkcs12"])
async def test_a_registered_certificate_gets_tokens(
    microsoft: Microsoft, certificate: Certificate, form: str
) -> None:
    """In each form in which Key Vault keeps one; and not before it is registered."""
    value = {
        "key first": certificate.private + certificate.public,
        "certificate first": certificate.public + certificate.private,
        "pkcs12": certificate.pkcs12(),
    }[form]
    with proving(
        microsoft, {CERTIFICATE_NAME: value}, ENTRA_CLIENT_CERTIFICATE_NAME=CERTIFICATE_NAME
    ) as applications:
        with pytest.raises(OperatorError) as refused, logged_events() as logged:
            await token(microsoft, applications)
        assert refused.value.code == "credential_refused"
        assert logged.one("credential.refused") == {"code": "credential_refused", "level": "ERROR"}
        await microsoft.control(
            microsoft.entra_url, "certificates", client_id=CLIENT_ID, certificate=certificate.public
        )
        assert await token(microsoft, applications)


@pytest.mark.parametrize("form", ["public only", "pkcs12 without key", "nonsense", "cut off", "empty"])
async def test_a_certificate_that_cannot_be_used_is_for_the_operator(
    microsoft: Microsoft, certificate: Certificate, form: str
) -> None:
    """The text says what to do about it and holds nothing of the value."""
    value = {
        "public only": certificate.public,
        "pkcs12 without key": certificate.pkcs12(with_key=False),
        "nonsense": "bm8gY2VydGlmaWNhdGU=",
        "cut off": (certificate.private + certificate.public)[:-200],
        "empty": " ",
    }[form]
    with (
        proving(
            microsoft, {CERTIFICATE_NAME: value}, ENTRA_CLIENT_CERTIFICATE_NAME=CERTIFICATE_NAME
        ) as applications,
        pytest.raises(OperatorError) as unusable,
    ):
        await token(microsoft, applications)
    assert unusable.value.code == "credential_unusable"
    assert value[:40] not in f"{unusable.value}{unusable.value.detail}" or not value.strip()


async def test_a_credential_that_is_not_in_the_vault_is_for_the_operator(microsoft: Microsoft) -> None:
    """The text names the secret that is looked for."""
    with (
        proving(microsoft, {}, ENTRA_CLIENT_SECRET_NAME=CLIENT_SECRET_NAME) as applications,
        pytest.raises(OperatorError) as missing,
        logged_events() as logged,
    ):
        await token(microsoft, applications)
    assert missing.value.code == "credential_missing"
    assert logged.one("credential.refused") == {"code": "credential_missing", "level": "ERROR"}
    assert CLIENT_SECRET_NAME in missing.value.detail


async def test_a_secret_is_read_once_in_a_while(microsoft: Microsoft) -> None:
    """Many tokens, one look into the vault; a renewed secret is noticed although the old one still works."""
    kept = {CLIENT_SECRET_NAME: CLIENT_SECRET}
    settings = microsoft.settings()
    secrets = FakeSecrets()
    secrets.values = kept
    credential = ServiceCredential(settings, secrets, str)
    assert await credential.get() == CLIENT_SECRET
    kept[CLIENT_SECRET_NAME] = "renewed"
    assert await credential.get() == CLIENT_SECRET
    credential._kept_until = 0.0
    assert await credential.get() == "renewed"


async def test_a_rotated_secret_fails_nobody(microsoft: Microsoft) -> None:
    """The old one is refused, the vault has the new one, and the same request goes through with it."""
    kept = {CLIENT_SECRET_NAME: CLIENT_SECRET}
    with proving(microsoft, kept, ENTRA_CLIENT_SECRET_NAME=CLIENT_SECRET_NAME) as applications:
        assert await token(microsoft, applications)
        await microsoft.control(
            microsoft.entra_url, "secrets", client_id=CLIENT_ID, add=["rotated"], remove=[CLIENT_SECRET]
        )
        with pytest.raises(OperatorError):
            await token(microsoft, applications)
        kept[CLIENT_SECRET_NAME] = "rotated"
        with logged_events() as logged:
            assert await token(microsoft, applications)
        assert logged.named("credential.refused") == []


async def test_the_managed_identitys_assertion_is_asked_for_each_time(
    microsoft: Microsoft, certificate: Certificate
) -> None:
    """It lives for minutes only; what is sent is a fresh one, and there is nothing to keep."""
    await microsoft.control(
        microsoft.entra_url, "certificates", client_id=CLIENT_ID, certificate=certificate.public
    )
    made: list[str] = []

    def assertion() -> str:
        now = datetime.now(UTC)
        audience = f"{microsoft.entra_url}/{microsoft.customer.id}/oauth2/v2.0/token"
        claims = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": audience, "nbf": now}
        made.append(jwt.encode({**claims, "exp": now + timedelta(minutes=5)}, certificate.key, "RS256"))
        return made[-1]

    with proving(microsoft, {}, assertion, ENTRA_MANAGED_IDENTITY_CLIENT_ID=IDENTITY_ID) as applications:
        assert await token(microsoft, applications)
        assert await token(microsoft, applications)
    assert len(made) == 2


async def test_a_managed_identity_without_a_token_is_asked_again_later(microsoft: Microsoft) -> None:
    """The identity's endpoint is as mortal as any other."""

    def assertion() -> str:
        raise CredentialUnavailableError(message="no answer from the identity endpoint")

    with (
        proving(microsoft, {}, assertion, ENTRA_MANAGED_IDENTITY_CLIENT_ID=IDENTITY_ID) as applications,
        pytest.raises(RetryLater),
    ):
        await token(microsoft, applications)


async def test_an_assertion_that_entra_does_not_trust_is_for_the_operator(microsoft: Microsoft) -> None:
    """The federation between registration and identity is wrong."""
    with (
        proving(microsoft, {}, lambda: "a.b.c", ENTRA_MANAGED_IDENTITY_CLIENT_ID=IDENTITY_ID) as applications,
        pytest.raises(OperatorError) as refused,
    ):
        await token(microsoft, applications)
    assert refused.value.code == "credential_refused"
