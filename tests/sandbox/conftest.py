"""A small world with a running Entra ID, and an application that people come back to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from aiohttp import web

from sandbox.person import Person
from sandbox.simulators.entra import entra_application
from sandbox.simulators.serving import serve
from sandbox.simulators.tokens import SigningKey, TokenAuthority
from sandbox.tls import CertificateAuthority
from sandbox.world.model import (
    CLOUD_APPLICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    Application,
    Tenant,
    User,
    World,
)

CLIENT_ID = "4f2a4f3e-9f6b-4a0e-8a55-6f0d3b0f7c11"
SECRET = "the application's secret"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"
APP_ROLES = {"User.Read.All", "GroupMember.Read.All"}


class WorldClock:
    """The real time, plus what a test has let pass."""

    def __init__(self) -> None:
        self.passed = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.passed


@dataclass
class Identity:
    """What a test of the simulated Entra ID needs; `calls` holds what each callback was told."""

    world: World
    clock: WorldClock
    tokens: TokenAuthority
    application: Application
    operator: Tenant
    contoso: Tenant
    fabrikam: Tenant
    guest: User
    authority: CertificateAuthority
    http: httpx.AsyncClient
    url: str = ""
    app_url: str = ""
    calls: list[dict[str, str]] = field(default_factory=list)

    @property
    def callback(self) -> str:
        return f"{self.app_url}/connect/callback"

    def person(self) -> Person:
        return Person(self.authority.client_context())

    def authorize_url(self, tenant: str = "organizations", **parameters: str) -> str:
        query = {
            "client_id": CLIENT_ID,
            "response_type": "code",
            "redirect_uri": self.callback,
            "scope": "openid profile offline_access",
            "state": "a state",
            **parameters,
        }
        return f"{self.url}/{tenant}/oauth2/v2.0/authorize?{urlencode(query)}"

    def admin_consent_url(self, tenant: str, **parameters: str) -> str:
        query = {
            "client_id": CLIENT_ID,
            "redirect_uri": self.callback,
            "scope": GRAPH_SCOPE,
            "state": "a state",
            **parameters,
        }
        return f"{self.url}/{tenant}/v2.0/adminconsent?{urlencode(query)}"

    async def sign_in(self, account: str, tenant: str = "organizations", **parameters: str) -> dict[str, str]:
        """Sign somebody in and return what the application was told."""
        async with self.person() as person:
            await person.connect(self.authorize_url(tenant, **parameters), account=account)
        return self.calls[-1]

    async def token(self, tenant: str, **form: str) -> httpx.Response:
        """Ask the token endpoint, as the application unless told otherwise, without empty fields."""
        fields = {"client_id": CLIENT_ID, "client_secret": SECRET, **form}
        return await self.http.post(
            f"{self.url}/{tenant}/oauth2/v2.0/token",
            data={name: value for name, value in fields.items() if value},
        )

    async def app_token(self, tenant: str, **form: str) -> httpx.Response:
        return await self.token(tenant, grant_type="client_credentials", **{"scope": GRAPH_SCOPE, **form})

    async def redeem(self, code: str, **form: str) -> httpx.Response:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.callback, **form}
        return await self.token("organizations", **fields)

    async def refresh(self, refresh_token: str, **form: str) -> httpx.Response:
        return await self.token(
            "organizations", grant_type="refresh_token", refresh_token=refresh_token, **form
        )

    async def control(self, order: str, /, **body: Any) -> httpx.Response:
        """Give an order on the control surface; it must be accepted."""
        response = await self.http.post(f"{self.url}/_control/{order}", json=body)
        assert response.is_success, response.text
        return response


@pytest.fixture(scope="session")
def certificate_authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority.create(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    """One key for all worlds: making one takes longer than most tests."""
    return SigningKey()


@pytest.fixture
async def identity(
    certificate_authority: CertificateAuthority, signing_key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Identity]:
    for name, value in certificate_authority.environment().items():
        monkeypatch.setenv(name, value)
    clock = WorldClock()
    world = World(clock)
    operator = _tenant(world, "0d5c1a7e-4f0a-4d0c-9d0e-1f6f4b1c2a01", "operator", "Operator")
    contoso = _tenant(world, "a3c8f6d2-1b7e-4c39-8f51-2d9e6b7a4c02", "contoso", "Contoso")
    fabrikam = _tenant(world, "c7e1b4a9-6d2f-4e85-b0a3-5f8c9d1e7b03", "fabrikam", "Fabrikam")
    _hire(contoso, "roles", "Robin Roles", PRIVILEGED_ROLE_ADMINISTRATOR)
    _hire(contoso, "apps", "Alex Apps", CLOUD_APPLICATION_ADMINISTRATOR)
    _hire(contoso, "member", "Morgan Member", mail="morgan@contoso.example")
    contoso.disable(_hire(contoso, "left", "Lee Left").id)
    guest = fabrikam.hire(
        userPrincipalName="member_contoso.example#EXT#@fabrikam.onmicrosoft.com",
        displayName="Morgan Member",
        userType="Guest",
        home_tenant_id=contoso.id,
        home_upn="member@contoso.example",
    )
    async with AsyncExitStack() as stack:
        tls = certificate_authority.client_context()
        identity = Identity(
            world,
            clock,
            TokenAuthority(world, key=signing_key),
            Application(CLIENT_ID, "Tenantry", operator.id, {SECRET}, set(), APP_ROLES, APP_ROLES),
            operator,
            contoso,
            fabrikam,
            guest,
            certificate_authority,
            await stack.enter_async_context(httpx.AsyncClient(verify=tls, trust_env=False)),
        )
        world.add_application(identity.application)
        identity.url = await stack.enter_async_context(
            serve(
                lambda url: entra_application(world, identity.tokens, url),
                ssl_context=certificate_authority.server_context(),
            )
        )
        identity.app_url = await stack.enter_async_context(
            serve(lambda _url: _callback_application(identity))
        )
        identity.application.redirect_uris.add(identity.callback)
        yield identity


def _tenant(world: World, tenant_id: str, name: str, display_name: str) -> Tenant:
    domains = [f"{name}.example", f"{name}.onmicrosoft.com"]
    tenant = world.add_tenant(Tenant(tenant_id, display_name, domains, datetime(2020, 1, 1, tzinfo=UTC)))
    _hire(tenant, "admin", "Avery Admin", GLOBAL_ADMINISTRATOR)
    return tenant


def _hire(tenant: Tenant, name: str, display_name: str, *roles: str, **properties: Any) -> User:
    upn = f"{name}@{tenant.domains[0]}"
    return tenant.hire(userPrincipalName=upn, displayName=display_name, directory_roles=roles, **properties)


def _callback_application(identity: Identity) -> web.Application:
    async def start(request: web.Request) -> web.Response:
        response = web.Response(status=302, headers={"Location": request.query["to"]})
        response.set_cookie("browser", "this one", httponly=True)
        return response

    async def callback(request: web.Request) -> web.Response:
        fields = {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}
        identity.calls.append(fields)
        return web.json_response({"fields": fields, "cookie": request.cookies.get("browser")})

    application = web.Application()
    application.router.add_get("/connect/start", start)
    application.router.add_get("/connect/callback", callback)
    application.router.add_post("/connect/callback", callback)
    return application
