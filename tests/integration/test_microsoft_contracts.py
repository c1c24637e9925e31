"""The adapters on Key Vault and Microsoft Graph keep their ports' contracts, held on the simulators."""

import uuid

import httpx
import pytest

from shared.adapters.entra.applications import Applications
from shared.adapters.graph.directory import GraphDirectory
from shared.adapters.key_vault import KeyVaultSecrets
from tests.contract.contracts.directory import DirectoryContract, TenantUnderTest
from tests.contract.contracts.secrets import SecretsContract
from tests.integration.microsoft import CLIENT_ID, CUSTOMER_ID, Microsoft
from tests.integration.tenant import open_reader


class TestKeyVaultSecrets(SecretsContract):
    """Secrets in the vault, with the app's own client and identity."""

    @pytest.fixture
    def secrets(self, vault: KeyVaultSecrets) -> KeyVaultSecrets:
        return vault


class GraphTenantUnderTest:
    """A simulated tenant by the contract's verbs."""

    tenant_id = CUSTOMER_ID

    def __init__(self, microsoft: Microsoft, applications: Applications, http: httpx.AsyncClient) -> None:
        self._microsoft, self._applications, self._http = microsoft, applications, http
        self._tenant = microsoft.customer

    def reader(self) -> GraphDirectory:
        return open_reader(self._microsoft, self._applications, self._http)

    def hire(self, name: str) -> str:
        upn = f"{uuid.uuid4().hex}@{self._tenant.domains[0]}"
        return self._tenant.hire(userPrincipalName=upn, displayName=name).id

    def set_job_title(self, object_id: str, title: str) -> None:
        self._tenant.update_user(object_id, jobTitle=title)

    def delete(self, object_id: str) -> None:
        self._tenant.delete_user(object_id)

    def purge(self, object_id: str) -> None:
        self._tenant.purge_user(object_id)

    def restore(self, object_id: str) -> None:
        self._tenant.restore_user(object_id)

    def forget_links(self) -> None:
        self._microsoft.graph.expire_delta(None, "syncStateNotFound")

    def withdraw_consent(self) -> None:
        self._tenant.withdraw_consent(CLIENT_ID)


class TestGraphDirectory(DirectoryContract):
    """A tenant read with tokens of the simulated Entra ID."""

    @pytest.fixture
    def tenant(
        self, microsoft: Microsoft, applications: Applications, graph_http: httpx.AsyncClient
    ) -> TenantUnderTest:
        microsoft.consent()
        return GraphTenantUnderTest(microsoft, applications, graph_http)
