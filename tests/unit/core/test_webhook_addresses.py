"""Where webhooks may go."""

from ipaddress import ip_network

import pytest

from shared.core.webhook_addresses import WebhookUrlNotAllowed, address_allowed, host_and_port

INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",  # carrier-grade NAT
    "169.254.169.254",  # metadata
    "169.254.170.2",
    "168.63.129.16",  # Azure's own
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:168.63.129.16",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",  # metadata
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1111%eth0",
    "fec0::1",
    "ff02::1",
    "",
    "localhost",
    "127.1",
    "2130706433",
    "0x7f000001",
]
OUTSIDE = [
    "1.1.1.1",
    "20.50.2.1",
    "93.184.216.34",
    "2606:4700::1111",
    "2a00:1450:4001:81b::200e",
    "::ffff:1.1.1.1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_is_called(address: str) -> None:
    """Private, local, shared, reserved, translated, or no address at all."""
    assert not address_allowed(address, ())


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_public_internet_is_called(address: str) -> None:
    """Whatever the notation."""
    assert address_allowed(address, ())


def test_an_operator_may_name_networks_inside() -> None:
    """Those and no others; an IPv4 network also counts for its addresses in IPv6 notation."""
    networks = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::5", "1.1.1.1"):
        assert address_allowed(address, networks)
    for address in ("10.2.0.1", "::ffff:10.2.0.1", "fc00::5", "127.0.0.1", "fd00::5%eth0"):
        assert not address_allowed(address, networks)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://example.com", ("example.com", 443)),
        ("https://EXAMPLE.com:443/a/b?c=d", ("example.com", 443)),
        ("https://hooks.example.com:8443/x", ("hooks.example.com", 8443)),
        ("https://xn--mnchen-3ya.example/x", ("xn--mnchen-3ya.example", 443)),
        ("https://1.1.1.1/x", ("1.1.1.1", 443)),
        ("https://[2606:4700::1111]:8443/x", ("2606:4700::1111", 8443)),
        ("https://3com.example/x", ("3com.example", 443)),
    ],
)
def test_an_address_of_a_receiver(url: str, place: tuple[str, int]) -> None:
    """A host, by name or by number, and a port."""
    assert host_and_port(url, ()) == place


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "http://example.com/x",
        "ftp://example.com/x",
        "//example.com",
        "https://",
        "https:///x",
        "https://user@example.com/x",
        "https://user:" + "secret@example.com/x",
        "https://@example.com/x",
        "https://example.com/x#fragment",
        "https://example.com:22/x",
        "https://example.com:80/x",
        "https://example.com:1023/x",
        "https://example.com:65536/x",
        "https://example.com:port/x",
        "https://exa mple.com/x",
        "https://example.com/x\n",
        "https://example.com\\@evil.example/x",
        "https://münchen.example/x",
        "https://ｅxample.com/x",
        "https://[::1/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[fe80::1%25eth0]/x",
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0x7f.0.0.1/x",
        "https://0177.0.0.1/x",
        "https://127.0.0.1./x",
        "https://evil.example.0/x",
        "https://169.254.169.254/latest/meta-data",
        f"https://example.com/{'x' * 2048}",
    ],
)
def test_an_address_that_is_none_is_refused_in_words(url: str) -> None:
    """Before anything is looked up; the words do not repeat it."""
    with pytest.raises(WebhookUrlNotAllowed) as refused:
        host_and_port(url, ())
    assert refused.value.code == "webhook_url_not_allowed"
    assert len(url) < 9 or url not in refused.value.detail
