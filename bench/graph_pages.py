"""Microsoft Graph as far as a sync reads it, from answers that were rendered before anybody asks."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass

import jwt
from aiohttp import web

from bench import population

PAGE = 999


@dataclass(frozen=True)
class _Answers:
    """Of one tenant: pages of users, and a delta that finds nothing changed."""

    pages: list[bytes]
    latest: bytes


def tenant_id(size: int) -> str:
    """The id of the tenant with so many users."""
    return f"5b9e4c1a-0000-4000-8000-{size:012d}"


def graph_application(sizes: Sequence[int], base_url: str) -> web.Application:
    """Serve one tenant for each of these numbers of users; the token says which one is asked for."""
    tenants = {tenant_id(size): _rendered(size, f"{base_url}/v1.0") for size in sizes}

    def of(request: web.Request) -> _Answers:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        return tenants[jwt.decode(token, options={"verify_signature": False})["tid"]]

    async def page(request: web.Request) -> web.Response:
        return _answer(of(request).pages[int(request.query.get("$skiptoken", "0"))])

    async def delta(request: web.Request) -> web.Response:
        return _answer(of(request).latest)

    application = web.Application()
    application.router.add_get("/v1.0/users", page)
    application.router.add_get("/v1.0/users/delta", delta)
    return application


def _rendered(size: int, base_url: str) -> _Answers:
    users = population.users(size)
    pages = []
    for number in range(-(-size // PAGE)):
        document: dict[str, object] = {
            "@odata.context": f"{base_url}/$metadata#users",
            "value": list(itertools.islice(users, PAGE)),
        }
        if (number + 1) * PAGE < size:
            document["@odata.nextLink"] = f"{base_url}/users?$skiptoken={number + 1}"
        pages.append(_packed(document))
    return _Answers(
        pages, _packed({"value": [], "@odata.deltaLink": f"{base_url}/users/delta?$deltatoken=1"})
    )


def _packed(document: object) -> bytes:
    return gzip.compress(json.dumps(document, ensure_ascii=False).encode())


def _answer(body: bytes) -> web.Response:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json; charset=utf-8"}
    return web.Response(body=body, headers=headers)
