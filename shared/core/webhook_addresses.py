"""Where webhooks may go: to the public internet by https, and to networks that the operator names.

An address of a receiver is chosen by whoever has an API key, and this service calls it from inside a cloud:
without this it could be made to talk to metadata services, neighbours and itself.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from shared.core.errors import Actor, Refused

Network = IPv4Network | IPv6Network
LONGEST_URL = 2048
_HTTPS = 443
_LOWEST_PORT = 1024  # what listens below that is no web server, but mail, files, databases

# Global by their number, and yet no place for a stranger's request.
_NEVER = [
    ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure's own: metadata, keys and health of the host
        "192.88.99.0/24",  # the way into 6to4
        "64:ff9b::/96",  # NAT64, of what is behind it nobody can tell
        "64:ff9b:1::/48",
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "fec0::/10",  # site-local, as it once was
    )
]
_NUMBER = re.compile(r"(?:\d+|0[xX][0-9a-fA-F]*)")
_READABLE = re.compile(r"[!-~]+")


class WebhookUrlNotAllowed(Refused):
    """An address that webhooks may not be sent to."""

    status = 422

    def __init__(self, detail: str) -> None:
        """`detail`: what is wrong with it and what to do; it never repeats the address."""
        super().__init__(
            "webhook_url_not_allowed", "Webhooks cannot be sent to this address.", detail, Actor.TECHNICIAN
        )


def address_allowed(text: str, networks: Sequence[Network]) -> bool:
    """Whether a connection to the IP address may be made. `networks`: those that the operator named."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    address = _unwrapped(address)
    if any(address in network for network in networks if network.version == address.version):
        return "%" not in text
    refused = address.is_multicast or address.is_reserved or address.is_unspecified or "%" in text
    return address.is_global and not refused and not any(address in network for network in _NEVER)


def host_and_port(url: str, networks: Sequence[Network]) -> tuple[str, int]:
    """Where the address leads, a name or a literal that is allowed. Raises WebhookUrlNotAllowed.

    What a name stands for is to be looked up, and checked, whenever a connection is made.
    """
    if len(url) > LONGEST_URL or not _READABLE.fullmatch(url) or "\\" in url:
        raise WebhookUrlNotAllowed(
            f"It must be at most {LONGEST_URL} printable ASCII characters, without spaces or backslashes. "
            "Write a name with other characters as xn--…."
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _HTTPS
    except ValueError:
        raise WebhookUrlNotAllowed("It is not a URL. Send one such as https://example.com/hook.") from None
    if parts.scheme != "https" or not host:
        raise WebhookUrlNotAllowed("It must begin with https:// and name a host.")
    if "@" in parts.netloc or parts.fragment:
        raise WebhookUrlNotAllowed("It must have neither a user name or password nor a fragment.")
    if port != _HTTPS and port < _LOWEST_PORT:
        raise WebhookUrlNotAllowed(f"Its port must be {_HTTPS}, or {_LOWEST_PORT} or higher.")
    if _is_literal(host) and not address_allowed(host, networks):
        raise not_public()
    return host, port


def not_public() -> WebhookUrlNotAllowed:
    """The host is somewhere inside, or may be."""
    return WebhookUrlNotAllowed(
        "Its host is not on the public internet. Use one that is, or have the operator allow its network "
        "with WEBHOOK_NETWORKS."
    )


def _is_literal(host: str) -> bool:
    """Whether it is an IP address in any spelling, also those that only some libraries understand."""
    return ":" in host or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for where the system itself unwraps it."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
