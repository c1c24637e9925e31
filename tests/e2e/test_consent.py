"""Consent, from the link to the working connection, and everything that must not count as one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from azure.data.tables import TableServiceClient, UpdateMode

from sandbox.api_client import Document
from sandbox.person import Visit
from sandbox.simulators.tokens import PERSONAL_ACCOUNTS_TENANT
from sandbox.world.seed import CUSTOMERS_BY_KEY
from tests.e2e.scene import Customer, Page, Scene, query_of

pytestmark = pytest.mark.e2e

OTHER_TENANT = CUSTOMERS_BY_KEY["contoso"].tenant_id


class Attempt:
    """A connection before somebody tries to connect it, to be compared with how it is afterwards."""

    def __init__(self, scene: Scene, customer: Customer, secrets: set[str], before: Document | None) -> None:
        self.scene, self.customer, self.secrets, self.before = scene, customer, secrets, before

    @classmethod
    async def begin(cls, scene: Scene, customer: Customer) -> Attempt:
        response = await scene.request("GET", f"/customers/{customer.id}/connection")
        before = response.json() if response.is_success else None
        return cls(scene, customer, await scene.secret_names(), before)

    async def left_nothing(self, state: str) -> None:
        """Nothing of the attempt is kept: no tenant, no secret, no run; and nothing can be synced."""
        connection = await self.scene.api.connection(self.customer.id)
        assert connection["state"] == state
        assert connection["tenant"] is connection["connected_at"] is connection["connected_by"] is None
        assert await self.scene.secret_names() == self.secrets
        assert await self.scene.api.runs(self.customer.id) == []
        refused = await self.scene.request("POST", f"/customers/{self.customer.id}/runs")
        assert refused.status_code == 409

    async def changed_nothing(self) -> None:
        """The connection is to the letter what it was."""
        assert self.before is not None
        assert await self.scene.api.connection(self.customer.id) == self.before
        assert await self.scene.secret_names() == self.secrets


def check_refusal(visit: Visit, status: int, code: str, actor: str) -> Page:
    """The visit ended on a page that says what happened, who must act, and how."""
    page = Page.of(visit)
    assert page.status == status
    assert page.heading
    assert f"Code {code}" in page.text
    _, _, who = page.text.partition("Who must act ")
    assert who.startswith(actor)
    assert " How " in who
    return page


ADMIN, TECHNICIAN = "An administrator of the customer", "You, or whoever looks after this customer"


@pytest.mark.parametrize("grant", ["application", "delegated"])
async def test_an_administrator_connects_the_organization(scene: Scene, grant: str) -> None:
    """From the link to contacts; the secret of the connection is in Key Vault."""
    customer = await scene.customer("quince")
    attempt = await Attempt.begin(scene, customer)
    async with scene.person() as person:
        visit = await person.connect(
            await scene.api.begin_connection(customer.id, grant), account=customer.admin
        )
    assert Page.of(visit).heading == "Connected"
    assert "code=" not in str(visit.response.url)

    connection = await scene.api.connection(customer.id)
    assert (connection["state"], connection["grant"]) == ("active", grant)
    assert connection["connected_by"] == customer.admin
    tenant = customer.tenant
    assert connection["tenant"] == {
        "id": tenant.tenant_id,
        "name": tenant.display_name,
        "domain": tenant.domains[0],
    }
    assert len(await scene.secret_names() - attempt.secrets) == 1
    run = await scene.sync(customer)
    assert (run["state"], run["read_mode"], run["full_reason"]) == ("succeeded", "full", "first")
    assert len(await scene.contacts(customer)) == run["counts"]["created"] > 0


@pytest.mark.parametrize(
    ("grant", "at"),
    [("application", "admin_consent"), ("application", "consent"), ("delegated", "consent")],
)
async def test_a_declined_consent_leaves_nothing(scene: Scene, grant: str, at: Any) -> None:
    """Whoever says no on either of Microsoft's pages is told so, and nothing is kept."""
    customer = await scene.customer("quince")
    attempt = await Attempt.begin(scene, customer)
    async with scene.person() as person:
        visit = await person.connect(
            await scene.api.begin_connection(customer.id, grant),
            account=customer.admin,
            decision="decline",
            at=at,
        )
    check_refusal(visit, 403, "consent_declined", ADMIN)
    await attempt.left_nothing("pending")


