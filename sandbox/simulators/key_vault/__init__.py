"""A simulated Azure Key Vault: the secrets of one vault."""

from sandbox.simulators.key_vault.application import key_vault_application
from sandbox.simulators.key_vault.store import SecretStore

__all__ = ["SecretStore", "key_vault_application"]
