"""The simulated Key Vault, through the real client and at the wire."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.identity.aio import ClientSecretCredential
from azure.keyvault.secrets.aio import SecretClient

from sandbox.simulators.key_vault import SecretStore, key_vault_application
from sandbox.simulators.key_vault.application import challenge_resource
from sandbox.simulators.serving import serve
from tests.sandbox.conftest import CLIENT_ID, SECRET, Identity

# What the app does, with nothing that knows of the sandbox: the addresses come from the environment.
ROUND_TRIP = """
import asyncio, json, os
from azure.core.exceptions import ResourceNotFoundError
from azure.identity.aio import DefaultAzureCredential
from azure.keyvault.secrets.aio import SecretClient

async def main():
    done = {}
    async with DefaultAzureCredential() as credential:
        async with SecretClient(os.environ["KEY_VAULT_URL"], credential) as client:
            await client.set_secret("token-cache", "first")
            second = await client.set_secret("token-cache", "second", tags={"kind": "cache"})
            done["current"] = (await client.get_secret("token-cache")).value
            versions = [item async for item in client.list_properties_of_secret_versions("token-cache")]
            done["versions"] = len(versions)
            older = next(item.version for item in versions if item.version != second.properties.version)
            done["older"] = (await client.get_secret("token-cache", older)).value
            done["names"] = [item.name async for item in client.list_properties_of_secrets()]
            await client.delete_secret("token-cache")
            done["deleted"] = [item.name async for item in client.list_deleted_secrets()]
            try:
                await client.get_secret("token-cache")
            except ResourceNotFoundError:
                done["gone"] = True
            await client.recover_deleted_secret("token-cache")
            done["recovered"] = (await client.get_secret("token-cache")).value
            await client.delete_secret("token-cache")
            await client.purge_deleted_secret("token-cache")
            done["left"] = [item.name async for item in client.list_deleted_secrets()]
    print(json.dumps(done))

asyncio.run(main())
"""


@pytest.fixture
async def vault_url(identity: Identity) -> AsyncIterator[str]:
    async with serve(
        lambda url: key_vault_application(identity.tokens, url, tenant_id=identity.operator.id),
        ssl_context=identity.authority.server_context(),
    ) as url:
        yield url


@pytest.fixture
async def client(identity: Identity, vault_url: str) -> AsyncIterator[SecretClient]:
    """Microsoft's client, told which authority to trust because this process runs already."""
    bundle = str(identity.authority.bundle_path)
    async with AsyncExitStack() as stack:
        credential = await stack.enter_async_context(
            ClientSecretCredential(
                identity.operator.id, CLIENT_ID, SECRET, authority=identity.url, connection_verify=bundle
            )
        )
        yield await stack.enter_async_context(SecretClient(vault_url, credential, connection_verify=bundle))


async def vault_token(identity: Identity, vault_url: str) -> str:
    scope = f"{challenge_resource(vault_url)}/.default"
    return str((await identity.app_token(identity.operator.id, scope=scope)).json()["access_token"])


