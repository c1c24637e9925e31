"""The throw-away certificate authority: whom it convinces, and that its key stays private."""

from __future__ import annotations

import os
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import certifi
import httpx
import pytest
from aiohttp import web

from sandbox.simulators.serving import serve
from sandbox.tls import CertificateAuthority


def application(_url: str) -> web.Application:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    application = web.Application()
    application.router.add_get("/", hello)
    return application


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_client_that_trusts_the_authority_reaches_the_server(
    certificate_authority: CertificateAuthority, host: str
) -> None:
    """The server's certificate is good for the loopback address and its name."""
    async with (
        serve(application, ssl_context=certificate_authority.server_context()) as url,
        httpx.AsyncClient(verify=certificate_authority.client_context(), trust_env=False) as client,
    ):
        assert (await client.get(url.replace("127.0.0.1", host))).text == "hello"


async def test_other_clients_refuse_the_server(
    certificate_authority: CertificateAuthority, tmp_path: Path
) -> None:
    """Neither the public roots nor another sandbox's authority vouch for the certificate."""
    other = CertificateAuthority.create(tmp_path).client_context()
    async with serve(application, ssl_context=certificate_authority.server_context()) as url:
        for context in (other, ssl.create_default_context(cafile=certifi.where())):
            async with httpx.AsyncClient(verify=context, trust_env=False) as client:
                with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                    await client.get(url)


def test_the_environment_makes_a_new_process_trust_both_kinds_of_roots(
    certificate_authority: CertificateAuthority,
) -> None:
    """SSL_CERT_FILE replaces the default roots, so the bundle brings the public ones along."""
    script = (
        "import ssl; context = ssl.create_default_context();"
        "print(sorted({dict(rdn[0] for rdn in c['subject']).get('organizationName', '') for c in "
        "context.get_ca_certs()}))"
    )
    environment = {**os.environ, **certificate_authority.environment()}
    trusted = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert "Tenantry sandbox" in trusted
    assert "Internet Security Research Group" in trusted


def test_the_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """Nobody else on the machine can sign with the authority."""
    CertificateAuthority.create(tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new" / "ca-key.pem").stat().st_mode) == 0o600


def test_an_authority_is_kept_until_a_new_one_is_made(tmp_path: Path) -> None:
    """Loading again gives the same authority; creating replaces it."""
    first = CertificateAuthority.load_or_create(tmp_path).certificate_path.read_bytes()
    assert CertificateAuthority.load_or_create(tmp_path).certificate_path.read_bytes() == first
    assert CertificateAuthority.create(tmp_path).certificate_path.read_bytes() != first


async def test_a_loaded_authority_signs_for_those_who_trust_the_first(tmp_path: Path) -> None:
    """A restarted sandbox is trusted by a process that is still running."""
    client_context = CertificateAuthority.create(tmp_path).client_context()
    server_context = CertificateAuthority.load_or_create(tmp_path).server_context()
    async with (
        serve(application, ssl_context=server_context) as url,
        httpx.AsyncClient(verify=client_context, trust_env=False) as client,
    ):
        assert (await client.get(url)).status_code == 200
