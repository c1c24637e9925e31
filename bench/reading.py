"""The read path against its parts alone, and against the SDK's own models, on the same pages."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import jwt
import msgspec
from azure.core.credentials import AccessToken
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph.graph_request_adapter import GraphRequestAdapter

from bench.graph_pages import PAGE, tenant_id
from shared.adapters.graph.directory import GraphDirectory
from shared.adapters.graph.documents import USER_SELECT
from shared.adapters.graph.transport import GraphTransport

_SCOPE = "https://graph.microsoft.com/.default"


class _Licence(msgspec.Struct, rename="camel", gc=False):
    sku_id: str


class _User(msgspec.Struct, rename="camel", gc=False):
    id: str
    user_principal_name: str | None = None
    mail: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    surname: str | None = None
    job_title: str | None = None
    department: str | None = None
    office_location: str | None = None
    company_name: str | None = None
    mobile_phone: str | None = None
    business_phones: list[str] | None = None
    street_address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    user_type: str | None = None
    account_enabled: bool | None = None
    proxy_addresses: list[str] | None = None
    assigned_licenses: list[_Licence] | None = None


class _Users(msgspec.Struct):
    value: list[_User]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


class _Credential:
    """A token that is always there: acquiring one is no part of reading."""

    def __init__(self, users: int) -> None:
        claims = {"tid": tenant_id(users)}
        self._token = AccessToken(jwt.encode(claims, "k" * 32, "HS256"), int(time.time()) + 86_400)

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return self._token

    def forget(self) -> None:
        raise AssertionError("the token was refused")

    async def close(self) -> None: ...


async def compare(graph_url: str, users: int, repeated: int, model_pages: int) -> dict[str, Any]:
    """Median CPU seconds of reading everybody in each way, taking turns.

    `model_pages`: how many pages the SDK's models read, which take seconds each; 0 leaves them out.
    """
    credential = _Credential(users)
    async with httpx.AsyncClient(trust_env=True, timeout=60) as http:
        directory = GraphDirectory(GraphTransport(http, credential, graph_url, _SCOPE))  # type: ignore[arg-type]
        first = f"{graph_url}/v1.0/users?$select={USER_SELECT}&$top={PAGE}"
        headers = {"Authorization": f"Bearer {(await credential.get_token()).token}"}

        async def ours() -> int:
            return sum([len(page.users) async for page in directory.users()])

        async def bare() -> int:
            decoder, seen, url = msgspec.json.Decoder(_Users), 0, first
            while url:
                answer = await http.get(url, headers=headers)
                document = decoder.decode(answer.content)
                seen, url = seen + len(document.value), document.next_link or ""
            return seen

        ways: dict[str, Callable[[], Awaitable[int]]] = {"ours": ours, "bare": bare}
        if model_pages:
            ways["models"] = _models(http, credential, graph_url, model_pages)
            await ways["models"]()  # imports thousands of modules
        per_user: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(repeated):
            for way, read in ways.items():
                gc.collect()
                began = time.process_time()
                seen = await read()
                per_user[way].append((time.process_time() - began) / seen)
                assert seen == users or way == "models"
    medians = {way: statistics.median(seconds) for way, seconds in per_user.items()}
    return {"users": users, "model_users": min(users, model_pages * PAGE), "cpu_seconds_per_user": medians}


def _models(
    http: httpx.AsyncClient, credential: _Credential, graph_url: str, pages: int
) -> Callable[[], Awaitable[int]]:
    from msgraph.graph_service_client import GraphServiceClient

    provider = AzureIdentityAuthenticationProvider(
        credential,  # type: ignore[arg-type]
        scopes=[_SCOPE],
        allowed_hosts=[httpx.URL(graph_url).host],
    )
    adapter = GraphRequestAdapter(provider, http)
    adapter.base_url = f"{graph_url}/v1.0"
    client = GraphServiceClient(request_adapter=adapter)

    async def read() -> int:
        builder, seen = client.users, 0
        for _ in range(pages):
            page = await builder.get()
            seen += len(page.value)
            if page.odata_next_link is None:
                break
            builder = client.users.with_url(page.odata_next_link)
        return seen

    return read
