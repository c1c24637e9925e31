"""The control surface of the simulated Entra ID, under `/_control/`: JSON, for tests and for the demo."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from aiohttp import web

from sandbox.simulators.entra.accounts import example_accounts, find_tenant
from sandbox.simulators.entra.errors import EntraError
from sandbox.simulators.entra.state import EntraState
from sandbox.simulators.tokens import Forgery, Signing
from sandbox.world.model import Application, Tenant

STATE: web.AppKey[EntraState] = web.AppKey("entra_state", EntraState)
Command = TypeVar("Command", bound=msgspec.Struct)


class Consent(msgspec.Struct, forbid_unknown_fields=True):
    """An application in a tenant; permissions left out are those that the registration requires."""

    tenant_id: str
    client_id: str
    app_roles: list[str] | None = None
    scopes: list[str] | None = None


class PermissionChange(msgspec.Struct, forbid_unknown_fields=True):
    """Application and delegated permissions to add and to take away, by name."""

    tenant_id: str
    client_id: str
    add: list[str] = []
    remove: list[str] = []


class Revocation(msgspec.Struct, forbid_unknown_fields=True):
    """Whose refresh tokens to revoke: all of a tenant, or one client's or user's of it."""

    tenant_id: str
    client_id: str | None = None
    user_id: str | None = None


class ReplicationDelay(msgspec.Struct, forbid_unknown_fields=True):
    """How long new consents stay invisible to client credentials."""

    seconds: float = 0.0
    failures: int = 0


class KeyRotation(msgspec.Struct, forbid_unknown_fields=True):
    """Whether tokens signed with the previous keys stay good."""

    keep_previous: bool = True


class NextIdToken(msgspec.Struct, forbid_unknown_fields=True):
    """What the next id_token must falsify, once; see Forgery."""

    claims: dict[str, Any] = {}
    remove: list[str] = []
    signing: Signing = "own"


class SecretChange(msgspec.Struct, forbid_unknown_fields=True):
    """Client secrets to add to an application and to take from it."""

    client_id: str
    add: list[str] = []
    remove: list[str] = []


class CertificateRegistration(msgspec.Struct, forbid_unknown_fields=True):
    """A certificate, in PEM, whose key may sign the application's assertions."""

    client_id: str
    certificate: str


async def _show_tenants(request: web.Request) -> web.Response:
    return web.json_response(
        {"tenants": [_describe(each) for each in request.app[STATE].world.tenants.values()]}
    )


async def _grant_consent(request: web.Request) -> web.Response:
    command, state = await _read(request, Consent), request.app[STATE]
    tenant, application = _tenant(state, command.tenant_id), _application(state, command.client_id)
    app_roles = application.required_app_roles if command.app_roles is None else set(command.app_roles)
    scopes = application.required_scopes if command.scopes is None else set(command.scopes)
    state.record_admin_consent(tenant, application, app_roles, scopes)
    return web.json_response(_describe(tenant))


async def _withdraw_consent(request: web.Request) -> web.Response:
    command, state = await _read(request, Consent), request.app[STATE]
    tenant, application = _tenant(state, command.tenant_id), _application(state, command.client_id)
    tenant.withdraw_consent(application.client_id)
    state.revoke_refresh_tokens(tenant.id, client_id=application.client_id)
    return web.json_response(_describe(tenant))


async def _change_permissions(request: web.Request) -> web.Response:
    command, state = await _read(request, PermissionChange), request.app[STATE]
    tenant = _tenant(state, command.tenant_id)
    principal = tenant.service_principals.get(_application(state, command.client_id).client_id)
    if principal is None:
        raise web.HTTPNotFound(text="the application has no service principal in the tenant")
    principal.app_roles |= set(command.add)
    principal.app_roles -= set(command.remove)
    principal.scopes -= set(command.remove)
    return web.json_response(_describe(tenant))


