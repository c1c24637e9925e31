"""The JSON of the secrets API: what a request may carry, and what the vault answers.

Follows "Key Vault REST API reference: Secrets"
(learn.microsoft.com/rest/api/keyvault/secrets/operation-groups).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from sandbox.simulators.key_vault.store import RETENTION, Attributes, DeletedSecret, Secret, Version

Bundle = dict[str, Any]


class RequestedAttributes(msgspec.Struct, frozen=True):
    """The `attributes` of a request; dates are seconds since the epoch."""

    enabled: bool | None = None
    nbf: int | None = None
    exp: int | None = None


class SecretBody(msgspec.Struct, rename="camel"):
    """The body of a PUT, which needs a value, or of a PATCH, which has none."""

    value: str | None = None
    content_type: str | None = None
    tags: dict[str, str] | None = None
    attributes: RequestedAttributes = RequestedAttributes()

    def apply(self, attributes: Attributes) -> None:
        """Write what the request carries; what it leaves out stays as it is."""
        if self.attributes.enabled is not None:
            attributes.enabled = self.attributes.enabled
        if self.attributes.nbf is not None:
            attributes.not_before = self.attributes.nbf
        if self.attributes.exp is not None:
            attributes.expires = self.attributes.exp
        if self.content_type is not None:
            attributes.content_type = self.content_type
        if self.tags is not None:
            attributes.tags = dict(self.tags)


class Bundles:
    """Builds answers for the vault at one address, because every id in them is a URL of the vault."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def secret(self, secret: Secret, version: Version) -> Bundle:
        """Return a version with its value."""
        return {"value": version.value, **self.version_item(secret, version)}

    def item(self, secret: Secret) -> Bundle:
        """Return a secret as a list has it: its current attributes, under the id without a version."""
        return self.version_item(secret, secret.current) | {"id": f"{self._base_url}/secrets/{secret.name}"}

    def version_item(self, secret: Secret, version: Version) -> Bundle:
        """Return a version as a list of versions has it."""
        attributes = version.attributes
        bundle: Bundle = {
            "id": f"{self._base_url}/secrets/{secret.name}/{version.id}",
            "attributes": {
                "enabled": attributes.enabled,
                **({} if attributes.not_before is None else {"nbf": attributes.not_before}),
                **({} if attributes.expires is None else {"exp": attributes.expires}),
                "created": _seconds(version.created),
                "updated": _seconds(version.updated),
                "recoveryLevel": "Recoverable+Purgeable",
                "recoverableDays": RETENTION.days,
            },
            "tags": attributes.tags,
        }
        if attributes.content_type is not None:
            bundle["contentType"] = attributes.content_type
        return bundle

    def deleted(self, deleted: DeletedSecret) -> Bundle:
        """Return the answer to a deletion, and to a read of what was deleted."""
        secret = deleted.secret
        return self._recovery(deleted) | self.version_item(secret, secret.current)

    def deleted_item(self, deleted: DeletedSecret) -> Bundle:
        """Return a deleted secret as a list has it."""
        return self._recovery(deleted) | self.item(deleted.secret)

    def _recovery(self, deleted: DeletedSecret) -> Bundle:
        return {
            "recoveryId": f"{self._base_url}/deletedsecrets/{deleted.secret.name}",
            "deletedDate": _seconds(deleted.deleted),
            "scheduledPurgeDate": _seconds(deleted.scheduled_purge),
        }


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
