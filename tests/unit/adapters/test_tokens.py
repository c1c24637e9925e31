"""A connection's token, and the vault while somebody else changes it."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import msal
import pytest

from shared.adapters.entra.applications import Applications
from shared.adapters.entra.tokens import ConnectionCredential
from shared.core.connection import Connection, Grant
from tests.fakes import ACCOUNT, TENANT, FakeClock, FakeSecrets

SECRET = "connection-1"
REFRESHED = {"access_token": "a token", "expires_in": 3600}


class FakeApplications:
    """Microsoft gives a token; `meanwhile` happens while it is asked for one."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._meanwhile = meanwhile

    async def ask(self, question: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        return question("ours")

    def open(self, _tenant: str, _credential: Any, cache: msal.SerializableTokenCache, **_: Any) -> Any:
        def answer(*_: Any, **__: Any) -> dict[str, Any]:
            self._meanwhile()
            cache.deserialize('{"AccessToken": {}}')
            cache.has_state_changed = True
            return REFRESHED

        return SimpleNamespace(
            get_accounts=lambda: [{}],
            acquire_token_for_client=answer,
            acquire_token_silent_with_error=answer,
        )


def credential(secrets: FakeSecrets, grant: Grant, meanwhile: Callable[[], None]) -> ConnectionCredential:
    """The credential of a connection whose token cache is in the vault."""
    clock = FakeClock()
    secrets.values[SECRET] = "{}"
    connection = Connection(
        id="0123456789abcdef",
        account_id=ACCOUNT,
        customer_id="c-1",
        created_at=clock.now(),
        connected_at=clock.now(),
        tenant_id=TENANT,
        grant=grant,
        secret_name=SECRET,
    )
    return ConnectionCredential(
        connection, cast(Applications, FakeApplications(meanwhile)), secrets, clock.now
    )


@pytest.mark.parametrize("grant", list(Grant))
async def test_a_disconnect_while_a_token_is_fetched_leaves_none_in_the_vault(grant: Grant) -> None:
    """The secret that a disconnect deleted is not written again by a run that was at work."""
    secrets = FakeSecrets()
    token = await credential(secrets, grant, secrets.values.clear).get_token("scope")
    assert token.token == REFRESHED["access_token"]
    assert secrets.values == {}


@pytest.mark.parametrize("grant", list(Grant))
async def test_a_fresh_token_is_kept_while_the_connection_lasts(grant: Grant) -> None:
    """Nobody disconnects, so the cache is in the vault afterwards."""
    secrets = FakeSecrets()
    await credential(secrets, grant, lambda: None).get_token("scope")
    assert secrets.values[SECRET] != "{}"
