"""The adapters on Key Vault and Microsoft Graph keep their ports' contracts, held on the simulators."""

import uuid
from datetime import date

import httpx
import pytest

from sandbox.world.model import SubscribedSku
from shared.adapters.entra.applications import Applications
from shared.adapters.graph.directory import GraphDirectory
from shared.adapters.key_vault import KeyVaultSecrets
from tests.contract.contracts.directory import DirectoryContract
from tests.contract.contracts.secrets import SecretsContract
from tests.contract.contracts.tenant import TenantUnderTest
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
        address = f"{uuid.uuid4().hex}@{self._tenant.domains[0]}"
        made = self._tenant.hire(
            userPrincipalName=address,
            mail=address,
            proxyAddresses=[f"SMTP:{address}", f"sip:{address}"],
            displayName=name,
        )
        return made.id

    def invite(self, name: str) -> str:
        mark = uuid.uuid4().hex
        made = self._tenant.hire(
            userPrincipalName=f"{mark}_fabrikam.example#EXT#@{self._tenant.initial_domain}",
            mail=f"{mark}@fabrikam.example",
            displayName=name,
            userType="Guest",
        )
        return made.id

    def principal_name(self, object_id: str) -> str:
        return self._tenant.users[object_id].user_principal_name

    def set_job_title(self, object_id: str, title: str) -> None:
        self._tenant.update_user(object_id, jobTitle=title)

    def set_aliases(self, object_id: str, *addresses: str) -> None:
        mail = self._tenant.users[object_id].mail
        proxies = [f"SMTP:{mail}", f"sip:{mail}", *(f"smtp:{address.title()}" for address in addresses)]
        self._tenant.update_user(object_id, proxyAddresses=proxies)

    def assign(self, object_id: str, *sku_ids: str) -> None:
        licences = [{"skuId": sku_id, "disabledPlans": []} for sku_id in sku_ids]
        self._tenant.update_user(object_id, assignedLicenses=licences)

    def delete(self, object_id: str) -> None:
        self._tenant.delete_user(object_id)

    def purge(self, object_id: str) -> None:
        self._tenant.purge_user(object_id)

    def restore(self, object_id: str) -> None:
        self._tenant.restore_user(object_id)

    def add_group(self, name: str, *members: str) -> str:
        return self._tenant.add_group(name, list(members)).id

    def add_member(self, group_id: str, member: str) -> None:
        self._tenant.add_members(group_id, member)

    def delete_group(self, group_id: str) -> None:
        self._tenant.delete_group(group_id)

    def set_purpose(self, object_id: str, purpose: str) -> None:
        assert purpose in ("shared", "room")
        self._tenant.users[object_id].purpose = "shared" if purpose == "shared" else "room"

    def register(self, object_id: str, *methods: str, allowed: bool) -> None:
        self._tenant.insights.set_authentication_methods(object_id, methods, allowed=allowed)

    def work(self, object_id: str, day: date) -> None:
        self._tenant.insights.set_activity(object_id, day, ["Teams"])

    def buy(self, sku_id: str, part_number: str, seats: int) -> None:
        self._tenant.subscribed_skus.append(
            SubscribedSku(sku_id, part_number, seats - 2, warning=2, suspended=5, locked_out=7)
        )

    def set_score(self, current: float, maximum: float) -> None:
        self._tenant.insights.set_secure_score(current, maximum)

    def clear_score(self) -> None:
        self._tenant.insights.clear_secure_scores()

    def conceal_names(self) -> None:
        self._tenant.insights.concealed_names = True

    def lose_premium(self) -> None:
        self._tenant.insights.set_premium(False)

    def revoke(self, permission: str) -> None:
        self._tenant.service_principals[CLIENT_ID].app_roles -= {permission}

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
        microsoft.consent_to_enrichments()
        return GraphTenantUnderTest(microsoft, applications, graph_http)