async def call(
    identity: Identity, url: str, method: str = "GET", *, body: object = None, token: str | None = None
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    separator = "&" if "?" in url else "?"
    return await identity.http.request(method, f"{url}{separator}api-version=7.4", json=body, headers=headers)


async def test_the_unmodified_client_works_with_settings_alone(identity: Identity, vault_url: str) -> None:
    """DefaultAzureCredential and SecretClient, without any option, do a whole secret's life."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        **identity.authority.environment(),
        "KEY_VAULT_URL": vault_url,
        "AZURE_AUTHORITY_HOST": identity.url,
        "AZURE_TENANT_ID": identity.operator.id,
        "AZURE_CLIENT_ID": CLIENT_ID,
        "AZURE_CLIENT_SECRET": SECRET,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        ROUND_TRIP,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert json.loads(output) == {
        "current": "second",
        "versions": 2,
        "older": "first",
        "names": ["token-cache"],
        "deleted": ["token-cache"],
        "gone": True,
        "recovered": "second",
        "left": [],
    }


async def test_a_request_without_a_token_is_challenged(identity: Identity, vault_url: str) -> None:
    """The challenge names the vault's tenant and a resource that the vault's host is part of."""
    response = await call(identity, f"{vault_url}/secrets/anything")
    port = vault_url.rpartition(":")[2]
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == (
        f'Bearer authorization="{identity.url}/{identity.operator.id}", resource="https://0.0.1:{port}"'
    )
    assert response.json()["error"]["code"] == "Unauthorized"


async def test_tokens_for_other_resources_and_of_other_tenants_are_refused(
    identity: Identity, vault_url: str
) -> None:
    """A token for Graph does not open the vault, nor does one from a customer's tenant."""
    identity.contoso.grant_consent(CLIENT_ID)
    scope = f"{challenge_resource(vault_url)}/.default"
    for_graph = await identity.app_token(identity.contoso.id)
    of_customer = await identity.app_token(identity.contoso.id, scope=scope)
    for answer in (for_graph, of_customer):
        token = answer.json()["access_token"]
        response = await call(identity, f"{vault_url}/secrets", token=token)
        assert (response.status_code, "WWW-Authenticate" in response.headers) == (401, True)


async def test_the_client_gives_up_on_a_wrong_credential(identity: Identity, vault_url: str) -> None:
    """A wrong secret of our own shows as an authentication error that names the cause."""
    bundle = str(identity.authority.bundle_path)
    async with (
        ClientSecretCredential(
            identity.operator.id, CLIENT_ID, "wrong", authority=identity.url, connection_verify=bundle
        ) as credential,
        SecretClient(vault_url, credential, connection_verify=bundle) as client,
    ):
        with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
            await client.get_secret("anything")


async def test_properties_are_kept_and_updated(client: SecretClient) -> None:
    """Content type, tags and dates belong to the version; an update leaves the rest as it is."""
    expires = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    secret = await client.set_secret(
        "psa-key", "value", content_type="text/plain", tags={"account": "1"}, expires_on=expires
    )
    await client.update_secret_properties("psa-key", tags={"account": "2"})
    properties = (await client.get_secret("psa-key")).properties
    assert (properties.content_type, properties.tags) == ("text/plain", {"account": "2"})
    assert (properties.expires_on, properties.version) == (expires, secret.properties.version)
    assert properties.recoverable_days == 90


async def test_a_secret_outside_its_dates_can_be_read(client: SecretClient) -> None:
    """The dates of a secret are information only."""
    now = datetime.now(UTC)
    await client.set_secret("expired", "value", expires_on=now - timedelta(days=1))
    await client.set_secret("not-yet", "value", not_before=now + timedelta(days=1))
    assert (await client.get_secret("expired")).value == "value"
    assert (await client.get_secret("not-yet")).value == "value"


async def test_a_disabled_version_cannot_be_read(client: SecretClient) -> None:
    """Reading it answers 403, while other versions stay readable."""
    first = await client.set_secret("switch", "first")
    await client.set_secret("switch", "second", enabled=False)
    with pytest.raises(HttpResponseError) as failure:
        await client.get_secret("switch")
    assert failure.value.status_code == 403
    assert (await client.get_secret("switch", first.properties.version)).value == "first"


async def test_names_ignore_case(client: SecretClient) -> None:
    """Two spellings of a name are one secret."""
    await client.set_secret("Connection-1", "first")
    await client.set_secret("connection-1", "second")
    assert (await client.get_secret("CONNECTION-1")).value == "second"
    assert [item.name async for item in client.list_properties_of_secrets()] == ["Connection-1"]


async def test_a_missing_secret_is_not_found(client: SecretClient) -> None:
    """A secret or version that is not there answers 404 to every operation."""
    await client.set_secret("present", "value")
    for attempt in (
        client.get_secret("absent"),
        client.get_secret("present", "0" * 32),
        client.delete_secret("absent"),
        client.update_secret_properties("absent", tags={}),
        client.get_deleted_secret("present"),
        client.recover_deleted_secret("present"),
        client.purge_deleted_secret("present"),
    ):
        with pytest.raises(ResourceNotFoundError):
            await attempt


async def test_a_deleted_name_is_taken_until_it_is_purged(client: SecretClient) -> None:
    """Setting it answers 409 with the service's inner code; after the purge it is free again."""
    await client.set_secret("again", "old")
    await client.delete_secret("again")
    with pytest.raises(ResourceExistsError) as failure:
        await client.set_secret("again", "new")
    assert failure.value.response is not None
    error = json.loads(failure.value.response.text())["error"]
    assert (error["code"], error["innererror"]["code"]) == ("Conflict", "ObjectIsDeletedButRecoverable")
    await client.purge_deleted_secret("again")
    await client.set_secret("again", "new")
    versions = [item async for item in client.list_properties_of_secret_versions("again")]
    assert len(versions) == 1


async def test_a_deleted_secret_says_until_when_it_can_be_recovered(client: SecretClient) -> None:
    """The recycle bin keeps a secret for 90 days and never shows its value."""
    await client.set_secret("binned", "value")
    deleted = await client.delete_secret("binned")
    assert deleted.deleted_date is not None
    assert deleted.scheduled_purge_date == deleted.deleted_date + timedelta(days=90)
    assert deleted.recovery_id is not None
    assert deleted.recovery_id.endswith("/deletedsecrets/binned")


async def test_lists_are_paged(identity: Identity, vault_url: str, client: SecretClient) -> None:
    """At most 25 entries come at once, and following the links brings every one exactly once."""
    names = [f"secret-{number:02}" for number in range(53)]
    for name in names:
        await identity.http.post(f"{vault_url}/_control/secrets", json={"name": name, "value": "v"})
    pages = [
        [item.name async for item in page]
        async for page in client.list_properties_of_secrets(max_page_size=25).by_page()
    ]
    assert [len(page) for page in pages] == [25, 25, 3]
    assert [name for page in pages for name in page] == names


async def test_versions_are_paged(client: SecretClient) -> None:
    """The versions of one secret come in pages too."""
    for number in range(7):
        await client.set_secret("many", str(number))
    items = [item async for item in client.list_properties_of_secret_versions("many", max_page_size=3)]
    assert len({item.version for item in items}) == 7


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("/secrets?maxresults=26", "GET", None),
        ("/secrets?maxresults=0", "GET", None),
        ("/secrets?$skiptoken=%25", "GET", None),
        ("/secrets/under_score", "PUT", {"value": "v"}),
        ("/secrets/" + "n" * 128, "PUT", {"value": "v"}),
        ("/secrets/name", "PUT", {"value": "v" * (25 * 1024 + 1)}),
        ("/secrets/name", "PUT", {}),
        ("/secrets/name", "PUT", {"value": 1}),
    ],
)
async def test_a_bad_request_is_refused(
    identity: Identity, vault_url: str, path: str, method: str, body: object
) -> None:
    """Names, sizes and page sizes have their limits."""
    token = await vault_token(identity, vault_url)
    response = await call(identity, f"{vault_url}{path}", method, body=body, token=token)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "BadParameter")


