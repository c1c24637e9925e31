"""Signing in at the simulated Entra ID: who, where, and what the application learns."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import msal
import pytest
import requests

from sandbox.world.model import DEFAULT_USER_ROLE, GLOBAL_ADMINISTRATOR
from tests.sandbox.conftest import CLIENT_ID, SECRET, Identity

USER_READ_ALL = "https://graph.microsoft.com/User.Read.All"


@contextmanager
def msal_client(
    identity: Identity, *, cache: msal.TokenCache | None = None
) -> Iterator[msal.ConfidentialClientApplication]:
    with requests.Session() as session:
        yield msal.ConfidentialClientApplication(
            CLIENT_ID,
            client_credential=SECRET,
            authority=f"{identity.url}/organizations",
            instance_discovery=False,
            token_cache=cache,
            http_client=session,
        )


def begin(identity: Identity, scopes: list[str]) -> dict[str, Any]:
    with msal_client(identity) as client:
        flow: dict[str, Any] = client.initiate_auth_code_flow(
            scopes, redirect_uri=identity.callback, response_mode="form_post"
        )
    return flow


def finish(identity: Identity, flow: dict[str, Any], cache: msal.TokenCache | None = None) -> dict[str, Any]:
    with msal_client(identity, cache=cache) as client:
        answer: dict[str, Any] = client.acquire_token_by_auth_code_flow(flow, identity.calls[-1])
    return answer


def renew(identity: Identity, cache: msal.TokenCache) -> dict[str, Any]:
    with msal_client(identity, cache=cache) as client:
        (account,) = client.get_accounts()
        answer: dict[str, Any] = client.acquire_token_silent_with_error(
            [USER_READ_ALL], account, force_refresh=True
        )
    return answer


async def id_token_claims(identity: Identity, code: str) -> dict[str, object]:
    answer = (await identity.redeem(code)).json()
    claims: dict[str, object] = jwt.decode(answer["id_token"], options={"verify_signature": False})
    return claims


async def test_msal_signs_an_administrator_in_with_pkce_and_nonce(identity: Identity) -> None:
    """The whole code flow works with MSAL, and the id_token verifies against the published keys."""
    flow = await asyncio.to_thread(begin, identity, [])
    async with identity.person() as person:
        visit = await person.connect(flow["auth_uri"], account="admin@contoso.example")
    assert visit.response.json()["fields"] == identity.calls[-1]
    answer = await asyncio.to_thread(finish, identity, flow)
    keys = (await identity.http.get(f"{identity.url}/organizations/discovery/v2.0/keys")).json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(answer["id_token"])["kid"]]
    claims = jwt.decode(answer["id_token"], key, algorithms=["RS256"], audience=CLIENT_ID)
    admin = identity.contoso.admin
    assert claims["iss"] == f"{identity.url}/{identity.contoso.id}/v2.0"
    assert (claims["tid"], claims["oid"], claims["ver"]) == (identity.contoso.id, admin.id, "2.0")
    assert claims["preferred_username"] == "admin@contoso.example"
    assert set(claims["wids"]) == {GLOBAL_ADMINISTRATOR, DEFAULT_USER_ROLE}
    assert claims["acct"] == 0
    # MSAL sends a hash of the nonce, and has compared it when it took the answer.
    assert claims["nonce"] == hashlib.sha256(flow["nonce"].encode()).hexdigest()


async def test_msal_renews_silently_from_its_serialized_cache(identity: Identity) -> None:
    """A refresh token that was stored with MSAL's cache still brings a new access token later."""
    await identity.control("consent/grant", tenant_id=identity.contoso.id, client_id=CLIENT_ID)
    flow = await asyncio.to_thread(begin, identity, [USER_READ_ALL])
    async with identity.person() as person:
        await person.connect(flow["auth_uri"], account="admin@contoso.example")
    stored = msal.SerializableTokenCache()
    first = await asyncio.to_thread(finish, identity, flow, stored)
    later = msal.SerializableTokenCache()
    later.deserialize(stored.serialize())
    second = await asyncio.to_thread(renew, identity, later)
    assert second["access_token"] != first["access_token"]
    claims = jwt.decode(second["access_token"], options={"verify_signature": False})
    assert claims["scp"] == "User.Read.All openid profile"
    assert claims["oid"] == identity.contoso.admin.id


