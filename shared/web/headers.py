"""The headers that keep browsers from doing more than they are meant to."""

from urllib.parse import urlsplit


def content_security_policy(*form_targets: str) -> str:
    """Only our own files, no inline code, no frames. `form_targets`: other origins that forms may lead to."""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            " ".join(["form-action 'self'", *form_targets]),
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def common(public_url: str) -> dict[str, str]:
    """For every response that does not say otherwise.

    The addresses of some pages hold one-use tokens, so they are never sent on as a referrer, and no answer
    is kept by a cache.
    """
    headers = {
        "Content-Security-Policy": content_security_policy(),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    if public_url.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return headers


def origin(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