async def test_a_value_of_25_kilobytes_fits(client: SecretClient) -> None:
    """The limit itself is allowed."""
    await client.set_secret("large", "v" * 25 * 1024)
    value = (await client.get_secret("large")).value
    assert value is not None
    assert len(value) == 25 * 1024


async def test_the_api_version_is_required(identity: Identity, vault_url: str) -> None:
    """Any version will do, but there has to be one."""
    token = await vault_token(identity, vault_url)
    response = await identity.http.get(f"{vault_url}/secrets", headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "BadParameter")


async def test_the_control_surface_counts_versions_and_keeps_values_apart(
    identity: Identity, vault_url: str, client: SecretClient
) -> None:
    """Names and counts are one question, values another, and deleted ones are among them."""
    for value in ("canary-one", "canary-two"):
        await client.set_secret("kept", value)
    await client.set_secret("binned", "canary-three")
    await client.delete_secret("binned")
    names = await identity.http.get(f"{vault_url}/_control/secrets")
    assert names.json() == {"secrets": [{"name": "kept", "versions": 2}], "deleted": ["binned"]}
    assert "canary" not in names.text
    values = (await identity.http.get(f"{vault_url}/_control/secrets/values")).json()["values"]
    assert set(values) == {"canary-one", "canary-two", "canary-three"}


async def test_a_throttled_vault_is_tried_again(
    identity: Identity, vault_url: str, client: SecretClient
) -> None:
    """The shared fault plan works here too: the client waits as told and succeeds."""
    await client.set_secret("busy", "value")
    fault: dict[str, Any] = {"kind": "throttle", "method": "GET", "path": "/secrets/busy", "retry_after": 0}
    await identity.http.post(f"{vault_url}/_control/faults", json=fault)
    assert (await client.get_secret("busy")).value == "value"
    log = (await identity.http.get(f"{vault_url}/_control/requests")).json()
    assert [entry["status"] for entry in log["recent"]][-2:] == [429, 200]


async def test_a_store_can_be_filled_before_the_vault_runs(identity: Identity) -> None:
    """The sandbox puts the application's own secret there before anything starts."""
    store = SecretStore(identity.clock)
    store.set("client-secret", SECRET)
    async with serve(
        lambda url: key_vault_application(identity.tokens, url, tenant_id=identity.operator.id, store=store),
        ssl_context=identity.authority.server_context(),
    ) as url:
        token = await vault_token(identity, url)
        answer = (await call(identity, f"{url}/secrets/client-secret", token=token)).json()
    assert answer["value"] == SECRET


def test_a_host_without_a_dot_is_refused_at_once() -> None:
    """No resource would pass the client's check at `localhost`, so the vault does not start there."""
    with pytest.raises(ValueError, match="localhost"):
        challenge_resource("https://localhost:8443")
