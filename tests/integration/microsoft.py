"""Microsoft's services for one test: a simulated Entra ID, Graph and Key Vault, and a customer's tenant."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
from aiohttp import web

from sandbox.person import Person
from sandbox.simulators.entra import entra_application
from sandbox.simulators.entra.control import STATE as ENTRA_STATE
from sandbox.simulators.entra.state import EntraState
from sandbox.simulators.faults import Fault, FaultPlan
from sandbox.simulators.graph import graph_application
from sandbox.simulators.graph.application import STATE as GRAPH_STATE
from sandbox.simulators.graph.state import GraphState
from sandbox.simulators.key_vault import SecretStore, key_vault_application
from sandbox.simulators.serving import serve
from sandbox.simulators.tokens import SigningKey, TokenAuthority
from sandbox.world.model import GLOBAL_ADMINISTRATOR, Application, Tenant, World
from shared.settings import Settings

CLIENT_ID = "4f2a4f3e-9f6b-4a0e-8a55-6f0d3b0f7c11"
CLIENT_SECRET = "the registration's own secret"
CLIENT_SECRET_NAME = "entra-client-secret"
HOSTING_CLIENT_ID = "0b54f2a1-3f0c-4b83-9a43-6a1f7f1d5e22"
HOSTING_SECRET = "the hosting identity's secret"
OPERATOR_ID = "0d5c1a7e-4f0a-4d0c-9d0e-1f6f4b1c2a01"
CUSTOMER_ID = "a3c8f6d2-1b7e-4c39-8f51-2d9e6b7a4c02"
ADMIN = "admin@contoso.example"
PERMISSIONS = {"User.Read.All", "GroupMember.Read.All", "Organization.Read.All"}
ENRICHMENT_PERMISSIONS = {
    "AuditLog.Read.All",
    "MailboxSettings.Read",
    "Reports.Read.All",
    "SecurityEvents.Read.All",
}


class MovedClock:
    """The real time, plus what a test has let pass; of the world as of the app."""

    def __init__(self) -> None:
        self.passed = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.passed

    def monotonic(self) -> float:
        return self.now().timestamp()


@dataclass
class Microsoft:
    """Everything at once, because consent, tokens and reads hang together."""

    world: World
    clock: MovedClock
    tokens: TokenAuthority
    operator: Tenant
    customer: Tenant
    registration: Application
    secrets: SecretStore
    http: httpx.AsyncClient
    tls: ssl.SSLContext
    entra_url: str = ""
    graph_url: str = ""
    vault_url: str = ""
    app_url: str = ""
    entra_faults: FaultPlan = field(default_factory=FaultPlan)
    vault_faults: FaultPlan = field(default_factory=FaultPlan)
    callbacks: list[dict[str, str]] = field(default_factory=list)
    _applications: dict[str, web.Application] = field(default_factory=dict)

    @property
    def entra(self) -> EntraState:
        return self._applications["entra"][ENTRA_STATE]

    @property
    def graph(self) -> GraphState:
        return self._applications["graph"][GRAPH_STATE]

    def add_tenant(self, tenant_id: str, name: str) -> Tenant:
        """A tenant with an administrator; nobody has consented to anything."""
        domains = [f"{name}.example", f"{name}.onmicrosoft.com"]
        created = datetime(2020, 1, 1, tzinfo=UTC)
        tenant = self.world.add_tenant(Tenant(tenant_id, name.title(), domains, created))
        tenant.hire(
            userPrincipalName=f"admin@{domains[0]}",
            displayName="Avery Admin",
            directory_roles=[GLOBAL_ADMINISTRATOR],
        )
        return tenant

    def consent(self, tenant: Tenant | None = None) -> None:
        """An administrator of the tenant has approved everything that the app asks for."""
        (tenant or self.customer).grant_consent(CLIENT_ID, PERMISSIONS, PERMISSIONS)

    def consent_to_enrichments(self, tenant: Tenant | None = None) -> None:
        """An administrator has approved what enrichments need too, and the tenant has paid for them."""
        tenant = tenant or self.customer
        granted = PERMISSIONS | ENRICHMENT_PERMISSIONS
        tenant.grant_consent(CLIENT_ID, granted, granted)
        tenant.insights.set_premium(True)

    def settings(self, **changes: str) -> Settings:
        """The app's settings, with `changes` by the settings' environment names; empty removes one."""
        environment = {
            "PUBLIC_URL": self.app_url,
            "KEY_VAULT_URL": self.vault_url,
            "ENTRA_AUTHORITY": self.entra_url,
            "ENTRA_CLIENT_ID": CLIENT_ID,
            "ENTRA_CLIENT_SECRET_NAME": CLIENT_SECRET_NAME,
            "GRAPH_URL": self.graph_url,
            "SYNC_SPREAD_SECONDS": "0",
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        }
        return Settings.from_environment(environment | changes)

    def identity_environment(self) -> dict[str, str]:
        """Where azure-identity finds the identity that the app has in Azure."""
        return {
            "AZURE_AUTHORITY_HOST": self.entra_url,
            "AZURE_TENANT_ID": OPERATOR_ID,
            "AZURE_CLIENT_ID": HOSTING_CLIENT_ID,
            "AZURE_CLIENT_SECRET": HOSTING_SECRET,
        }

    async def visit(self, url: str, account: str = ADMIN) -> dict[str, str]:
        """Open one of Microsoft's pages as somebody, say yes to all of it, and return what came back."""
        async with Person(self.tls) as person:
            await person.connect(url, account=account)
        return self.callbacks[-1]

    async def requests(self, url: str) -> dict[str, int]:
        """How often the simulator at `url` was asked, by method and route."""
        answer = (await self.http.get(f"{url}/_control/requests")).json()
        found: dict[str, int] = answer["by_route"]
        return found

    async def token_requests(self) -> int:
        """How many tokens were asked for."""
        return (await self.requests(self.entra_url)).get("POST /{tenant}/oauth2/v2.0/token", 0)

    async def control(self, url: str, order: str, **body: Any) -> None:
        """Give an order on a simulator's control surface; it must be accepted."""
        answer = await self.http.post(f"{url}/_control/{order}", json=body)
        assert answer.is_success, answer.text

    def graph_fails(self, **fault: Any) -> None:
        """Make Graph misbehave; see Fault."""
        self.graph.faults.add(Fault(**fault))