async def test_state_and_code_return_in_the_query(identity: Identity) -> None:
    """The redirect carries the code and the unchanged state, and nothing else."""
    told = await identity.sign_in("admin@contoso.example", state="a&b=c é")
    assert set(told) == {"code", "state"}
    assert told["state"] == "a&b=c é"


async def test_form_post_sends_the_answer_in_a_body(identity: Identity) -> None:
    """With response_mode=form_post the application is called back by a POST."""
    async with identity.person() as person:
        visit = await person.connect(
            identity.authorize_url(response_mode="form_post"), account="admin@contoso.example"
        )
    assert (visit.hops[-1].method, visit.hops[-1].url) == ("POST", identity.callback)
    assert set(identity.calls[-1]) == {"code", "state"}


async def test_a_member_without_a_role_has_only_the_pseudo_role(identity: Identity) -> None:
    """`wids` tells an administrator from everybody else."""
    told = await identity.sign_in("member@contoso.example")
    assert (await id_token_claims(identity, told["code"]))["wids"] == [DEFAULT_USER_ROLE]


async def test_a_guest_signs_in_at_home_unless_the_host_is_named(identity: Identity) -> None:
    """The same account is a member at home and a guest, under another object id, where it was invited."""
    at_home = await identity.sign_in("member@contoso.example")
    home_claims = await id_token_claims(identity, at_home["code"])
    as_guest = await identity.sign_in("member@contoso.example", identity.fabrikam.id)
    guest_claims = await id_token_claims(identity, as_guest["code"])
    assert (home_claims["tid"], home_claims["acct"]) == (identity.contoso.id, 0)
    assert (guest_claims["tid"], guest_claims["acct"]) == (identity.fabrikam.id, 1)
    assert guest_claims["oid"] == identity.guest.id != home_claims["oid"]


async def test_without_the_profile_scope_the_person_stays_anonymous(identity: Identity) -> None:
    """`oid` and the names are given only to an application that asked for the profile."""
    told = await identity.sign_in("admin@contoso.example", scope="openid")
    claims = await id_token_claims(identity, told["code"])
    assert not {"oid", "name", "preferred_username"} & set(claims)
    assert claims["tid"] == identity.contoso.id


async def test_without_openid_and_offline_access_there_are_no_such_tokens(identity: Identity) -> None:
    """id_token and refresh_token are issued only when their scopes were asked for."""
    told = await identity.sign_in("admin@contoso.example", scope="User.Read")
    answer = (await identity.redeem(told["code"])).json()
    assert not {"id_token", "refresh_token"} & set(answer)
    assert answer["scope"] == "https://graph.microsoft.com/User.Read"


async def test_the_first_sign_in_asks_for_consent_and_the_second_does_not(identity: Identity) -> None:
    """What a person has accepted is not asked again, unless the application insists."""
    pages = []
    for prompt in ({}, {}, {"prompt": "consent"}):
        async with identity.person() as person:
            visit = await person.connect(
                identity.authorize_url(**prompt), account="member@contoso.example", at="consent"
            )
        pages.append([hop.page for hop in visit.hops if hop.page])
    assert pages == [["sign_in", "consent"], ["sign_in"], ["sign_in", "consent"]]


async def test_a_declined_sign_in_is_reported_as_access_denied(identity: Identity) -> None:
    """Cancel on the consent page reaches the application as an error with its state, and grants nothing."""
    async with identity.person() as person:
        await person.connect(
            identity.authorize_url(), account="member@contoso.example", decision="decline", at="consent"
        )
    told = identity.calls[-1]
    assert (told["error"], told["state"]) == ("access_denied", "a state")
    assert told["error_description"].startswith("AADSTS65004: ")
    assert CLIENT_ID not in identity.contoso.service_principals


