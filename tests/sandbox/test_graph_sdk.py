"""Microsoft's own typed client works against the simulated Microsoft Graph."""

from __future__ import annotations

import time
import warnings
from collections.abc import AsyncIterator
from typing import Any, Self

import httpx
import pytest
from azure.core.credentials import AccessToken

from tests.sandbox.graph_harness import Graph, serve_graph

with warnings.catch_warnings():
    # The client's own modules warn about each other while they are imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_authentication_azure.azure_identity_authentication_provider import (
        AzureIdentityAuthenticationProvider,
    )
    from kiota_http.kiota_client_factory import KiotaClientFactory
    from msgraph.generated.groups.item.transitive_members.graph_user.graph_user_request_builder import (
        GraphUserRequestBuilder,
    )
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.users.delta.delta_request_builder import DeltaRequestBuilder
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_service_client import GraphServiceClient

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class HeldToken:
    """An asynchronous credential that has its token already."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self.token, int(time.time()) + 3600)

    async def close(self) -> None:
        return None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        return None


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serve_graph("northmoor") as served:
        yield served


@pytest.fixture
async def client(graph: Graph) -> AsyncIterator[GraphServiceClient]:
    provider = AzureIdentityAuthenticationProvider(
        HeldToken(graph.token()),
        scopes=["https://graph.microsoft.com/.default"],
        allowed_hosts=["127.0.0.1"],
    )
    http = httpx.AsyncClient(trust_env=False)
    # The factory wraps the transport in one that forgets to close it.
    async with http._transport:
        adapter = GraphRequestAdapter(
            provider, client=KiotaClientFactory.create_with_default_middleware(client=http)
        )
        adapter.base_url = f"{graph.base_url}/v1.0"
        yield GraphServiceClient(request_adapter=adapter)


async def test_the_typed_client_lists_users_over_pages(graph: Graph, client: GraphServiceClient) -> None:
    """By following the next links itself."""
    parameters = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=["id", "displayName", "assignedLicenses", "createdDateTime"], top=50
    )
    page = await client.users.get(RequestConfiguration(query_parameters=parameters))
    found = []
    while page:
        found += page.value or []
        link = page.odata_next_link
        page = await client.users.with_url(link).get() if link else None
    users = list(graph.tenant.users.values())
    assert [(user.id, user.display_name) for user in found] == [
        (user.id, user.display_name) for user in users
    ]
    licences = [str(licence.sku_id) for user in found for licence in user.assigned_licenses or []]
    assert licences == [licence["skuId"] for user in users for licence in user.properties["assignedLicenses"]]
    assert all(user.created_date_time for user in found)


async def test_the_typed_client_follows_a_delta(graph: Graph, client: GraphServiceClient) -> None:
    """From a first round to changes and removals."""
    parameters = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(select=["id", "jobTitle"])
    page = await client.users.delta.get(RequestConfiguration(query_parameters=parameters))
    assert page
    assert page.odata_delta_link
    assert {user.id for user in page.value or []} == set(graph.tenant.users)
    changed, gone = list(graph.tenant.users)[:2]
    graph.tenant.update_user(changed, jobTitle="Chief")
    graph.tenant.delete_user(gone)
    page = await client.users.delta.with_url(page.odata_delta_link).get()
    assert page
    first, second = page.value or []
    assert (first.id, first.job_title) == (changed, "Chief")
    assert (second.id, second.additional_data["@removed"]) == (gone, {"reason": "changed"})


async def test_the_typed_client_reads_groups_and_their_members(
    graph: Graph, client: GraphServiceClient
) -> None:
    """Transitive members cast to users, with the header that this needs."""
    groups = await client.groups.get()
    assert groups
    everybody = next(group for group in groups.value or [] if group.display_name == "Everybody")
    assert everybody.id
    configuration = RequestConfiguration(
        query_parameters=GraphUserRequestBuilder.GraphUserRequestBuilderGetQueryParameters(
            count=True, select=["id", "mail"], top=999
        )
    )
    configuration.headers.add("ConsistencyLevel", "eventual")
    members = await client.groups.by_group_id(everybody.id).transitive_members.graph_user.get(configuration)
    assert members
    assert members.odata_count == len(members.value or []) > 50
    assert {user.id for user in members.value or []} <= set(graph.tenant.users)
    organizations = await client.organization.get()
    skus = await client.subscribed_skus.get()
    assert organizations
    assert skus
    assert [item.display_name for item in organizations.value or []] == ["Northmoor Logistics"]
    assert {item.sku_part_number for item in skus.value or []} >= {"SPB", "O365_BUSINESS_PREMIUM"}


async def test_the_typed_client_understands_an_error(graph: Graph, client: GraphServiceClient) -> None:
    """Status, code and request id are where the client looks for them."""
    with pytest.raises(ODataError) as caught:
        await client.users.by_user_id("nobody@northmoor.example").get()
    error = caught.value
    assert error.response_status_code == 404
    assert error.error
    assert error.error.code == "Request_ResourceNotFound"
    assert error.error.inner_error
    assert error.error.inner_error.request_id
    assert graph.tenant.users
