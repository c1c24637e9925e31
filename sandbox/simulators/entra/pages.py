"""The pages a person sees: rendered from templates, plain HTML forms without scripts."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from sandbox.simulators.entra.errors import EntraError

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
}
_templates = Environment(
    loader=PackageLoader(__package__),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(name: str, /, *, status: int = 200, **values: Any) -> web.Response:
    """Return the page made from `templates/<name>.html`."""
    html = _templates.get_template(f"{name}.html").render(page=name, **values)
    return web.Response(text=html, content_type="text/html", status=status, headers=_HEADERS)


def error_page(failure: EntraError) -> web.Response:
    """Return the page for a failure that must not be reported to a redirect URI."""
    return page("error", status=400, code=failure.code, text=failure.text)
