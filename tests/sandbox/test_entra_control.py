"""What clients can look up at the simulated Entra ID, and what tests and the demo can order."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from sandbox.simulators.tokens import GRAPH_AUDIENCE, PERSONAL_ACCOUNTS_TENANT
from tests.sandbox.conftest import APP_ROLES, CLIENT_ID, GRAPH_SCOPE, SECRET, Identity


async def published_keys(identity: Identity, tenant: str = "organizations") -> dict[str, dict[str, Any]]:
    answer = (await identity.http.get(f"{identity.url}/{tenant}/discovery/v2.0/keys")).json()
    return {key["kid"]: key for key in answer["keys"]}


async def id_token(identity: Identity) -> str:
    told = await identity.sign_in("admin@contoso.example", nonce="a nonce")
    return str((await identity.redeem(told["code"])).json()["id_token"])


def unverified(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


@pytest.mark.parametrize(
    ("tenant", "issuer", "named"),
    [
        ("organizations", "{tenantid}", "organizations"),
        ("common", "{tenantid}", "common"),
        ("contoso.example", "", ""),
    ],
)
async def test_discovery_names_the_issuer(identity: Identity, tenant: str, issuer: str, named: str) -> None:
    """Without a single tenant the issuer is a template; a domain leads to the tenant's own id."""
    address = f"{identity.url}/{tenant}/v2.0/.well-known/openid-configuration"
    document = (await identity.http.get(address)).json()
    assert document["issuer"] == f"{identity.url}/{issuer or identity.contoso.id}/v2.0"
    base = f"{identity.url}/{named or identity.contoso.id}"
    assert document["token_endpoint"] == f"{base}/oauth2/v2.0/token"
    assert document["authorization_endpoint"] == f"{base}/oauth2/v2.0/authorize"
    assert (await identity.http.get(document["jwks_uri"])).status_code == 200


@pytest.mark.parametrize(("tenant", "code"), [("nowhere.example", 90002), ("nonsense", 900023)])
async def test_discovery_of_an_unknown_tenant_fails(identity: Identity, tenant: str, code: int) -> None:
    """Discovery says invalid_tenant, where the token endpoint says invalid_request."""
    address = f"{identity.url}/{tenant}/v2.0/.well-known/openid-configuration"
    response = await identity.http.get(address)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_tenant")
    assert response.json()["error_codes"] == [code]


async def test_instance_discovery_knows_this_authority_only(identity: Identity) -> None:
    """MSAL may ask whether an authority is genuine."""
    address = f"{identity.url}/common/discovery/instance"
    own = {"api-version": "1.1", "authorization_endpoint": f"{identity.url}/common/oauth2/v2.0/authorize"}
    answer = (await identity.http.get(address, params=own)).json()
    assert answer["tenant_discovery_endpoint"].startswith(f"{identity.url}/common/v2.0/")
    other = own | {"authorization_endpoint": "https://login.example/common/oauth2/v2.0/authorize"}
    refused = (await identity.http.get(address, params=other)).json()
    assert refused["error"] == "invalid_instance"


async def test_every_key_says_whose_tokens_it_signs(identity: Identity) -> None:
    """Beside the key for all organizations there is one that is good for personal accounts only."""
    keys = list((await published_keys(identity)).values())
    assert [key["issuer"] for key in keys] == [
        f"{identity.url}/{{tenantid}}/v2.0",
        f"{identity.url}/{PERSONAL_ACCOUNTS_TENANT}/v2.0",
    ]
    (own, _) = (await published_keys(identity, "contoso.example")).values()
    assert own["issuer"] == f"{identity.url}/{identity.contoso.id}/v2.0"
    assert not {"d", "p", "q"} & set(own)


async def test_tenants_are_listed_with_somebody_to_sign_in_as(identity: Identity) -> None:
    """The demo finds every tenant, its administrator, a member, a guest, and the state of consent."""
    await identity.control("consent/grant", tenant_id=identity.contoso.id, client_id=CLIENT_ID)
    tenants = (await identity.http.get(f"{identity.url}/_control/tenants")).json()["tenants"]
    by_name = {tenant["name"]: tenant for tenant in tenants}
    assert by_name["Contoso"]["admin"] == "admin@contoso.example"
    assert by_name["Contoso"]["member"] == "member@contoso.example"
    (consent,) = by_name["Contoso"]["consents"]
    assert (consent["client_id"], set(consent["app_roles"])) == (CLIENT_ID, APP_ROLES)
    assert by_name["Fabrikam"]["guest"] == identity.guest.user_principal_name
    assert (by_name["Fabrikam"]["domain"], by_name["Fabrikam"]["consents"]) == ("fabrikam.example", [])


async def test_a_permission_can_be_taken_away_and_given_back(identity: Identity) -> None:
    """A removed permission is missing from the next token, while the others stay."""
    order = {"tenant_id": identity.contoso.id, "client_id": CLIENT_ID}
    await identity.control("consent/grant", **order)
    await identity.control("permissions", **order, remove=["User.Read.All"])
    answer = (await identity.app_token(identity.contoso.id)).json()
    assert unverified(answer["access_token"])["roles"] == ["GroupMember.Read.All"]
    await identity.control("permissions", **order, add=["User.Read.All"])
    answer = (await identity.app_token(identity.contoso.id)).json()
    assert set(unverified(answer["access_token"])["roles"]) == APP_ROLES


