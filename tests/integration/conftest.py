"""The adapters' other sides: Azurite, and Microsoft's services as the sandbox simulates them."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator

import aiohttp
import httpx
import pytest
from azure.core.pipeline.transport import AioHttpTransport
from azure.identity.aio import DefaultAzureCredential
from azure.keyvault.secrets.aio import SecretClient
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient

from sandbox.simulators.tokens import SigningKey
from sandbox.tls import CertificateAuthority
from shared.adapters.entra.applications import Applications
from shared.adapters.entra.credential import ServiceCredential
from shared.adapters.key_vault import KeyVaultSecrets
from tests.contract.contracts.values import unique
from tests.fakes import FakeSecrets
from tests.integration.microsoft import CLIENT_SECRET, CLIENT_SECRET_NAME, Microsoft, serve_microsoft
from tests.integration.storage import OwnTables


@pytest.fixture(scope="session")
def certificate_authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority.create(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def server_tls(certificate_authority: CertificateAuthority) -> ssl.SSLContext:
    return certificate_authority.server_context()


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    """One key for all worlds: making one takes longer than most tests."""
    return SigningKey()


@pytest.fixture
def client_tls(
    certificate_authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext:
    """Trust in the sandbox's authority, for this test and for libraries that look into the environment."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(certificate_authority.certificate_path))
    return certificate_authority.client_context()


@pytest.fixture
async def session(client_tls: ssl.SSLContext) -> AsyncIterator[aiohttp.ClientSession]:
    """The one session that all Azure clients of a test share, as in the app."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=client_tls),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    ) as session:
        yield session


@pytest.fixture
def transport(session: aiohttp.ClientSession) -> AioHttpTransport:
    return AioHttpTransport(session=session, session_owner=False)


@pytest.fixture
async def tables(azurite_connection_string: str, transport: AioHttpTransport) -> AsyncIterator[OwnTables]:
    async with OwnTables.from_connection_string(azurite_connection_string, transport=transport) as tables:
        assert isinstance(tables, OwnTables)
        tables.prefix = f"t{unique()}"
        yield tables
        await tables.drop()


@pytest.fixture
async def queue_client(
    azurite_connection_string: str, transport: AioHttpTransport
) -> AsyncIterator[QueueClient]:
    """A queue that does not exist yet."""
    async with QueueClient.from_connection_string(
        azurite_connection_string,
        f"q-{unique()}",
        message_encode_policy=TextBase64EncodePolicy(),
        transport=transport,
    ) as client:
        yield client


@pytest.fixture
async def microsoft(
    certificate_authority: CertificateAuthority,
    server_tls: ssl.SSLContext,
    client_tls: ssl.SSLContext,
    signing_key: SigningKey,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Microsoft]:
    """Microsoft's services, and in the environment the identity that the app has for its vault."""
    async with serve_microsoft(server_tls, client_tls, signing_key) as microsoft:
        for name, value in microsoft.identity_environment().items():
            monkeypatch.setenv(name, value)
        yield microsoft


@pytest.fixture
async def identity(
    microsoft: Microsoft, transport: AioHttpTransport
) -> AsyncIterator[DefaultAzureCredential]:
    """The app's own identity, found in the environment."""
    async with DefaultAzureCredential(transport=transport) as identity:
        yield identity


@pytest.fixture
async def vault(
    microsoft: Microsoft, identity: DefaultAzureCredential, transport: AioHttpTransport
) -> AsyncIterator[KeyVaultSecrets]:
    """The vault; the client waits for nothing between its attempts."""
    async with SecretClient(
        microsoft.vault_url, identity, transport=transport, retry_backoff_factor=0
    ) as client:
        yield KeyVaultSecrets(client)


@pytest.fixture
def own_secrets() -> FakeSecrets:
    """Where the registration's secret is kept, without a vault in the way."""
    secrets = FakeSecrets()
    secrets.values[CLIENT_SECRET_NAME] = CLIENT_SECRET
    return secrets


@pytest.fixture
def applications(microsoft: Microsoft, own_secrets: FakeSecrets) -> Iterator[Applications]:
    """MSAL with the registration's secret."""
    settings = microsoft.settings()
    applications = Applications(settings, ServiceCredential(settings, own_secrets, str))
    yield applications
    applications.close()


@pytest.fixture
async def graph_http(client_tls: ssl.SSLContext) -> AsyncIterator[httpx.AsyncClient]:
    """What Graph is read through, as in the app."""
    async with httpx.AsyncClient(verify=client_tls, trust_env=False, follow_redirects=False) as http:
        yield http
