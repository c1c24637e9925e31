"""The sign-in of a customer's administrator, from the app's link to Microsoft's answer."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from sandbox.simulators.faults import Fault
from sandbox.simulators.tokens import Forgery
from sandbox.world.model import GLOBAL_ADMINISTRATOR
from shared.adapters.entra.applications import Applications
from shared.adapters.entra.id_tokens import IdTokens
from shared.adapters.entra.sign_in import EntraSignIn
from shared.core.connection import Grant
from shared.core.errors import ConsentRefused, OperatorError, RetryLater
from tests.fakes import FakeSecrets
from tests.integration.microsoft import CLIENT_SECRET_NAME, CUSTOMER_ID, Microsoft

pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post':UserWarning")


@pytest.fixture
def entra(microsoft: Microsoft, applications: Applications, graph_http: httpx.AsyncClient) -> EntraSignIn:
    settings = microsoft.settings()
    return EntraSignIn(settings, applications, IdTokens(settings, graph_http))


async def begin(microsoft: Microsoft, entra: EntraSignIn, grant: Grant) -> dict[str, Any]:
    return await entra.begin_sign_in(grant, "a state", f"{microsoft.app_url}/connect/callback")


async def test_an_administrator_signs_in(microsoft: Microsoft, entra: EntraSignIn) -> None:
    """For an application grant: who, of which tenant, with which roles, and no token of theirs is kept."""
    request = await begin(microsoft, entra, Grant.APPLICATION)
    sign_in = await entra.finish_sign_in(request, await microsoft.visit(request["auth_uri"]))
    admin = microsoft.customer.admin
    assert (sign_in.tenant_id, sign_in.object_id) == (CUSTOMER_ID, admin.id)
    assert sign_in.username == admin.user_principal_name
    assert GLOBAL_ADMINISTRATOR in sign_in.directory_roles
    assert not sign_in.is_guest
    assert sign_in.token_cache is None


async def test_a_delegated_sign_in_brings_a_refresh_token(microsoft: Microsoft, entra: EntraSignIn) -> None:
    """The cache that goes to the vault holds it; the state that is kept meanwhile holds none."""
    request = await begin(microsoft, entra, Grant.DELEGATED)
    assert "refresh_token" not in json.dumps(request)
    sign_in = await entra.finish_sign_in(request, await microsoft.visit(request["auth_uri"]))
    assert sign_in.token_cache is not None
    assert len(json.loads(sign_in.token_cache)["RefreshToken"]) == 1


async def test_the_request_is_safe_and_can_be_kept(microsoft: Microsoft, entra: EntraSignIn) -> None:
    """Code with PKCE and a nonce, for any organization; and it survives being stored as JSON."""
    request = await begin(microsoft, entra, Grant.APPLICATION)
    query = httpx.URL(request["auth_uri"]).params
    assert request["auth_uri"].startswith(f"{microsoft.entra_url}/organizations/oauth2/v2.0/authorize?")
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert query["nonce"] != request["nonce"]
    assert request["code_verifier"] not in request["auth_uri"]
    assert query["state"] == "a state"
    assert "offline_access" not in query["scope"]
    kept = json.loads(json.dumps(request))
    sign_in = await entra.finish_sign_in(kept, await microsoft.visit(request["auth_uri"]))
    assert sign_in.tenant_id == CUSTOMER_ID


async def test_a_sign_in_that_was_called_off_is_declined(microsoft: Microsoft, entra: EntraSignIn) -> None:
    """Microsoft's text, which may name people, is not passed on."""
    request = await begin(microsoft, entra, Grant.APPLICATION)
    answer = {"error": "access_denied", "error_description": "AADSTS65004: someone@contoso.example said no"}
    with pytest.raises(ConsentRefused) as refused:
        await entra.finish_sign_in(request, {**answer, "state": "a state"})
    assert refused.value.code == "consent_declined"
    assert "contoso" not in f"{refused.value}{refused.value.detail}"


@pytest.mark.parametrize("answer", [{}, {"code": "made up"}, {"state": "a state"}])
async def test_an_answer_that_is_made_up_proves_nothing(
    microsoft: Microsoft, entra: EntraSignIn, answer: dict[str, str]
) -> None:
    """No state, no code, or neither."""
    request = await begin(microsoft, entra, Grant.APPLICATION)
    with pytest.raises(ConsentRefused):
        await entra.finish_sign_in(request, answer)


async def test_an_answer_for_another_state_proves_nothing(microsoft: Microsoft, entra: EntraSignIn) -> None:
    """Even with a good code."""
    request = await begin(microsoft, entra, Grant.APPLICATION)
    answer = await microsoft.visit(request["auth_uri"])
    with pytest.raises(ConsentRefused):
        await entra.finish_sign_in(request, {**answer, "state": "another"})


