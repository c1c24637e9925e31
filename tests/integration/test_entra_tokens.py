"""Tokens for a customer's tenant: from the cache in the vault while they last, and what it means when not."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import httpx
import msgspec
import pytest

from sandbox.simulators.tokens import GRAPH_AUDIENCE
from shared.adapters.entra.applications import Applications
from shared.adapters.entra.credential import ServiceCredential
from shared.adapters.entra.id_tokens import IdTokens
from shared.adapters.entra.sign_in import EntraSignIn
from shared.core.connection import Connection, Grant
from shared.core.errors import ActionRequired, OperatorError
from tests.fakes import FakeSecrets
from tests.integration.microsoft import CLIENT_ID, CLIENT_SECRET_NAME, Microsoft
from tests.integration.tenant import GRAPH_SCOPE, SECRET_NAME, connected, kept, open_credential

# MSAL warns once per process; pytest forgets which warnings the app has silenced.
pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post':UserWarning")


class WatchedSecrets(FakeSecrets):
    """Notes what was read and written."""

    def __init__(self, cache: str = "{}") -> None:
        super().__init__()
        self.values[SECRET_NAME] = cache
        self.reads: list[str] = []
        self.writes: list[str] = []

    async def get(self, name: str) -> str | None:
        self.reads.append(name)
        return await super().get(name)

    async def set(self, name: str, value: str) -> None:
        self.writes.append(name)
        await super().set(name, value)


@pytest.fixture
def secrets() -> WatchedSecrets:
    return WatchedSecrets()


class TestApplicationGrant:
    """App-only tokens."""

    @pytest.fixture(autouse=True)
    def consented(self, microsoft: Microsoft) -> None:
        microsoft.consent()

    async def test_a_token_is_for_the_tenant_and_kept_in_the_vault(
        self, microsoft: Microsoft, applications: Applications, secrets: WatchedSecrets
    ) -> None:
        """It carries the permissions that were approved, and no refresh token is with it."""
        token = await open_credential(microsoft, applications, secrets).get_token(GRAPH_SCOPE)
        claims = microsoft.tokens.verify_access_token(token.token, GRAPH_AUDIENCE)
        assert claims["tid"] == microsoft.customer.id
        assert set(claims["roles"]) >= {"User.Read.All", "Organization.Read.All"}
        cache = json.loads(secrets.values[SECRET_NAME])
        assert token.token in str(cache["AccessToken"])
        assert not cache.get("RefreshToken")
        left = token.expires_on - microsoft.clock.now().timestamp()
        assert timedelta(minutes=59).total_seconds() < left < timedelta(minutes=91).total_seconds()

    async def test_a_token_is_asked_for_once_by_many_at_once(
        self, microsoft: Microsoft, applications: Applications, secrets: WatchedSecrets
    ) -> None:
        """Twenty requests that start together share it."""
        credential = open_credential(microsoft, applications, secrets)
        tokens = await asyncio.gather(*(credential.get_token(GRAPH_SCOPE) for _ in range(20)))
        assert len({token.token for token in tokens}) == 1
        assert await microsoft.token_requests() == 1
        assert secrets.writes == [SECRET_NAME]

    async def test_another_process_within_the_hour_uses_it(
        self, microsoft: Microsoft, applications: Applications, secrets: WatchedSecrets
    ) -> None:
        """A second worker finds it in the vault and asks nobody."""
        first = await open_credential(microsoft, applications, secrets).get_token(GRAPH_SCOPE)
        connection = connected(microsoft.clock.now() - timedelta(days=9), read_at=microsoft.clock.now())
        settings = microsoft.settings()
        own = FakeSecrets()
        own.values[CLIENT_SECRET_NAME] = "a secret that nobody looks at"
        another = Applications(settings, ServiceCredential(settings, own, str))
        second = await open_credential(microsoft, another, secrets, connection).get_token(GRAPH_SCOPE)
        another.close()
        assert second.token == first.token
        assert await microsoft.token_requests() == 1
        assert secrets.writes == [SECRET_NAME]

    async def test_a_cache_that_can_only_be_stale_is_not_read(
        self, microsoft: Microsoft, applications: Applications, secrets: WatchedSecrets
    ) -> None:
        """After 90 minutes the vault is spared: no token lives longer."""
        await open_credential(microsoft, applications, secrets).get_token(GRAPH_SCOPE)
        secrets.reads.clear()
        long_ago = microsoft.clock.now() - timedelta(minutes=91)
        later = open_credential(microsoft, applications, secrets, connected(long_ago, read_at=long_ago))
        await later.get_token(GRAPH_SCOPE)
        assert secrets.reads == []
        assert await microsoft.token_requests() == 2

    async def test_a_token_about_to_expire_is_not_used(
        self,
        microsoft: Microsoft,
        applications: Applications,
        secrets: WatchedSecrets,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Less than five minutes might not be enough for the request it is for."""
        monkeypatch.setattr(microsoft.tokens, "draw_lifetime", lambda: timedelta(minutes=4))
        credential = open_credential(microsoft, applications, secrets)
        first = await credential.get_token(GRAPH_SCOPE)
        second = await credential.get_token(GRAPH_SCOPE)
        assert first.token != second.token
        assert await microsoft.token_requests() == 2

    async def test_a_refused_token_is_forgotten(
        self, microsoft: Microsoft, applications: Applications, secrets: WatchedSecrets
    ) -> None:
        """The next one comes past the cache, replaces it there, and is kept again."""
        credential = open_credential(microsoft, applications, secrets)
        first = await credential.get_token(GRAPH_SCOPE)
        credential.forget()
        second = await credential.get_token(GRAPH_SCOPE)
        assert second.token != first.token
        assert await credential.get_token(GRAPH_SCOPE) == second
        assert await microsoft.token_requests() == 2
        assert first.token not in secrets.values[SECRET_NAME]
        assert second.token in secrets.values[SECRET_NAME]

    async def test_claims_that_graph_asks_for_are_asked_for(
        self, microsoft: Microsoft, applications: Applications, secrets: WatchedSecrets
    ) -> None:
        """A claims challenge gets a new token, whatever is cached."""
        credential = open_credential(microsoft, applications, secrets)
        first = await credential.get_token(GRAPH_SCOPE)
        claims = '{"access_token": {"nbf": {"essential": true, "value": "1604106651"}}}'
        second = await credential.get_token(GRAPH_SCOPE, claims=claims)
        assert second.token != first.token

    async def test_without_consent_somebody_must_act(
        self, microsoft: Microsoft, applications: Applications, secrets: WatchedSecrets
    ) -> None:
        """Right after a consent the same answer only means that it is still being copied."""
        microsoft.customer.withdraw_consent(CLIENT_ID)
        with pytest.raises(ActionRequired) as missed:
            await open_credential(microsoft, applications, secrets).get_token(GRAPH_SCOPE)
        assert (missed.value.code, missed.value.replicating) == ("consent_revoked", True)

    async def test_a_tenant_that_is_gone_is_said_to_be(
        self, microsoft: Microsoft, applications: Applications, secrets: WatchedSecrets
    ) -> None:
        """Although its metadata was never asked for."""
        microsoft.customer.deleted = True
        with pytest.raises(ActionRequired) as missed:
            await open_credential(microsoft, applications, secrets).get_token(GRAPH_SCOPE)
        assert missed.value.code == "tenant_not_found"

    async def test_a_cache_that_is_gone_means_disconnected(
        self, microsoft: Microsoft, applications: Applications
    ) -> None:
        """Whoever deletes the secret takes the connection away."""
        with pytest.raises(ActionRequired) as missed:
            await open_credential(microsoft, applications, FakeSecrets()).get_token(GRAPH_SCOPE)
        assert missed.value.code == "consent_revoked"
        assert await microsoft.token_requests() == 0

    async def test_a_connection_without_a_tenant_gets_none(
        self, microsoft: Microsoft, applications: Applications
    ) -> None:
        """Nobody is asked."""
        connection = connected(microsoft.clock.now(), tenant_id=None)
        with pytest.raises(ActionRequired):
            await open_credential(microsoft, applications, kept(), connection).get_token(GRAPH_SCOPE)

    async def test_a_renewed_secret_is_found(
        self,
        microsoft: Microsoft,
        applications: Applications,
        own_secrets: FakeSecrets,
        secrets: WatchedSecrets,
    ) -> None:
        """The refused one is the operator's affair and not kept; the one in the vault then works."""
        await open_credential(microsoft, applications, secrets).get_token(GRAPH_SCOPE)
        microsoft.registration.secrets = {"the renewed secret"}
        credential = open_credential(microsoft, applications, kept())
        with pytest.raises(OperatorError) as refused:
            await credential.get_token(GRAPH_SCOPE)
        assert refused.value.code == "credential_refused"
        own_secrets.values[CLIENT_SECRET_NAME] = "the renewed secret"
        assert (await credential.get_token(GRAPH_SCOPE)).token


