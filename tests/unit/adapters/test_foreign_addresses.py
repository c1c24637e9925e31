"""Where secrets may be sent: to Microsoft Graph and to Entra ID, whatever an answer says."""

from typing import Any, cast

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter

from shared.adapters.entra.applications import EntraUnavailable, MetadataOnce
from shared.adapters.entra.tokens import ConnectionCredential
from shared.adapters.graph.transport import GraphTransport
from shared.core.errors import SourceFault

FOREIGN = [
    "https://evil.example/v1.0/users",
    "http://graph.microsoft.com/v1.0/users",
    "https://graph.microsoft.com.evil.example/v1.0/users",
    "https://graph.microsoft.com@evil.example/v1.0/users",
    "https://graph.microsoft.com\\@evil.example/v1.0/users",
    "https://@graph.microsoft.com/v1.0/users",
    "https://evil.example\\@graph.microsoft.com/v1.0/users",
    "https://evil.example#@graph.microsoft.com/v1.0/users",
    "https://graph.microsoft.com:8443/v1.0/users",
    "https://graph.microsoft.com:port/v1.0/users",
    "https://graph.microsoft.com:99999/v1.0/users",
    "https://[graph.microsoft.com/v1.0/users",
    "https://graph.microsoft\t.evil.example/v1.0/users",
    "//graph.microsoft.com/v1.0/users",
    "/v1.0/users",
    "file:///etc/passwd",
    "",
]


class NoCredential:
    """Nobody may ask for a token."""

    async def get_token(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a token was asked for")


@pytest.mark.parametrize("url", FOREIGN)
async def test_no_token_leaves_for_an_address_outside_of_graph(url: str) -> None:
    """A next page, or a delta link that was stored: neither a token nor a request is made for it."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.url} was asked")

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        transport = GraphTransport(
            http, cast(ConnectionCredential, NoCredential()), "https://graph.microsoft.com", "scope"
        )
        with pytest.raises(SourceFault) as refused:
            await transport.get(url)
    assert refused.value.code == "foreign_link"
    assert transport.requests == 0


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("target", ["https://evil.example/token", "http://login.example/token"])
def test_our_credential_does_not_follow_a_redirect(
    monkeypatch: pytest.MonkeyPatch, status: int, target: str
) -> None:
    """With 307 and 308 the library would post the secret once more, to wherever it was told."""
    asked: list[str] = []

    def send(_: HTTPAdapter, request: requests.PreparedRequest, *__: Any, **___: Any) -> requests.Response:
        asked.append(str(request.url))
        answer = requests.Response()
        answer.status_code, answer.headers["Location"] = status, target
        answer._content = b"{}"
        return answer

    monkeypatch.setattr(HTTPAdapter, "send", send)
    with requests.Session() as session:
        session.mount("https://", MetadataOnce("https://login.example"))
        with pytest.raises(EntraUnavailable):
            session.post("https://login.example/token", data={"client_secret": "ours"})
    assert asked == ["https://login.example/token"]
