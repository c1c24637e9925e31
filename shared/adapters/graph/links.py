"""Where links lead: what an answer names is followed only to where it may lead."""

import ipaddress
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}
_NOWHERE = ("", None, None)


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port; nothing for an address that libraries could read in different ways."""
    try:
        parts = urlsplit(url)
        port = _PORTS.get(parts.scheme) if parts.port is None else parts.port
    except ValueError:
        return _NOWHERE
    # Libraries differ in what they make of control characters and of names before the host.
    plain = url.isascii() and url.isprintable() and "@" not in parts.netloc and " " not in parts.netloc
    return (parts.scheme, parts.hostname, port) if plain else _NOWHERE


def may_download(location: str, graph_url: str) -> bool:
    """Whether a report may be fetched from there: over TLS, or on this machine where Graph itself is here."""
    scheme, host, port = origin(location)
    if not host or not port:
        return False
    graph_scheme, graph_host, _ = origin(graph_url)
    here = graph_scheme == scheme == "http" and _is_loopback(graph_host) and _is_loopback(host)
    return scheme == "https" or here


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
