"""Key Vault: secrets that were deleted by hand, and every way in which the vault says no."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.simulators.faults import Fault
from sandbox.simulators.key_vault.store import Attributes
from shared.adapters.key_vault import KeyVaultSecrets
from shared.core.errors import OperatorError, RetryLater
from shared.ports import SecretProperties
from tests.integration.microsoft import Microsoft

VERSIONS = "GET /secrets/{name}"


async def test_a_secret_that_was_deleted_by_hand_can_be_set_again(
    microsoft: Microsoft, vault: KeyVaultSecrets
) -> None:
    """A deleted secret keeps its name for 90 days; a customer who connects again need not wait for that."""
    await vault.set("connection-1", "old")
    microsoft.secrets.delete("connection-1")
    assert await vault.get("connection-1") is None
    await vault.set("connection-1", "new")
    assert await vault.get("connection-1") == "new"


async def test_a_secret_that_we_deleted_can_be_set_again(vault: KeyVaultSecrets) -> None:
    """Disconnect and connect again."""
    for value in ("first", "second", "third"):
        await vault.set("connection-1", value)
        assert await vault.get("connection-1") == value
        await vault.delete("connection-1")
        assert await vault.get("connection-1") is None


async def test_a_secret_tells_when_it_expires(microsoft: Microsoft, vault: KeyVaultSecrets) -> None:
    """As it was set beside the value, to the second."""
    expires = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    microsoft.secrets.set("entra-client-secret", "value", Attributes(expires=int(expires.timestamp())))
    assert await vault.properties("entra-client-secret") == SecretProperties(expires)


async def test_a_recovery_that_takes_a_while_is_waited_out(
    microsoft: Microsoft, vault: KeyVaultSecrets
) -> None:
    """The vault goes on saying Conflict for a moment after it was asked to recover a secret."""
    await vault.set("connection-1", "old")
    microsoft.secrets.delete("connection-1")
    conflict = {"error": {"code": "Conflict", "message": "is currently being recovered"}}
    # The client itself waits for the secret to be readable again; then the first write still meets this.
    microsoft.vault_faults.add(Fault(kind="status", method="PUT", skip=1, count=1, status=409, body=conflict))
    with pytest.raises(RetryLater):
        await vault.set("connection-1", "new")
    await vault.set("connection-1", "new")
    assert await vault.get("connection-1") == "new"


async def test_a_vault_without_a_role_for_us_is_for_the_operator(
    microsoft: Microsoft, vault: KeyVaultSecrets
) -> None:
    """403, on whatever is tried."""
    forbidden = {"error": {"code": "Forbidden", "message": "Caller is not authorized"}}
    microsoft.vault_faults.add(Fault(kind="status", status=403, body=forbidden, count=None))
    for attempt in (
        vault.get("any"),
        vault.properties("any"),
        vault.set("any", "value"),
        vault.delete("any"),
    ):
        with pytest.raises(OperatorError) as refused:
            await attempt
        assert refused.value.code == "key_vault_refused"
        assert "value" not in str(refused.value)


async def test_a_token_that_the_vault_refuses_is_for_the_operator(
    microsoft: Microsoft, vault: KeyVaultSecrets
) -> None:
    """401 after a token was sent: the vault belongs to another tenant, or the address is wrong."""
    await vault.get("any")
    microsoft.vault_faults.add(Fault(kind="status", status=401, count=None))
    with pytest.raises(OperatorError):
        await vault.get("any")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_vault_that_is_busy_is_tried_again_later(
    microsoft: Microsoft, vault: KeyVaultSecrets, status: int
) -> None:
    """After the client has tried for itself."""
    microsoft.vault_faults.add(Fault(kind="status", status=status, count=None))
    with pytest.raises(RetryLater):
        await vault.get("any")


async def test_a_vault_that_is_busy_for_a_moment_is_not_noticed(
    microsoft: Microsoft, vault: KeyVaultSecrets
) -> None:
    """One 503 and one cut connection, and the secret is there all the same."""
    await vault.set("connection-1", "value")
    microsoft.vault_faults.add(Fault(kind="status", status=503), Fault(kind="reset"))
    assert await vault.get("connection-1") == "value"


async def test_a_value_that_does_not_fit_is_no_silent_loss(vault: KeyVaultSecrets) -> None:
    """A secret holds 25 KB; more than that is an error and the old value stays."""
    await vault.set("connection-1", "old")
    with pytest.raises(Exception, match="too long"):
        await vault.set("connection-1", "x" * 30_000)
    assert await vault.get("connection-1") == "old"
