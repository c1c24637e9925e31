"""Nothing secret lies anywhere but in the vault: not in a table, not on the queue, not in the log."""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.storage.queue.aio import QueueClient

from shared import bootstrap
from shared.adapters.entra.sign_in import EntraSignIn
from shared.app import App
from shared.core.connection import ConnectionState, Grant
from shared.core.run import RunState
from shared.services.access import PortalSession
from tests.integration.microsoft import CLIENT_SECRET, HOSTING_SECRET, Microsoft
from tests.integration.storage import OwnTables, texts
from tests.integration.whole import connect, new_customer, own_names, sync_by_schedule, sync_on_demand

pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post':UserWarning")
TABLES = ["accounts", "changes", "connections", "contacts", "customers", "handshakes", "mirrors", "runs"]
PERSON = "Wilhelmina Unmistakable"


@dataclass
class Secret:
    """Every secret there was, by what it is."""

    words: dict[str, set[str]] = field(default_factory=dict)

    def note(self, what: str, *words: str) -> None:
        self.words.setdefault(what, set()).update(words)

    def found_in(self, text: str) -> set[str]:
        return {what for what, words in self.words.items() if any(word in text for word in words)}


@pytest.fixture
def secret(microsoft: Microsoft, monkeypatch: pytest.MonkeyPatch) -> Secret:
    """Notes every token, code, verifier and nonce while it is made."""
    secret = Secret({"client secret": {CLIENT_SECRET}, "hosting secret": {HOSTING_SECRET}})

    def noting(owner: Any, method: str, what: str) -> None:
        make = getattr(owner, method)

        def noted(*arguments: Any, **options: Any) -> str:
            word: str = make(*arguments, **options)
            secret.note(what, word)
            return word

        monkeypatch.setattr(owner, method, noted)

    noting(microsoft.tokens, "issue_access_token", "access token")
    noting(microsoft.tokens, "issue_id_token", "id token")
    noting(microsoft.entra, "issue_code", "code")
    noting(microsoft.entra, "issue_refresh_token", "refresh token")
    begin = EntraSignIn.begin_sign_in

    async def begun(self: EntraSignIn, *arguments: Any) -> dict[str, Any]:
        request = await begin(self, *arguments)
        secret.note("verifier", request["code_verifier"])
        secret.note("nonce", request["nonce"])
        return request

    monkeypatch.setattr(EntraSignIn, "begin_sign_in", begun)
    return secret


@dataclass
class AtRest:
    """The app, and a look at everything that it keeps."""

    app: App
    tables: OwnTables
    queue: QueueClient

    async def everything(self) -> str:
        kept = [texts(await self.tables.entities(name)) for name in await self.tables.names()]
        messages = await self.queue.peek_messages(32)
        return "\n".join([*kept, *(base64.b64decode(message.content).decode() for message in messages)])


@pytest.fixture
async def at_rest(
    microsoft: Microsoft, azurite_connection_string: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AtRest]:
    own = own_names(monkeypatch)
    app = bootstrap.build(microsoft.settings(AzureWebJobsStorage=azurite_connection_string))
    async with (
        own.from_connection_string(azurite_connection_string) as tables,
        QueueClient.from_connection_string(azurite_connection_string, own.queue_name) as queue,
    ):
        assert isinstance(tables, OwnTables)
        await queue.create_queue()
        yield AtRest(app, tables, queue)
        await tables.drop()
    await app.close()


@pytest.mark.parametrize("grant", Grant)
async def test_from_the_first_click_to_the_last_run_nothing_secret_is_kept(
    microsoft: Microsoft, at_rest: AtRest, secret: Secret, grant: Grant, caplog: pytest.LogCaptureFixture
) -> None:
    """Portal, consent, proof, syncs: the tables, the queue and the log hold no token, code or nonce."""
    caplog.set_level(logging.DEBUG)
    app = at_rest.app
    microsoft.customer.hire(
        userPrincipalName="wilhelmina@contoso.example",
        mail="wilhelmina@contoso.example",
        displayName=PERSON,
        givenName=PERSON.partition(" ")[0],
    )
    customer = await new_customer(app)
    _, key = await app.access.create_key(customer.account_id, "label")
    link = await app.access.portal_link(PortalSession(customer.account_id, customer.id))
    portal, _ = await app.access.open_portal(link)
    secret.note("api key", key, key.rpartition("_")[2])
    secret.note("portal", link, portal)
    handed_out = await connect(app, microsoft, customer, grant)
    secret.note("handshake", *handed_out)
    first = await sync_on_demand(app, customer)
    microsoft.customer.hire(userPrincipalName="second@contoso.example", displayName="Second")
    await sync_by_schedule(app, customer)
    assert (first.state, first.counts.created) == (RunState.SUCCEEDED, 2)

    kept = await at_rest.everything()
    assert await at_rest.tables.names() == TABLES
    assert PERSON in kept
    expected = {"access token", "id token", "code", "verifier", "nonce", "handshake", "portal", "api key"}
    assert expected <= secret.words.keys()
    assert secret.found_in(kept) == set()
    assert secret.found_in(caplog.text) == set()
    for name in (PERSON, "wilhelmina@contoso.example", "admin@contoso.example"):
        assert name not in caplog.text
    vault = texts([version.value for entry in microsoft.secrets.live() for version in entry.versions])
    holds = {"access token"} | ({"refresh token"} if grant is Grant.DELEGATED else set())
    assert holds <= secret.found_in(vault)


async def test_in_the_middle_of_a_consent_nothing_secret_is_kept(
    microsoft: Microsoft, at_rest: AtRest, secret: Secret
) -> None:
    """While the administrator is at Microsoft, verifier and nonce wait where only that browser finds them."""
    customer = await new_customer(at_rest.app)
    _, url = await at_rest.app.onboarding.begin(customer, Grant.APPLICATION)
    ticket = url.rpartition("=")[2]
    secret.note("ticket", ticket)
    assert secret.found_in(await at_rest.everything()) == set()
    redirect = await at_rest.app.onboarding.start(ticket)
    secret.note("handshake", redirect.handshake)
    assert {"verifier", "nonce"} <= secret.words.keys()
    assert secret.found_in(await at_rest.everything()) == set()


async def test_after_a_disconnect_nothing_of_the_tenant_is_kept(
    microsoft: Microsoft, at_rest: AtRest, secret: Secret
) -> None:
    """Token cache, delta link and mirror are gone; the contacts are the customer's and stay."""
    app = at_rest.app
    customer = await new_customer(app)
    await connect(app, microsoft, customer, Grant.DELEGATED)
    await sync_on_demand(app, customer)
    assert await at_rest.tables.entities("mirrors")
    connection = await app.onboarding.disconnect(customer.account_id, customer.connection_id)
    assert connection.state is ConnectionState.DISCONNECTED
    assert await at_rest.tables.entities("mirrors") == []
    assert "$deltatoken" not in texts(await at_rest.tables.entities("connections"))
    live = texts([version.value for entry in microsoft.secrets.live() for version in entry.versions])
    assert secret.found_in(live) == {"client secret"}
    contacts = await app.contacts.of(customer.account_id)
    assert (await contacts.list(customer.connection_id, 10)).items