async def test_restricted_permissions_need_an_administrator(identity: Identity) -> None:
    """A member who is asked for a tenant-wide permission can only go back; an administrator can accept."""
    url = identity.authorize_url(scope="openid https://graph.microsoft.com/User.Read.All")
    async with identity.person() as person:
        visit = await person.connect(url, account="member@contoso.example")
        assert "approval_required" in [hop.page for hop in visit.hops]
        assert identity.calls[-1]["error"] == "access_denied"
        assert identity.calls[-1]["error_description"].startswith("AADSTS90094: ")
        await person.connect(url, account="apps@contoso.example")
    assert set(identity.calls[-1]) == {"code", "state"}


async def test_a_member_cannot_accept_by_posting_past_the_page(identity: Identity) -> None:
    """The approval is checked when it is given, not only when the page is shown."""
    url = identity.authorize_url(scope="openid User.Read.All")
    page = (await identity.http.get(url)).text
    flow = page.partition('name="flow" value="')[2].partition('"')[0]
    fields = {"flow": flow, "account": "member@contoso.example"}
    await identity.http.post(f"{identity.url}/sign-in", data=fields)
    response = await identity.http.post(f"{identity.url}/decision", data={"flow": flow, "decision": "accept"})
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    assert query["error_description"][0].startswith("AADSTS90094: ")


@pytest.mark.parametrize(
    ("account", "tenant", "code"),
    [
        ("nobody@contoso.example", "organizations", 50034),
        ("left@contoso.example", "organizations", 50057),
        ("member@contoso.example", "operator.example", 50020),
        ("member_contoso.example#EXT#@fabrikam.onmicrosoft.com", "organizations", 50034),
    ],
)
async def test_an_account_that_may_not_sign_in_stays_on_the_page(
    identity: Identity, account: str, tenant: str, code: int
) -> None:
    """Unknown, disabled and foreign accounts are told so, and the application hears nothing."""
    async with identity.person() as person:
        visit = await person.connect(identity.authorize_url(tenant), account=account)
    assert visit.page == "sign_in"
    assert f"AADSTS{code}: " in visit.response.text
    assert identity.calls == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redirect_uri": "https://attacker.example/"}, 50011),
        ({"redirect_uri": ""}, 900144),
        ({"client_id": "0b0a4c51-0c5f-4a7e-9a3c-2f0e8f8f9f10"}, 700016),
        ({"client_id": "not an id"}, 700038),
    ],
)
async def test_an_unsafe_request_ends_on_an_error_page(
    identity: Identity, changes: dict[str, str], code: int
) -> None:
    """What is wrong with the application or its address is never told to that address."""
    response = await identity.http.get(identity.authorize_url(**changes))
    assert response.status_code == 400
    assert f"AADSTS{code}" in response.text
    assert 'data-entra-page="error"' in response.text


@pytest.mark.parametrize(
    ("tenant", "code"),
    [
        ("11111111-2222-4333-8444-555555555555", 90002),
        ("nowhere.example", 90002),
        ("nonsense", 900023),
        ("consumers", 9002346),
    ],
)
async def test_an_address_without_a_tenant_ends_on_an_error_page(
    identity: Identity, tenant: str, code: int
) -> None:
    """A tenant that does not exist cannot be signed in to."""
    response = await identity.http.get(identity.authorize_url(tenant))
    assert response.status_code == 400
    assert f"AADSTS{code}" in response.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": ""}, "invalid_request"),
        ({"scope": "https://elsewhere.example/.default"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "S512"}, "invalid_request"),
    ],
)
async def test_a_faulty_request_is_reported_to_the_application(
    identity: Identity, changes: dict[str, str], error: str
) -> None:
    """Errors that the application can do something about come back at once, with the state."""
    response = await identity.http.get(identity.authorize_url(**changes))
    target = urlsplit(response.headers["Location"])
    query = parse_qs(target.query)
    assert f"{target.scheme}://{target.netloc}{target.path}" == identity.callback
    assert (query["error"], query["state"]) == ([error], ["a state"])


async def test_a_finished_sign_in_cannot_be_submitted_again(identity: Identity) -> None:
    """Going back in the browser and accepting once more does not make a second code."""
    page = (await identity.http.get(identity.authorize_url())).text
    fields = {"flow": page.partition('name="flow" value="')[2].partition('"')[0]}
    await identity.http.post(f"{identity.url}/sign-in", data={**fields, "account": "member@contoso.example"})
    first = await identity.http.post(f"{identity.url}/decision", data={**fields, "decision": "accept"})
    second = await identity.http.post(f"{identity.url}/decision", data={**fields, "decision": "accept"})
    assert (first.status_code, second.status_code) == (302, 400)
    assert "AADSTS165000" in second.text