async def test_a_consent_that_is_closed_half_way_is_still_open(scene: Scene) -> None:
    """Nothing is kept while the administrator looks at Microsoft's page."""
    customer = await scene.customer("quince")
    attempt = await Attempt.begin(scene, customer)
    async with scene.person() as person:
        url = await scene.api.begin_connection(customer.id, "application")
        await person.connect(url, account=customer.admin, decision="close")
    await attempt.left_nothing("consenting")


async def test_a_callback_counts_once(scene: Scene) -> None:
    """The addresses Microsoft led back to are worthless afterwards, in the same browser too."""
    customer = await scene.customer("quince")
    async with scene.person() as person:
        url = await scene.api.begin_connection(customer.id, "application")
        visit = await person.connect(url, account=customer.admin)
        attempt = await Attempt.begin(scene, customer)
        for hop in visit.hops:
            if hop.url.startswith(scene.callback):
                check_refusal(await person.open(hop.url), 410, "consent_link_used", TECHNICIAN)
    await attempt.changed_nothing()


async def test_a_sign_in_counts_once_before_the_end_too(scene: Scene) -> None:
    """The code of a sign-in cannot be used again while the approval is still open."""
    customer = await scene.customer("quince")
    attempt = await Attempt.begin(scene, customer)
    async with scene.person() as person:
        url = await scene.api.begin_connection(customer.id, "application")
        visit = await person.connect(url, account=customer.admin, decision="close")
        replayed = await person.replay(visit, scene.callback)
    check_refusal(replayed, 410, "consent_link_used", TECHNICIAN)
    await attempt.left_nothing("consenting")


