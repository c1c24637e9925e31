"""The simulated Azure Key Vault as an aiohttp application: its addresses, its challenge, its errors.

Follows "Authentication, requests and responses"
(learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses) and "Key Vault REST API
reference: Secrets" (learn.microsoft.com/rest/api/keyvault/secrets/operation-groups). Every api-version is
accepted.

The client library trusts a challenge only if the vault's host ends with "." and the host of the resource that
the challenge names. A vault at 127.0.0.1 therefore calls its resource `https://0.0.1:<port>`: nobody ever
connects to that name.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.simulators.faults import CONTROL_PREFIX, FaultPlan, add_fault_routes, fault_middleware
from sandbox.simulators.key_vault.bundles import Bundle, Bundles, SecretBody
from sandbox.simulators.key_vault.store import Attributes, SecretStore, VaultError
from sandbox.simulators.request_log import RequestLog, add_request_log_routes, request_log_middleware
from sandbox.simulators.tokens import InvalidToken, TokenAuthority

PAGE_SIZE = 25
Entry = TypeVar("Entry")


def key_vault_application(
    tokens: TokenAuthority,
    base_url: str,
    *,
    tenant_id: str,
    store: SecretStore | None = None,
    faults: FaultPlan | None = None,
) -> web.Application:
    """Build the vault that answers at `base_url` and accepts the tokens of one tenant only."""
    vault = Vault(tokens, base_url, tenant_id, store or SecretStore(tokens.world.now))
    plan, log = faults or FaultPlan(), RequestLog()
    application = web.Application(
        middlewares=[request_log_middleware(log), fault_middleware(plan), vault.guard]
    )
    router = application.router
    router.add_get("/secrets", vault.list_secrets)
    router.add_put("/secrets/{name}", vault.set_secret)
    router.add_delete("/secrets/{name}", vault.delete_secret)
    router.add_get("/secrets/{name}/versions", vault.list_versions)
    for path in ("/secrets/{name}", "/secrets/{name}/{version:[0-9a-zA-Z]*}"):
        router.add_get(path, vault.get_secret)
        router.add_patch(path, vault.update_secret)
    router.add_get("/deletedsecrets", vault.list_deleted)
    router.add_get("/deletedsecrets/{name}", vault.get_deleted)
    router.add_delete("/deletedsecrets/{name}", vault.purge_deleted)
    router.add_post("/deletedsecrets/{name}/recover", vault.recover_deleted)
    router.add_get("/_control/secrets", vault.show_names)
    router.add_post("/_control/secrets", vault.seed_secret)
    router.add_get("/_control/secrets/values", vault.show_values)
    add_fault_routes(application, plan)
    add_request_log_routes(application, log)
    return application


class Vault:
    """The request handlers of one vault."""

    def __init__(self, tokens: TokenAuthority, base_url: str, tenant_id: str, store: SecretStore) -> None:
        self._tokens = tokens
        self._base_url = base_url
        self._tenant_id = tenant_id
        self._store = store
        self._bundles = Bundles(base_url)
        self._resource = challenge_resource(base_url)
        tokens.resources.add(self._resource)

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let requests with a token of this vault's tenant through, and turn VaultError into an answer."""
        try:
            if not request.path.startswith(CONTROL_PREFIX):
                self._authorize(request)
                if "api-version" not in request.query:
                    raise VaultError(400, "BadParameter", "api-version must be specified")
            response = await handler(request)
        except VaultError as error:
            response = self._error(error)
        response.headers["x-ms-request-id"] = str(uuid.uuid4())
        return response

    async def set_secret(self, request: web.Request) -> web.Response:
        body = await _read(request)
        if body.value is None:
            raise VaultError(400, "BadParameter", "Property value is required")
        body.apply(attributes := Attributes())
        secret, version = self._store.set(request.match_info["name"], body.value, attributes)
        return web.json_response(self._bundles.secret(secret, version))

    async def get_secret(self, request: web.Request) -> web.Response:
        name, version_id = request.match_info["name"], request.match_info.get("version", "")
        return web.json_response(self._bundles.secret(*self._store.read(name, version_id)))

    async def update_secret(self, request: web.Request) -> web.Response:
        secret = self._store.find(request.match_info["name"])
        version = secret.version(request.match_info.get("version", ""))
        (await _read(request)).apply(version.attributes)
        self._store.touch(version)
        return web.json_response(self._bundles.version_item(secret, version))

    async def delete_secret(self, request: web.Request) -> web.Response:
        return web.json_response(self._bundles.deleted(self._store.delete(request.match_info["name"])))

    async def list_secrets(self, request: web.Request) -> web.Response:
        return self._list(request, self._store.live(), self._bundles.item)

    async def list_versions(self, request: web.Request) -> web.Response:
        secret = self._store.find(request.match_info["name"])
        return self._list(
            request, secret.versions, lambda version: self._bundles.version_item(secret, version)
        )

    async def list_deleted(self, request: web.Request) -> web.Response:
        return self._list(request, self._store.deleted(), self._bundles.deleted_item)

    async def get_deleted(self, request: web.Request) -> web.Response:
        return web.json_response(self._bundles.deleted(self._store.find_deleted(request.match_info["name"])))

    async def recover_deleted(self, request: web.Request) -> web.Response:
        secret = self._store.recover(request.match_info["name"])
        return web.json_response(self._bundles.version_item(secret, secret.current))

    async def purge_deleted(self, request: web.Request) -> web.Response:
        self._store.purge(request.match_info["name"])
        return web.Response(status=204)

    async def show_names(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "secrets": [
                    {"name": secret.name, "versions": len(secret.versions)} for secret in self._store.live()
                ],
                "deleted": [deleted.secret.name for deleted in self._store.deleted()],
            }
        )

    async def seed_secret(self, request: web.Request) -> web.Response:
        """Set a secret, `{name, value}`, without a token: how the sandbox puts things into the vault."""
        body = msgspec.json.decode(await request.read(), type=dict[str, str])
        secret, version = self._store.set(body["name"], body["value"])
        return web.json_response({"name": secret.name, "version": version.id}, status=201)

    async def show_values(self, _request: web.Request) -> web.Response:
        """Return every value there is, so that a test can look for them where they must not be."""
        secrets = [*self._store.live(), *(deleted.secret for deleted in self._store.deleted())]
        return web.json_response(
            {"values": [version.value for secret in secrets for version in secret.versions]}
        )

    def _authorize(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise VaultError(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")
        try:
            claims = self._tokens.verify_access_token(token, self._resource)
        except InvalidToken as error:
            raise VaultError(401, "Unauthorized", f"AKV10022: Invalid token: {error.reason}.") from error
        if claims["tid"] != self._tenant_id:
            raise VaultError(401, "Unauthorized", "AKV10032: Invalid issuer: the tenant is not the vault's.")

    def _error(self, error: VaultError) -> web.Response:
        body: Bundle = {"code": error.code, "message": str(error)}
        if error.inner_code:
            body["innererror"] = {"code": error.inner_code}
        headers = {}
        if error.status == 401:
            authority = f"{self._tokens.base_url}/{self._tenant_id}"
            headers["WWW-Authenticate"] = f'Bearer authorization="{authority}", resource="{self._resource}"'
        return web.json_response({"error": body}, status=error.status, headers=headers)

    def _list(
        self, request: web.Request, entries: Sequence[Entry], build: Callable[[Entry], Bundle]
    ) -> web.Response:
        start, size = _page_bounds(request)
        following = start + size
        next_link = None
        if following < len(entries):
            query = {
                "api-version": request.query["api-version"],
                "$skiptoken": base64.urlsafe_b64encode(str(following).encode()).decode(),
                "maxresults": size,
            }
            next_link = f"{self._base_url}{request.path}?{urlencode(query)}"
        page = [build(entry) for entry in entries[start:following]]
        return web.json_response({"value": page, "nextLink": next_link})


def challenge_resource(base_url: str) -> str:
    """Return the resource of the vault at `base_url`: its host and port without the first label.

    Raises ValueError for a host without a dot, such as localhost, which no client would trust.
    """
    parts = urlsplit(base_url)
    _, dot, domain = parts.netloc.partition(".")
    if not dot:
        raise ValueError(f"no resource of the vault {base_url} can pass the client's check of the challenge")
    return f"{parts.scheme}://{domain}"


def _page_bounds(request: web.Request) -> tuple[int, int]:
    try:
        size = int(request.query.get("maxresults", PAGE_SIZE))
        token = request.query.get("$skiptoken")
        start = int(base64.urlsafe_b64decode(token)) if token else 0
    except (ValueError, binascii.Error) as error:
        raise VaultError(400, "BadParameter", "The page parameters are invalid.") from error
    if not 1 <= size <= PAGE_SIZE:
        raise VaultError(400, "BadParameter", f"maxresults must be between 1 and {PAGE_SIZE}.")
    return start, size


async def _read(request: web.Request) -> SecretBody:
    try:
        return msgspec.json.decode(await request.read(), type=SecretBody)
    except msgspec.DecodeError as error:
        raise VaultError(400, "BadParameter", f"The request body is invalid: {error}") from error
