"""A customer who is being set up, and somebody in front of the pages."""

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import httpx

from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.customer import Site as Place
from shared.core.setup import Setup
from tests.fakes import TENANT, FakeDirectory
from tests.unit.web.site import PAGE, Site, send

SETUP = f"{PAGE}/setup"
PLACES = (Place("oslo", "Oslo"), Place("berlin", "Berlin"))


@dataclass
class Wizard:
    """Customer c-1 in its first setup, and a browser with its pages open."""

    site: Site
    customer: Customer
    browser: httpx.AsyncClient

    @property
    def tenant(self) -> FakeDirectory:
        return self.site.world.directories.tenants[TENANT]

    async def get(self, place: str = "") -> httpx.Response:
        return await self.browser.get(f"{SETUP}{'/' if place else ''}{place}")

    async def form(self, place: str, **changes: str | list[str]) -> dict[str, Any]:
        """The fields of the page as a browser would send them, with changes."""
        return fields((await self.get(place)).text) | changes

    async def post(self, place: str, data: dict[str, Any], address: str = "") -> httpx.Response:
        """Send a form; without an address to where its page is."""
        target = address or place.partition("?")[0]
        return await send(self.browser, f"{SETUP}/{target}", data)

    async def fill_in(self, place: str, go: str = "next", **changes: str | list[str]) -> httpx.Response:
        """Open the page, change fields, press a button."""
        return await self.post(place, await self.form(place, go=go, **changes))

    async def press(self, place: str, address: str) -> httpx.Response:
        """One of the small forms of a page."""
        return await self.post(place, fields((await self.get(place)).text), address)

    async def connection(self) -> Connection:
        return await self.site.connection(self.customer)

    async def setup(self) -> Setup:
        """The draft; there must be one."""
        setup = (await self.connection()).setup
        assert setup is not None
        return setup

    async def happen(self) -> None:
        """Let everything happen that is due within five minutes."""
        world = self.site.world
        await world.drain(until=world.clock.now() + timedelta(minutes=5))

    async def previewed(self) -> None:
        """A preview of the draft, ready to be looked at."""
        await self.press("check", "preview")
        await self.happen()


def fields(page: str) -> dict[str, Any]:
    """Name → values of what a browser would send of the forms of a page, apart from buttons."""
    found: dict[str, list[str]] = {}

    def add(name: str, value: str) -> None:
        found.setdefault(unescape(name), []).append(unescape(value))

    for tag in re.findall(r"<input\b[^>]*>", page):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        kind, name = attributes.get("type"), attributes.get("name")
        off = kind in {"radio", "checkbox"} and " checked" not in tag
        if name and not off and not tag.endswith(" disabled>"):
            add(name, attributes.get("value", ""))
    for name, body in re.findall(r'<textarea\b[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.DOTALL):
        add(name, body.removeprefix("\n"))
    for tag, body in re.findall(r"<select\b([^>]*)>(.*?)</select>", page, re.DOTALL):
        options = re.findall(r'<option value="([^"]*)"( selected)?', body)
        chosen = [value for value, selected in options if selected] or [options[0][0]]
        add(dict(re.findall(r'([\w-]+)="([^"]*)"', tag))["name"], chosen[0])
    once = {"form_token", "version", "language", "page"}
    return {name: values[0] if name in once else values for name, values in found.items()}
