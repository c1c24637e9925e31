"""The operator's sign-in: who acts, and whether Microsoft takes a credential that nobody uses yet."""

from __future__ import annotations

import getpass

import jwt
import pytest
from azure.core.credentials import AccessToken
from azure.identity.aio import DefaultAzureCredential

from shared.adapters.entra.applications import Applications
from shared.adapters.entra.proof import EntraProof
from shared.adapters.operator import LocalOperator, SignedInOperator
from shared.core.audit import Operator
from shared.core.errors import ActionRequired, OperatorError
from tests.integration.microsoft import CLIENT_SECRET, CUSTOMER_ID, OPERATOR_ID, Microsoft


class Identity(DefaultAzureCredential):
    """A sign-in whose token says this."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        assert scopes == ("https://storage.azure.com/.default",)
        return AccessToken(self._token, 0)


@pytest.mark.parametrize(
    ("claims", "who"),
    [
        ({"oid": "o-1", "upn": "olga@msp.example"}, Operator("o-1", "olga@msp.example")),
        (
            {"oid": "o-1", "unique_name": "live.com#olga@msp.example"},
            Operator("o-1", "live.com#olga@msp.example"),
        ),
        ({"oid": "o-2", "appid": "a-1"}, Operator("o-2", "a-1")),
        ({}, Operator("unknown", "unknown")),
    ],
)
async def test_who_acts_is_whom_the_token_for_storage_says(claims: dict[str, str], who: Operator) -> None:
    """A person by their name there, a program by its id."""
    token = jwt.encode(claims, "a key that nobody checks, of 32 bytes or more", algorithm="HS256")
    assert await SignedInOperator(Identity(token)).operator() == who


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.!!!!.c"])
async def test_a_token_that_says_nothing_names_nobody(token: str) -> None:
    """Storage decides what it opens; the log says that it is not known whose it was."""
    assert await SignedInOperator(Identity(token)).operator() == Operator("unknown", "unknown")


async def test_whoever_has_the_key_of_storage_is_a_local_user() -> None:
    """By name in the log, and by a mark that is always the same elsewhere."""
    who = await LocalOperator().operator()
    assert who.name == getpass.getuser()
    assert who == await LocalOperator().operator()
    assert who.name not in who.id


async def test_microsoft_takes_the_right_secret_alone(
    microsoft: Microsoft, applications: Applications
) -> None:
    """Of the registration's own tenant as of a customer's; a wrong one is the operator's to put right."""
    microsoft.consent()
    microsoft.consent(microsoft.operator)
    proof = EntraProof(microsoft.settings(), applications)
    for tenant_id in (OPERATOR_ID, CUSTOMER_ID):
        await proof.prove(CLIENT_SECRET, tenant_id)
        with pytest.raises(OperatorError) as refused:
            await proof.prove("a wrong one", tenant_id)
        assert refused.value.code == "credential_refused"


async def test_a_tenant_that_does_not_know_the_app_proves_nothing(
    microsoft: Microsoft, applications: Applications
) -> None:
    """The refusal is another one: the credential may well be right."""
    stranger = microsoft.add_tenant("c1c1c1c1-0000-4000-8000-000000000001", "stranger")
    with pytest.raises(ActionRequired):
        await EntraProof(microsoft.settings(), applications).prove(CLIENT_SECRET, stranger.id)