@pytest.mark.parametrize("with_state", [True, False], ids=["guessed state", "no state"])
async def test_an_approval_out_of_nowhere_is_worthless(scene: Scene, with_state: bool) -> None:
    """Anybody can write the redirect of an approval; without its handshake nothing happens."""
    customer = await scene.customer("quince")
    await scene.api.begin_connection(customer.id, "application")
    attempt = await Attempt.begin(scene, customer)
    forged = {"admin_consent": "True", "tenant": customer.tenant.tenant_id}
    if with_state:
        forged["state"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    async with scene.person() as person:
        visit = await person.open(f"{scene.callback}?{urlencode(forged)}")
    check_refusal(visit, 410, "consent_link_used", TECHNICIAN)
    await attempt.left_nothing("pending")
    await attempt.changed_nothing()


async def test_another_browser_cannot_finish_a_consent(scene: Scene) -> None:
    """Who knows the state but lacks the cookie gets nowhere, and does not disturb who has it."""
    customer = await scene.customer("quince")
    attempt = await Attempt.begin(scene, customer)
    async with scene.person() as person, scene.person() as thief:
        url = await scene.api.begin_connection(customer.id, "application")
        visit = await person.connect(url, account=customer.admin, decision="close")
        state = query_of(visit, "/adminconsent")["state"]
        forged = {"admin_consent": "True", "tenant": customer.tenant.tenant_id, "state": state}
        stolen = await thief.open(f"{scene.callback}?{urlencode(forged)}")
        check_refusal(stolen, 410, "consent_link_used", TECHNICIAN)
        await attempt.left_nothing("consenting")
        # The rightful browser's handshake is still good: its own refusal is taken up.
        declined = {"error": "consent_required", "admin_consent": "True", "state": state}
        own = await person.open(f"{scene.callback}?{urlencode(declined)}")
    check_refusal(own, 403, "consent_declined", ADMIN)
    await attempt.left_nothing("pending")


async def test_an_approval_for_another_tenant_does_not_count(scene: Scene) -> None:
    """The tenant that approved must be the one that signed in."""
    customer = await scene.customer("quince")
    attempt = await Attempt.begin(scene, customer)
    async with scene.person() as person:
        url = await scene.api.begin_connection(customer.id, "application")
        visit = await person.connect(url, account=customer.admin, decision="close")
        state = query_of(visit, "/adminconsent")["state"]
        answer = {"admin_consent": "True", "tenant": OTHER_TENANT, "state": state}
        ended = await person.open(f"{scene.callback}?{urlencode(answer)}")
    check_refusal(ended, 403, "tenant_mismatch", ADMIN)
    await attempt.left_nothing("pending")


async def test_a_claimed_approval_is_not_believed_before_microsoft_gives_a_token(scene: Scene) -> None:
    """An administrator who signs in but only pretends to approve gets no working connection."""
    customer = await scene.customer("quince")
    async with scene.person() as person:
        url = await scene.api.begin_connection(customer.id, "application")
        visit = await person.connect(url, account=customer.admin, decision="close")
        await scene.withdraw(customer)
        state = query_of(visit, "/adminconsent")["state"]
        answer = {"admin_consent": "True", "tenant": customer.tenant.tenant_id, "state": state}
        ended = await person.open(f"{scene.callback}?{urlencode(answer)}")
    assert Page.of(ended).heading == "Almost there"
    assert (await scene.api.connection(customer.id))["state"] == "validating"
    refused = await scene.request("POST", f"/customers/{customer.id}/runs")
    assert refused.status_code == 409
    assert await scene.api.contacts(customer.id) == []
    await scene.api.disconnect(customer.id)  # or it would be asked for a few minutes more


async def test_a_link_is_good_for_one_connect(scene: Scene) -> None:
    """A used link opens nothing; a new one does."""
    customer = await scene.customer("quince")
    url = await scene.api.begin_connection(customer.id, "application")
    async with scene.person() as person, scene.person() as second:
        await person.connect(url, account=customer.admin, decision="close")
        again = await second.open(url)
    check_refusal(again, 410, "link_used", TECHNICIAN)
    await scene.connect(customer)


async def test_looking_at_a_link_does_not_use_it_up(scene: Scene) -> None:
    """Mail scanners open links before people do."""
    customer = await scene.customer("quince")
    url = await scene.api.begin_connection(customer.id, "application")
    async with scene.person() as scanner, scene.person() as person:
        assert (await scanner.open(url)).response.status_code == 200
        assert (await scanner.open(url)).response.status_code == 200
        visit = await person.connect(url, account=customer.admin)
    assert Page.of(visit).heading == "Connected"


async def test_a_link_that_has_expired_opens_nothing(scene: Scene) -> None:
    """After ten minutes, which pass by a change of the stored moment, the link is worthless."""
    customer = await scene.customer("quince")
    url = await scene.api.begin_connection(customer.id, "application")
    attempt = await Attempt.begin(scene, customer)
    await asyncio.to_thread(_expire_tickets, scene.stack.azurite.connection_string)
    async with scene.person() as person:
        visit = await person.connect(url, account=customer.admin)
    check_refusal(visit, 410, "link_used", TECHNICIAN)
    await attempt.left_nothing("pending")
    await attempt.changed_nothing()


def _expire_tickets(connection_string: str) -> None:
    with TableServiceClient.from_connection_string(connection_string) as service:
        table = service.get_table_client("handshakes")
        with table:
            for entity in table.query_entities("PartitionKey eq 'consent-ticket'"):
                entity["expires_at"] = datetime.now(UTC) - timedelta(seconds=1)
                table.update_entity(entity, UpdateMode.REPLACE)


@pytest.mark.parametrize(
    ("grant", "code"), [("application", "admin_required"), ("delegated", "consent_declined")]
)
async def test_who_is_no_administrator_cannot_connect(scene: Scene, grant: str, code: str) -> None:
    """An ordinary member of the organization is told who can."""
    customer = await scene.customer("contoso")
    attempt = await Attempt.begin(scene, customer)
    async with scene.person() as person:
        url = await scene.api.begin_connection(customer.id, grant)
        visit = await person.connect(url, account=f"AdeleV@{customer.domain}")
    check_refusal(visit, 403, code, ADMIN)
    await attempt.left_nothing("pending")


async def test_an_application_administrator_cannot_approve_application_permissions(scene: Scene) -> None:
    """Microsoft lets only two roles approve them, so we ask for one of those at once."""
    customer = await scene.customer("northmoor")
    attempt = await Attempt.begin(scene, customer)
    async with scene.person() as person:
        url = await scene.api.begin_connection(customer.id, "application")
        visit = await person.connect(url, account=f"apps@{customer.domain}")
    check_refusal(visit, 403, "admin_required", ADMIN)
    await attempt.left_nothing("pending")


@pytest.mark.parametrize("grant", ["application", "delegated"])
async def test_a_guest_cannot_connect_the_organization(scene: Scene, grant: str) -> None:
    """Whatever roles a guest has, the organization is not theirs."""
    customer = await scene.customer("quince")
    attempt = await Attempt.begin(scene, customer)
    await scene.entra("next-id-token", claims={"acct": 1})
    async with scene.person() as person:
        url = await scene.api.begin_connection(customer.id, grant)
        visit = await person.connect(url, account=customer.admin)
    check_refusal(visit, 403, "guest_not_allowed", ADMIN)
    await attempt.left_nothing("pending")


FORGERIES: dict[str, dict[str, Any]] = {
    "wrong audience": {"claims": {"aud": "5b1f4a0c-0f6e-4f0e-9a53-6a2f8c9f2d11"}},
    "issuer of another tenant": {"claims": {"iss": f"{{authority}}/{OTHER_TENANT}/v2.0"}},
    "tenant id of another tenant": {"claims": {"tid": OTHER_TENANT}},
    "signed with an unpublished key": {"signing": "other-key"},
    "not signed": {"signing": "none"},
    "expired": {"claims": {"exp": 1_700_000_000, "iat": 1_699_996_400, "nbf": 1_699_996_400}},
    "personal account": {
        "claims": {
            "tid": PERSONAL_ACCOUNTS_TENANT,
            "iss": f"{{authority}}/{PERSONAL_ACCOUNTS_TENANT}/v2.0",
        },
        "signing": "consumer-key",
    },
    "signed with the key of personal accounts": {"signing": "consumer-key"},
    "no nonce": {"remove": ["nonce"]},
    "another nonce": {"claims": {"nonce": "0" * 64}},
    "no tenant id": {"remove": ["tid"]},
    "no object id": {"remove": ["oid"]},
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_id_token_proves_nothing(scene: Scene, forgery: str) -> None:
    """Every claim that says who signed in is checked, and so is the signature."""
    customer = await scene.customer("quince")
    attempt = await Attempt.begin(scene, customer)
    order = dict(FORGERIES[forgery])
    authority = scene.stack.outside.world.entra_url
    order["claims"] = {
        name: value.format(authority=authority) if isinstance(value, str) else value
        for name, value in order.get("claims", {}).items()
    }
    await scene.entra("next-id-token", **order)
    async with scene.person() as person:
        url = await scene.api.begin_connection(customer.id, "delegated")
        visit = await person.connect(url, account=customer.admin)
    check_refusal(visit, 403, "sign_in_not_proven", ADMIN)
    await attempt.left_nothing("pending")


async def test_a_reconnect_must_come_from_the_connected_tenant(scene: Scene) -> None:
    """Another organization's administrator changes nothing about a connection that works."""
    customer = await scene.connected("quince")
    attempt = await Attempt.begin(scene, customer)
    async with scene.person() as person:
        url = await scene.api.begin_connection(customer.id, "application")
        visit = await person.connect(url, account="admin@harbourlane.example")
    check_refusal(visit, 403, "tenant_mismatch", ADMIN)
    await attempt.changed_nothing()


async def test_a_reconnect_keeps_the_connection(scene: Scene) -> None:
    """The same tenant may connect again: same id, same configuration, one secret."""
    customer = await scene.imported("quince")
    attempt = await Attempt.begin(scene, customer)
    again = await scene.connect(customer)
    assert attempt.before is not None
    assert again["id"] == attempt.before["id"]
    assert again["configuration_version"] == attempt.before["configuration_version"]
    assert await scene.secret_names() == attempt.secrets
    run = await scene.sync(customer)
    assert (run["state"], run["read_mode"], run["applied"]) == ("succeeded", "delta", 0)