async def test_a_code_counts_once(microsoft: Microsoft, entra: EntraSignIn) -> None:
    """Whoever sends it again is refused."""
    request = await begin(microsoft, entra, Grant.APPLICATION)
    answer = await microsoft.visit(request["auth_uri"])
    await entra.finish_sign_in(request, answer)
    with pytest.raises(ConsentRefused):
        await entra.finish_sign_in(request, answer)


async def test_a_code_counts_for_the_request_it_was_made_for(
    microsoft: Microsoft, entra: EntraSignIn
) -> None:
    """One that was caught elsewhere lacks this browser's verifier."""
    mine = await begin(microsoft, entra, Grant.APPLICATION)
    theirs = await begin(microsoft, entra, Grant.APPLICATION)
    answer = await microsoft.visit(theirs["auth_uri"])
    with pytest.raises(ConsentRefused) as refused:
        await entra.finish_sign_in(mine, answer)
    assert refused.value.code == "sign_in_not_proven"


@pytest.mark.parametrize(
    "forgery",
    [
        Forgery(signing="none"),
        Forgery(signing="other-key"),
        Forgery({"aud": "another application"}),
        Forgery({"nonce": "another"}),
        Forgery({"tid": "0d5c1a7e-4f0a-4d0c-9d0e-1f6f4b1c2a01"}),
        Forgery(remove=frozenset({"nonce"})),
        Forgery(remove=frozenset({"oid"})),
    ],
    ids=["unsigned", "signed by another", "audience", "nonce", "tenant", "no nonce", "no object"],
)
async def test_a_forged_token_proves_nothing(
    microsoft: Microsoft, entra: EntraSignIn, forgery: Forgery
) -> None:
    """Although it came with a good code over a good connection."""
    request = await begin(microsoft, entra, Grant.APPLICATION)
    answer = await microsoft.visit(request["auth_uri"])
    microsoft.entra.next_id_token = forgery
    with pytest.raises(ConsentRefused) as refused:
        await entra.finish_sign_in(request, answer)
    assert refused.value.code == "sign_in_not_proven"


async def test_our_own_refused_credential_is_for_the_operator(
    microsoft: Microsoft, entra: EntraSignIn, own_secrets: FakeSecrets
) -> None:
    """The administrator did nothing wrong; and the renewed secret is looked for at once."""
    request = await begin(microsoft, entra, Grant.APPLICATION)
    answer = await microsoft.visit(request["auth_uri"])
    microsoft.registration.secrets = {"renewed"}
    with pytest.raises(OperatorError):
        await entra.finish_sign_in(request, answer)
    own_secrets.values[CLIENT_SECRET_NAME] = "renewed"
    request = await begin(microsoft, entra, Grant.APPLICATION)
    sign_in = await entra.finish_sign_in(request, await microsoft.visit(request["auth_uri"]))
    assert sign_in.tenant_id == CUSTOMER_ID


async def test_a_sign_in_that_cannot_begin_is_tried_later(microsoft: Microsoft, entra: EntraSignIn) -> None:
    """Nobody is sent to an address that is not known."""
    microsoft.entra_faults.add(Fault(kind="status", path="openid-configuration", status=503, count=None))
    with pytest.raises(RetryLater):
        await begin(microsoft, entra, Grant.APPLICATION)


@pytest.mark.parametrize("path", ["oauth2/v2.0/token", "discovery/v2.0/keys"])
async def test_an_outage_is_no_refusal(microsoft: Microsoft, entra: EntraSignIn, path: str) -> None:
    """Whichever of the requests after a sign-in it hits."""
    request = await begin(microsoft, entra, Grant.APPLICATION)
    answer = await microsoft.visit(request["auth_uri"])
    microsoft.entra_faults.add(Fault(kind="status", path=path, status=503, count=None))
    with pytest.raises(RetryLater):
        await entra.finish_sign_in(request, answer)


async def test_the_consent_page_is_the_tenants(microsoft: Microsoft, entra: EntraSignIn) -> None:
    """It asks for what the registration lists, and its answer names the tenant and the state."""
    microsoft.customer.withdraw_consent(microsoft.registration.client_id)
    callback = f"{microsoft.app_url}/connect/callback"
    url = entra.admin_consent_url(CUSTOMER_ID, "a state", callback)
    answer = await microsoft.visit(url)
    assert (answer["admin_consent"], answer["tenant"], answer["state"]) == ("True", CUSTOMER_ID, "a state")
    principal = microsoft.customer.service_principals[microsoft.registration.client_id]
    assert principal.app_roles == microsoft.registration.required_app_roles