async def test_secrets_can_be_exchanged(identity: Identity) -> None:
    """Two secrets are good at once, and a removed one is refused at once."""
    identity.contoso.grant_consent(CLIENT_ID, APP_ROLES)
    await identity.control("secrets", client_id=CLIENT_ID, add=["a new one"])
    both = [await identity.app_token(identity.contoso.id, client_secret=s) for s in (SECRET, "a new one")]
    assert [response.status_code for response in both] == [200, 200]
    await identity.control("secrets", client_id=CLIENT_ID, remove=[SECRET])
    assert (await identity.app_token(identity.contoso.id)).json()["error_codes"] == [7000215]


async def test_a_rotated_key_leaves_older_tokens_good_unless_told_otherwise(identity: Identity) -> None:
    """New tokens have the new key; the previous one stays published until it is dropped."""
    first = jwt.get_unverified_header(await id_token(identity))["kid"]
    rotated = (await identity.control("keys/rotate")).json()["kid"]
    assert jwt.get_unverified_header(await id_token(identity))["kid"] == rotated != first
    assert {first, rotated} <= set(await published_keys(identity))
    last = (await identity.control("keys/rotate", keep_previous=False)).json()["kid"]
    keys = set(await published_keys(identity))
    assert last in keys
    assert not {first, rotated} & keys


async def test_the_next_id_token_can_be_falsified_once(identity: Identity) -> None:
    """Claims are replaced and left out as ordered, in one token only."""
    await identity.control(
        "next-id-token", claims={"iss": "https://evil.example", "tid": "x"}, remove=["wids", "nonce"]
    )
    forged, genuine = unverified(await id_token(identity)), unverified(await id_token(identity))
    assert (forged["iss"], forged["tid"]) == ("https://evil.example", "x")
    assert not {"wids", "nonce"} & set(forged)
    assert (genuine["tid"], genuine["nonce"]) == (identity.contoso.id, "a nonce")
    assert "wids" in genuine


async def test_an_id_token_can_be_signed_by_the_wrong_key(identity: Identity) -> None:
    """A token can bear a false signature under a true key id, the consumers' signature, or none."""
    await identity.control("next-id-token", signing="other-key")
    foreign = await id_token(identity)
    keys = await published_keys(identity)
    key_id = jwt.get_unverified_header(foreign)["kid"]
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(foreign, jwt.PyJWK(keys[key_id]), algorithms=["RS256"], audience=CLIENT_ID)
    await identity.control("next-id-token", signing="consumer-key")
    key_id = jwt.get_unverified_header(consumer := await id_token(identity))["kid"]
    assert keys[key_id]["issuer"].endswith(f"/{PERSONAL_ACCOUNTS_TENANT}/v2.0")
    claims = jwt.decode(consumer, jwt.PyJWK(keys[key_id]), algorithms=["RS256"], audience=CLIENT_ID)
    assert claims["tid"] == identity.contoso.id
    await identity.control("next-id-token", signing="none")
    unsigned = await id_token(identity)
    assert (jwt.get_unverified_header(unsigned)["alg"], unsigned[-1]) == ("none", ".")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("consent/grant", {"tenant_id": "nowhere", "client_id": CLIENT_ID}, 404),
        ("consent/grant", {"client_id": CLIENT_ID}, 400),
        ("next-id-token", {"signing": "magic"}, 400),
        ("secrets", {"client_id": "nobody"}, 404),
    ],
)
async def test_a_faulty_order_is_refused(
    identity: Identity, path: str, body: dict[str, Any], status: int
) -> None:
    """A test that misspells an order fails there, not later."""
    response = await identity.http.post(f"{identity.url}/_control/{path}", json=body)
    assert response.status_code == status


async def test_faults_hit_the_token_endpoint_and_requests_are_counted(identity: Identity) -> None:
    """The shared fault plan works here too, per tenant, and the log never holds what was posted."""
    identity.contoso.grant_consent(CLIENT_ID, APP_ROLES)
    fault = {
        "kind": "status",
        "path": "/token",
        "tenant": identity.contoso.id,
        "status": 503,
        "body": {"error": "temporarily_unavailable"},
    }
    await identity.control("faults", **fault)
    elsewhere = await identity.app_token(identity.fabrikam.id)
    failed, fine = [await identity.app_token("contoso.example") for _ in range(2)]
    assert elsewhere.json()["error_codes"] == [7000229]
    assert (failed.status_code, failed.json()["error"]) == (503, "temporarily_unavailable")
    assert fine.status_code == 200
    log = await identity.http.get(f"{identity.url}/_control/requests")
    assert log.json()["by_route"] == {"POST /{tenant}/oauth2/v2.0/token": 3}
    assert SECRET not in log.text
    assert fine.json()["access_token"] not in log.text


async def test_an_access_token_is_good_for_its_audience_only(identity: Identity) -> None:
    """The tokens that Graph sees are signed with a published key and name Graph."""
    identity.contoso.grant_consent(CLIENT_ID, APP_ROLES)
    answer = (await identity.app_token(identity.contoso.id, scope=GRAPH_SCOPE)).json()
    header = jwt.get_unverified_header(answer["access_token"])
    key = jwt.PyJWK((await published_keys(identity))[header["kid"]])
    claims = jwt.decode(answer["access_token"], key, algorithms=["RS256"], audience=GRAPH_AUDIENCE)
    assert claims["idtyp"] == "app"
