"""The secrets of a simulated vault: versions, attributes, soft deletion.

Follows "About Azure Key Vault secrets" (learn.microsoft.com/azure/key-vault/secrets/about-secrets) and "Azure
Key Vault soft-delete overview" (learn.microsoft.com/azure/key-vault/general/soft-delete-overview). Names
ignore case, a value has at most 25 KB, a deleted secret keeps its name until it is recovered or purged.
Validity dates are information only: a secret can be read outside them.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
MAX_VALUE_BYTES = 25 * 1024
RETENTION = timedelta(days=90)


class VaultError(Exception):
    """A request that the vault refuses: HTTP status, error code, and the inner code if there is one."""

    def __init__(self, status: int, code: str, message: str, inner_code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.inner_code = inner_code


@dataclass(slots=True)
class Attributes:
    """What may be set about a version; `not_before` and `expires` are seconds since the epoch."""

    enabled: bool = True
    not_before: int | None = None
    expires: int | None = None
    content_type: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Version:
    """One value of a secret, under a 32-digit hexadecimal id."""

    id: str
    value: str
    attributes: Attributes
    created: datetime
    updated: datetime


@dataclass(slots=True)
class Secret:
    """A name and its versions, oldest first; there is always one at least."""

    name: str
    versions: list[Version] = field(default_factory=list)

    @property
    def current(self) -> Version:
        return self.versions[-1]

    def version(self, version_id: str) -> Version:
        """Return a version, the current one for an empty id; raises VaultError when there is none."""
        if not version_id:
            return self.current
        for version in self.versions:
            if version.id == version_id:
                return version
        raise _not_found(f"{self.name}/{version_id}")


@dataclass(slots=True)
class DeletedSecret:
    """A secret in the recycle bin."""

    secret: Secret
    deleted: datetime

    @property
    def scheduled_purge(self) -> datetime:
        return self.deleted + RETENTION


class SecretStore:
    """All secrets of a vault, live and deleted, by name in lower case; `clock` returns the time in UTC."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._live: dict[str, Secret] = {}
        self._deleted: dict[str, DeletedSecret] = {}

    def live(self) -> list[Secret]:
        """Return the secrets that are not deleted, by name."""
        return [secret for _, secret in sorted(self._live.items())]

    def deleted(self) -> list[DeletedSecret]:
        """Return the deleted secrets, by name."""
        return [secret for _, secret in sorted(self._deleted.items())]

    def set(self, name: str, value: str, attributes: Attributes | None = None) -> tuple[Secret, Version]:
        """Add a version; raises VaultError for a bad name or value, or a name in the recycle bin."""
        if not NAME.fullmatch(name):
            raise VaultError(400, "BadParameter", f"The request URI contains an invalid name: {name}")
        if len(value.encode()) > MAX_VALUE_BYTES:
            raise VaultError(400, "BadParameter", "The secret value is too long.")
        if name.lower() in self._deleted:
            raise VaultError(
                409,
                "Conflict",
                f"Secret {name} is in a deleted but recoverable state: its name can be used again after it "
                "is recovered or purged.",
                "ObjectIsDeletedButRecoverable",
            )
        now = self._clock()
        secret = self._live.setdefault(name.lower(), Secret(name))
        secret.versions.append(Version(uuid.uuid4().hex, value, attributes or Attributes(), now, now))
        return secret, secret.current

    def find(self, name: str) -> Secret:
        """Return a live secret; raises VaultError when there is none."""
        try:
            return self._live[name.lower()]
        except KeyError:
            raise _not_found(name) from None

    def read(self, name: str, version_id: str) -> tuple[Secret, Version]:
        """Return a version with its value; raises VaultError when it is missing or disabled."""
        secret = self.find(name)
        version = secret.version(version_id)
        if not version.attributes.enabled:
            raise VaultError(
                403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled"
            )
        return secret, version

    def touch(self, version: Version) -> None:
        """Note that a version's attributes were changed."""
        version.updated = self._clock()

    def delete(self, name: str) -> DeletedSecret:
        """Move a secret with all its versions to the recycle bin."""
        secret = self.find(name)
        del self._live[name.lower()]
        deleted = self._deleted[name.lower()] = DeletedSecret(secret, self._clock())
        return deleted

    def find_deleted(self, name: str) -> DeletedSecret:
        """Return a deleted secret; raises VaultError when there is none."""
        try:
            return self._deleted[name.lower()]
        except KeyError:
            raise _not_found(name) from None

    def recover(self, name: str) -> Secret:
        """Bring a secret back from the recycle bin."""
        secret = self.find_deleted(name).secret
        del self._deleted[name.lower()]
        self._live[name.lower()] = secret
        return secret

    def purge(self, name: str) -> None:
        """Remove a deleted secret for ever."""
        self.find_deleted(name)
        del self._deleted[name.lower()]


def _not_found(name: str) -> VaultError:
    return VaultError(
        404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault."
    )
