"""The credential of our own app registration: what it is, and putting another in its place."""

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.connection import ConnectionState, Grant
from shared.core.errors import Actor, Conflict, NotFound
from shared.ports import Clock, Secrets
from shared.ports.operation import CredentialProof, Fleet, SecretVersion, SecretVersions

GRACE = timedelta(hours=1)
"""So long the former versions can still be read. Workers keep what they read for ten minutes."""


class Credential(msgspec.Struct, frozen=True):
    """`kind`: managed_identity, certificate or secret; `name`: in Key Vault, where it has versions."""

    kind: str
    name: str | None
    versions: list[SecretVersion]


@dataclass(frozen=True, slots=True)
class CredentialDesk:
    """A credential is proven to work before it takes the place of the one in use.

    The names: in Key Vault; both are None where the app signs in by its managed identity.
    """

    certificate_name: str | None
    secret_name: str | None
    secrets: Secrets
    versions: SecretVersions
    proof: CredentialProof
    fleet: Fleet
    clock: Clock

    async def show(self) -> Credential:
        """What the app signs in to Microsoft with, without its value."""
        name = self.certificate_name or self.secret_name
        if name is None:
            return Credential("managed_identity", None, [])
        kind = "certificate" if self.certificate_name else "secret"
        return Credential(kind, name, await self.versions.list(name))

    async def prove(self, tenant_id: str | None, value: str | None = None) -> str:
        """Have Microsoft take what is in Key Vault now, or `value`; returns the tenant it was asked for.

        Raises Conflict, NotFound and OperatorError.
        """
        name = self._name()
        value = await self.secrets.get(name) if value is None else value
        if value is None:
            raise NotFound("credential in Key Vault")
        tenant_id = await self._tenant(tenant_id)
        await self.proof.prove(value, tenant_id)
        return tenant_id

    async def rotate(self, value: str, tenant_id: str | None) -> Credential:
        """Prove that Microsoft takes the credential, and only then put it into Key Vault.

        Raises Conflict and OperatorError; then the one in use is as it was.
        """
        name = self._name()
        if self.certificate_name is not None:
            raise Conflict(
                "certificate_renewed_in_vault",
                "The app signs in with a certificate, which Key Vault itself renews or imports.",
                "Prove the new one with `credential prove --file`, then import it there under its name.",
                Actor.OPERATOR,
            )
        await self.proof.prove(value, await self._tenant(tenant_id))
        await self.secrets.set(name, value)
        return await self.show()

    async def retire(self) -> list[str]:
        """Disable every version but the newest, an hour after that was made; returns their ids.

        Raises Conflict.
        """
        name = self._name()
        versions = await self.versions.list(name)
        if not versions:
            raise NotFound("credential in Key Vault")
        if self.clock.now() - versions[0].created_at < GRACE:
            raise Conflict(
                "credential_too_new",
                "The newest credential has been in use for less than an hour.",
                "Wait, see that syncs succeed with it, and run this again.",
                Actor.OPERATOR,
            )
        retired = [version.id for version in versions[1:] if version.enabled]
        for version in retired:
            await self.versions.disable(name, version)
        return retired

    def _name(self) -> str:
        name = self.certificate_name or self.secret_name
        if name is None:
            raise Conflict(
                "nothing_to_rotate",
                "The app signs in with its managed identity, so there is no credential to renew.",
                "Nobody has to act. Azure renews what the identity is proven with by itself.",
                Actor.NOBODY,
            )
        return name

    async def _tenant(self, tenant_id: str | None) -> str:
        if tenant_id is not None:
            return tenant_id
        async for connection in self.fleet.connections(state=ConnectionState.ACTIVE):
            if connection.grant is Grant.APPLICATION and connection.tenant_id is not None:
                return connection.tenant_id
        raise Conflict(
            "no_tenant_to_ask",
            "There is no connected customer whose tenant could be asked for a token.",
            "Name a tenant that knows the app registration, such as its own, with --tenant.",
            Actor.OPERATOR,
        )
