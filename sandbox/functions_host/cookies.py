"""`Set-Cookie` headers as the Functions host writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote

from sandbox.functions_host.protos import RpcHttpCookie

_SAME_SITE = {
    RpcHttpCookie.SameSite.Lax: "lax",
    RpcHttpCookie.SameSite.Strict: "strict",
    RpcHttpCookie.SameSite.ExplicitNone: "none",
}


def set_cookie_header(cookie: RpcHttpCookie) -> str:
    """Format one cookie as ASP.NET's `ResponseCookies` does, which percent-encodes its value.

    A cookie without a path or a domain gets empty ones, which browsers read as not given. Raises `ValueError`
    for a negative Max-Age, which the real host answers with 500.
    """
    parts = [f"{cookie.name}={quote(cookie.value, safe='')}"]
    if cookie.expires:
        expires = datetime.fromtimestamp(cookie.expires.value.seconds, UTC)
        parts.append(f"expires={format_datetime(expires, usegmt=True)}")
    if cookie.max_age:
        if cookie.max_age.value < 0:
            raise ValueError("Max-Age must not be negative")
        parts.append(f"max-age={int(cookie.max_age.value)}")
    if cookie.domain:
        parts.append(f"domain={cookie.domain.value}")
    if cookie.path:
        parts.append(f"path={cookie.path.value}")
    if cookie.secure and cookie.secure.value:
        parts.append("secure")
    if same_site := _SAME_SITE.get(cookie.same_site):
        parts.append(f"samesite={same_site}")
    if cookie.http_only and cookie.http_only.value:
        parts.append("httponly")
    return "; ".join(parts)
