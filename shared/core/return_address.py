"""Where a portal may lead back to: pages of sites that the account has named, and no others."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

MOST_ORIGINS = 20
LONGEST_URL = 2000
"""Characters."""

_PLAIN = re.compile(r"[!#-;=?-\[\]_a-z~]+")  # visible ASCII that no browser rewrites or drops
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_OWN_MACHINE = {"localhost", "127.0.0.1"}
_USUAL_PORTS = {"https": 443, "http": 80}


def origin_of(url: str) -> str | None:
    """Scheme, host and port as browsers compare them; None for what is no https address of a site.

    Plain http is for a developer's own machine.
    """
    if len(url) > LONGEST_URL or not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _OWN_MACHINE)
    if not secure or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    tail = "" if port in (None, _USUAL_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{tail}"


def is_origin(text: str) -> bool:
    """Whether the text is an origin and nothing more, written as `origin_of` writes it."""
    return origin_of(text) == text


def may_return_to(url: str, origins: Collection[str]) -> bool:
    """Whether the address is on one of the sites."""
    return origin_of(url) in origins