async def test_a_decision_without_a_sign_in_is_refused(identity: Identity) -> None:
    """Nobody can accept before somebody has signed in."""
    page = (await identity.http.get(identity.authorize_url())).text
    fields = {"flow": page.partition('name="flow" value="')[2].partition('"')[0], "decision": "accept"}
    response = await identity.http.post(f"{identity.url}/decision", data=fields)
    assert response.status_code == 400
    assert "AADSTS165000" in response.text


async def test_the_sign_in_page_offers_accounts_and_takes_the_hint(identity: Identity) -> None:
    """The page says that it is a simulation, and offers an administrator and a guest by name."""
    response = await identity.http.get(
        identity.authorize_url(identity.fabrikam.id, login_hint="me@x.example")
    )
    assert "Simulated Microsoft sign-in: nothing leaves this machine" in response.text
    assert 'value="me@x.example"' in response.text
    assert 'value="admin@fabrikam.example"' in response.text
    assert 'value="member@contoso.example"' in response.text
    assert "script" not in response.text


async def test_a_code_is_good_once(identity: Identity) -> None:
    """The second redemption of a code fails."""
    told = await identity.sign_in("admin@contoso.example")
    first, second = await identity.redeem(told["code"]), await identity.redeem(told["code"])
    assert first.status_code == 200
    assert (second.status_code, second.json()["error_codes"]) == (400, [54005])


async def test_a_code_lives_ten_minutes(identity: Identity) -> None:
    """A code that nobody redeemed in time is worth nothing."""
    told = await identity.sign_in("admin@contoso.example")
    identity.clock.passed = timedelta(minutes=11)
    response = await identity.redeem(told["code"])
    assert (response.json()["error"], response.json()["error_codes"]) == ("invalid_grant", [70008])


@pytest.mark.parametrize("verifier", ["", "w" * 43])
async def test_a_code_needs_its_verifier(identity: Identity, verifier: str) -> None:
    """A stolen code is useless without the verifier, and a failed try does not use the code up."""
    challenge = "mnLqhQKK9DpY2Zx6pJcRqLiHqT9nG8dD2hC6kR3bM5w"
    told = await identity.sign_in(
        "admin@contoso.example", code_challenge=challenge, code_challenge_method="S256"
    )
    response = await identity.redeem(told["code"], code_verifier=verifier)
    assert (response.json()["error"], response.json()["error_codes"]) == ("invalid_grant", [501481])
    again = await identity.redeem(told["code"], code_verifier=verifier)
    assert again.json()["error_codes"] == [501481]


async def test_a_code_is_bound_to_its_redirect_uri_and_client(identity: Identity) -> None:
    """Neither another address nor another application can redeem a code."""
    told = await identity.sign_in("admin@contoso.example")
    moved = await identity.redeem(told["code"], redirect_uri="https://elsewhere.example/")
    assert moved.json()["error_codes"] == [500112]
    other = type(identity.application)(
        "7b0e2f60-56a1-4b43-a8d5-9fd33f2b1e12", "Other", identity.operator.id, {"other secret"}
    )
    identity.world.add_application(other)
    stolen = await identity.redeem(told["code"], client_id=other.client_id, client_secret="other secret")
    assert stolen.json()["error_codes"] == [70000]
    assert (await identity.redeem(told["code"])).status_code == 200


async def test_signing_out_returns_to_a_registered_address_only(identity: Identity) -> None:
    """The logout page is no open redirector."""
    address = f"{identity.url}/organizations/oauth2/v2.0/logout"
    known = await identity.http.get(address, params={"post_logout_redirect_uri": identity.callback})
    unknown = await identity.http.get(address, params={"post_logout_redirect_uri": "https://x.example/"})
    assert (known.status_code, known.headers["Location"]) == (302, identity.callback)
    assert (unknown.status_code, "signed out" in unknown.text) == (200, True)
