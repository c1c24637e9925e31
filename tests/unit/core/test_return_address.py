"""Where a portal may lead back to."""

import pytest

from shared.core.return_address import is_origin, may_return_to, origin_of

ORIGINS = ("https://psa.example", "https://psa.example:8443", "http://127.0.0.1:3000")


@pytest.mark.parametrize(
    "url",
    [
        "https://psa.example",
        "https://psa.example/",
        "https://psa.example:443/customers/acme?tab=1#x",
        "HTTPS://PSA.example/x",
        "https://psa.example:8443/x",
        "http://127.0.0.1:3000/x",
    ],
)
def test_an_address_on_a_named_site_is_one_to_return_to(url: str) -> None:
    """Whatever its path, and however browsers write the same origin."""
    assert may_return_to(url, ORIGINS)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/customers",
        "//psa.example/x",
        "http://psa.example/x",
        "https://psa.example.evil.example/x",
        "https://evil.example/https://psa.example",
        "https://psa.example@evil.example/x",
        "https://evil.example\\@psa.example/x",
        "https://psa.example:8444/x",
        "https://psa.example:x/",
        "https://psa.example:99999999/",
        "https://psa.example./x",
        "https://[psa.example/x",
        "https://psa.exam\tple/x",
        "https:/\\psa.example/x",
        " https://psa.example/x",
        "https://psa.example/x\n",
        "https://psa.ex\u00e4mple/x",
        "javascript:alert(1)//https://psa.example",
        "javascript://psa.example/%0aalert(1)",
        "data:text/html,x",
        "https://psa.example/" + "x" * 2000,
    ],
)
def test_whatever_browsers_could_read_differently_is_none(url: str) -> None:
    """Another host, another scheme, and everything that is not plain."""
    assert not may_return_to(url, ORIGINS)


def test_nothing_is_on_no_site() -> None:
    """An account that has named none gets no way back."""
    assert not may_return_to("https://psa.example", ())
    assert origin_of("javascript:x") is None


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("https://psa.example", True),
        ("http://localhost:3000", True),
        ("https://psa.example/", False),
        ("https://psa.example:443", False),
        ("https://PSA.example", False),
        ("https://*.example", False),
        ("http://psa.example", False),
        ("*", False),
        ("null", False),
    ],
)
def test_an_origin_is_written_in_one_way(text: str, one: bool) -> None:
    """So that it can be compared letter by letter."""
    assert is_origin(text) is one