@asynccontextmanager
async def serve_microsoft(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, key: SigningKey
) -> AsyncIterator[Microsoft]:
    """Serve all of it, each on a port of its own."""
    clock = MovedClock()
    world = World(clock.now)
    tokens = TokenAuthority(world, key=key)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(verify=client_tls, trust_env=False))
        registration = Application(CLIENT_ID, "Tenantry", OPERATOR_ID, {CLIENT_SECRET}, set(), PERMISSIONS)
        registration.required_scopes = set(PERMISSIONS)
        placeholder = Tenant("", "", [], clock.now())
        microsoft = Microsoft(
            world,
            clock,
            tokens,
            placeholder,
            placeholder,
            registration,
            SecretStore(clock.now),
            http,
            client_tls,
        )
        microsoft.operator = microsoft.add_tenant(OPERATOR_ID, "operator")
        microsoft.customer = microsoft.add_tenant(CUSTOMER_ID, "contoso")
        world.add_application(registration)
        world.add_application(
            Application(HOSTING_CLIENT_ID, "Tenantry's own identity", OPERATOR_ID, {HOSTING_SECRET})
        )
        microsoft.operator.grant_consent(HOSTING_CLIENT_ID)
        microsoft.secrets.set(CLIENT_SECRET_NAME, CLIENT_SECRET)
        made = microsoft._applications

        def entra(url: str) -> web.Application:
            made["entra"] = entra_application(world, tokens, url, faults=microsoft.entra_faults)
            return made["entra"]

        def graph(url: str) -> web.Application:
            made["graph"] = graph_application(world, tokens, url)
            return made["graph"]

        def vault(url: str) -> web.Application:
            return key_vault_application(
                tokens, url, tenant_id=OPERATOR_ID, store=microsoft.secrets, faults=microsoft.vault_faults
            )

        serve_https = partial(serve, ssl_context=server_tls)
        microsoft.entra_url = await stack.enter_async_context(serve_https(entra))
        microsoft.graph_url = await stack.enter_async_context(serve_https(graph))
        microsoft.vault_url = await stack.enter_async_context(serve_https(vault))
        microsoft.app_url = await stack.enter_async_context(serve(lambda _: _app(microsoft)))
        registration.redirect_uris.add(f"{microsoft.app_url}/connect/callback")
        yield microsoft


def _app(microsoft: Microsoft) -> web.Application:
    async def callback(request: web.Request) -> web.Response:
        microsoft.callbacks.append(dict(request.query))
        return web.Response(text="received")

    application = web.Application()
    application.router.add_get("/connect/callback", callback)
    return application