async def _revoke_refresh_tokens(request: web.Request) -> web.Response:
    command, state = await _read(request, Revocation), request.app[STATE]
    tenant = _tenant(state, command.tenant_id)
    revoked = state.revoke_refresh_tokens(tenant.id, client_id=command.client_id, user_id=command.user_id)
    return web.json_response({"revoked": revoked})


async def _delay_replication(request: web.Request) -> web.Response:
    command, replication = await _read(request, ReplicationDelay), request.app[STATE].replication
    replication.seconds, replication.failures = command.seconds, command.failures
    return web.json_response(msgspec.to_builtins(command))


async def _rotate_key(request: web.Request) -> web.Response:
    command = await _read(request, KeyRotation)
    return web.json_response(
        {"kid": request.app[STATE].tokens.rotate_key(keep_previous=command.keep_previous)}
    )


async def _falsify_next_id_token(request: web.Request) -> web.Response:
    command = await _read(request, NextIdToken)
    request.app[STATE].next_id_token = Forgery(command.claims, frozenset(command.remove), command.signing)
    return web.json_response(msgspec.to_builtins(command))


async def _change_secrets(request: web.Request) -> web.Response:
    command = await _read(request, SecretChange)
    application = _application(request.app[STATE], command.client_id)
    application.secrets |= set(command.add)
    application.secrets -= set(command.remove)
    return web.json_response({"client_id": application.client_id, "secrets": len(application.secrets)})


async def _register_certificate(request: web.Request) -> web.Response:
    command, state = await _read(request, CertificateRegistration), request.app[STATE]
    client_id = _application(state, command.client_id).client_id
    state.certificates.setdefault(client_id, []).append(command.certificate)
    return web.json_response({"client_id": client_id, "certificates": len(state.certificates[client_id])})


def add_control_routes(application: web.Application) -> None:
    """Add the control surface; the application must hold its state under STATE."""
    router = application.router
    router.add_get("/_control/tenants", _show_tenants)
    router.add_post("/_control/consent/grant", _grant_consent)
    router.add_post("/_control/consent/withdraw", _withdraw_consent)
    router.add_post("/_control/permissions", _change_permissions)
    router.add_post("/_control/refresh-tokens/revoke", _revoke_refresh_tokens)
    router.add_post("/_control/replication", _delay_replication)
    router.add_post("/_control/keys/rotate", _rotate_key)
    router.add_post("/_control/next-id-token", _falsify_next_id_token)
    router.add_post("/_control/secrets", _change_secrets)
    router.add_post("/_control/certificates", _register_certificate)


def _describe(tenant: Tenant) -> dict[str, Any]:
    accounts = example_accounts(tenant)
    by_kind = {kind: user.user_principal_name for kind, user in reversed(accounts)}
    return {
        "id": tenant.id,
        "name": tenant.display_name,
        "domain": tenant.domains[0],
        "deleted": tenant.deleted,
        "admin": by_kind.get("administrator"),
        "member": by_kind.get("member"),
        "guest": by_kind.get("guest"),
        "consents": [
            {
                "client_id": principal.client_id,
                "app_roles": sorted(principal.app_roles),
                "scopes": sorted(principal.scopes),
                "enabled": principal.enabled,
            }
            for principal in tenant.service_principals.values()
        ],
    }


async def _read(request: web.Request, command: type[Command]) -> Command:
    try:
        return msgspec.json.decode(await request.read() or b"{}", type=command)
    except msgspec.ValidationError as error:
        raise web.HTTPBadRequest(text=str(error)) from error


def _tenant(state: EntraState, tenant_id: str) -> Tenant:
    try:
        return find_tenant(state.world, tenant_id)
    except EntraError as error:
        raise web.HTTPNotFound(text=error.text) from error


def _application(state: EntraState, client_id: str) -> Application:
    if application := state.world.applications.get(client_id.lower()):
        return application
    raise web.HTTPNotFound(text=f"no application {client_id}")
