"""Secrets in Azure Key Vault."""

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.keyvault.secrets import SecretProperties as VaultProperties
from azure.keyvault.secrets.aio import SecretClient

from shared.adapters.azure_errors import translated
from shared.core.errors import RetryLater
from shared.ports import SecretProperties
from shared.ports.operation import SecretVersion


class KeyVaultSecrets:
    """Implements Secrets."""

    def __init__(self, client: SecretClient) -> None:
        """`client`: of the vault."""
        self._client = client

    async def get(self, name: str) -> str | None:
        """See Secrets."""
        with translated("Key Vault"):
            try:
                return (await self._client.get_secret(name)).value
            except ResourceNotFoundError:
                return None

    async def properties(self, name: str) -> SecretProperties | None:
        """See Secrets. Whoever may read a secret may read this with it; to list secrets is another right."""
        with translated("Key Vault"):
            try:
                return SecretProperties((await self._client.get_secret(name)).properties.expires_on)
            except ResourceNotFoundError:
                return None

    async def set(self, name: str, value: str) -> None:
        """See Secrets."""
        with translated("Key Vault"):
            try:
                await self._client.set_secret(name, value)
            except ResourceExistsError:
                # A deleted secret keeps its name until it is purged; somebody deleted ours by hand.
                await self._set_recovered(name, value)

    async def renew(self, name: str, value: str) -> None:
        """See Secrets. A deleted secret keeps its name, so the vault itself refuses the write."""
        with translated("Key Vault"):
            try:
                await self._client.set_secret(name, value)
            except ResourceExistsError:
                return

    async def delete(self, name: str) -> None:
        """See Secrets."""
        with translated("Key Vault"):
            try:
                await self._client.delete_secret(name)
            except ResourceNotFoundError:
                return

    async def _set_recovered(self, name: str, value: str) -> None:
        try:
            await self._client.recover_deleted_secret(name)
            await self._client.set_secret(name, value)
        except (ResourceExistsError, ResourceNotFoundError) as error:
            raise RetryLater.soon(
                "key_vault_unavailable", "Key Vault is still recovering a secret."
            ) from error


class KeyVaultVersions:
    """Implements SecretVersions."""

    def __init__(self, client: SecretClient) -> None:
        """`client`: of the vault."""
        self._client = client

    async def list(self, name: str) -> list[SecretVersion]:
        """See SecretVersions."""
        with translated("Key Vault"):
            try:
                # Their dates are to the second, so only the vault itself knows which one counts.
                current = (await self._client.get_secret(name)).properties.version
                found = [
                    _version(properties)
                    async for properties in self._client.list_properties_of_secret_versions(name)
                ]
            except ResourceNotFoundError:
                return []
        return sorted(found, key=lambda version: (version.id == current, version.created_at), reverse=True)

    async def disable(self, name: str, version: str) -> None:
        """See SecretVersions."""
        with translated("Key Vault"):
            await self._client.update_secret_properties(name, version, enabled=False)


def _version(properties: VaultProperties) -> SecretVersion:
    if properties.version is None or properties.created_on is None:
        raise ValueError("a version of a secret without its name or its date")
    return SecretVersion(
        properties.version, properties.created_on, properties.enabled is not False, properties.expires_on
    )