class TestDelegatedGrant:
    """Tokens of the administrator who connected."""

    @pytest.fixture
    async def signed_in(
        self, microsoft: Microsoft, applications: Applications, graph_http: httpx.AsyncClient
    ) -> WatchedSecrets:
        """The vault after a sign-in."""
        settings = microsoft.settings()
        entra = EntraSignIn(settings, applications, IdTokens(settings, graph_http))
        request = await entra.begin_sign_in(Grant.DELEGATED, "state", settings.redirect_uri)
        sign_in = await entra.finish_sign_in(request, await microsoft.visit(request["auth_uri"]))
        assert sign_in.token_cache is not None
        return WatchedSecrets(sign_in.token_cache)

    @pytest.fixture
    def connection(self, microsoft: Microsoft) -> Connection:
        return connected(microsoft.clock.now(), grant=Grant.DELEGATED)

    async def test_a_token_is_the_administrators(
        self,
        microsoft: Microsoft,
        applications: Applications,
        signed_in: WatchedSecrets,
        connection: Connection,
    ) -> None:
        """It carries the delegated permissions, and comes from the vault also after months."""
        old = msgspec.structs.replace(connection, connected_at=microsoft.clock.now() - timedelta(days=60))
        token = await open_credential(microsoft, applications, signed_in, old).get_token(GRAPH_SCOPE)
        claims = microsoft.tokens.verify_access_token(token.token, GRAPH_AUDIENCE)
        assert claims["upn"] == "admin@contoso.example"
        assert {"User.Read.All", "Organization.Read.All"} <= set(claims["scp"].split())

    async def test_the_refresh_token_rolls_and_is_saved(
        self,
        microsoft: Microsoft,
        applications: Applications,
        signed_in: WatchedSecrets,
        connection: Connection,
    ) -> None:
        """Each use gives another, which lives its own 90 days; the vault has the last one and only that."""
        before = _refresh_tokens(signed_in)
        credential = open_credential(microsoft, applications, signed_in, connection)
        await credential.get_token(GRAPH_SCOPE)
        credential.forget()
        await credential.get_token(GRAPH_SCOPE)
        after = _refresh_tokens(signed_in)
        assert len(before) == len(after) == 1
        assert before != after

    async def test_another_process_within_the_hour_uses_the_token(
        self,
        microsoft: Microsoft,
        applications: Applications,
        signed_in: WatchedSecrets,
        connection: Connection,
    ) -> None:
        """The refresh token is for when it has expired."""
        first = await open_credential(microsoft, applications, signed_in, connection).get_token(GRAPH_SCOPE)
        asked = await microsoft.token_requests()
        second = await open_credential(microsoft, applications, signed_in, connection).get_token(GRAPH_SCOPE)
        assert second.token == first.token
        assert await microsoft.token_requests() == asked

    async def test_a_revoked_sign_in_must_be_renewed(
        self,
        microsoft: Microsoft,
        applications: Applications,
        signed_in: WatchedSecrets,
        connection: Connection,
    ) -> None:
        """The administrator has to connect again, and nothing in the error says who that is."""
        credential = open_credential(microsoft, applications, signed_in, connection)
        await credential.get_token(GRAPH_SCOPE)
        microsoft.entra.revoke_refresh_tokens(microsoft.customer.id)
        credential.forget()
        with pytest.raises(ActionRequired) as missed:
            await credential.get_token(GRAPH_SCOPE)
        assert missed.value.code == "sign_in_expired"
        assert "admin@contoso" not in f"{missed.value} {missed.value.detail}"

    @pytest.mark.parametrize("gone", ["disabled", "deleted"])
    async def test_an_administrator_who_left_must_be_replaced(
        self,
        microsoft: Microsoft,
        applications: Applications,
        signed_in: WatchedSecrets,
        connection: Connection,
        gone: str,
    ) -> None:
        """Whether the account is blocked or gone."""
        tenant = microsoft.customer
        (tenant.disable if gone == "disabled" else tenant.delete_user)(tenant.admin.id)
        credential = open_credential(microsoft, applications, signed_in, connection)
        credential.forget()
        with pytest.raises(ActionRequired) as missed:
            await credential.get_token(GRAPH_SCOPE)
        assert missed.value.code == "sign_in_expired"

    async def test_a_sign_in_that_is_not_kept_must_be_renewed(
        self, microsoft: Microsoft, applications: Applications, connection: Connection
    ) -> None:
        """The secret is gone, or empty."""
        for secrets in (FakeSecrets(), kept("{}")):
            with pytest.raises(ActionRequired):
                await open_credential(microsoft, applications, secrets, connection).get_token(GRAPH_SCOPE)
        assert await microsoft.token_requests() == 0


def _refresh_tokens(secrets: FakeSecrets) -> set[str]:
    kept = json.loads(secrets.values[SECRET_NAME])["RefreshToken"]
    return {entry["secret"] for entry in kept.values()}
