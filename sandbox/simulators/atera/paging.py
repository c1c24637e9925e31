"""Pages: their query parameters, their envelope, and what lists are filtered and sorted by.

Names of query parameters are taken in any case. A page beyond the last is empty, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from math import ceil
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from sandbox.simulators.atera.account import AteraAccount
from sandbox.simulators.atera.errors import invalid
from sandbox.simulators.faults import FAULT

BASE_URL: web.AppKey[str] = web.AppKey("base_url", str)
DEFAULT_ITEMS, MOST_ITEMS = 20, 50
FOREIGN_ORIGIN = "https://foreign.example"
_LOCAL_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2})?")
_ORDERS = {"creation": "creation", "0": "creation", "lastmodified": "modified", "1": "modified"}


class Dated(Protocol):
    """What can be listed by age."""

    id: int
    last_modified: datetime


Item = TypeVar("Item")
DatedItem = TypeVar("DatedItem", bound=Dated)


def query_of(request: web.Request) -> dict[str, str]:
    """Return the query with its names in small letters."""
    return {name.lower(): value for name, value in request.query.items()}


def by_age(account: AteraAccount, request: web.Request, items: Iterable[DatedItem]) -> list[DatedItem]:
    """Filter by `FromLastModifiedDate`, in the account's own time, and sort by `SortBy`, newest first."""
    query = query_of(request)
    order = _ORDERS.get(query.get("sortby", "creation").lower())
    if order is None:
        raise invalid("SortBy", f"The value '{query['sortby']}' is not valid.")
    found = list(items)
    if text := query.get("fromlastmodifieddate"):
        earliest = _local_time(text).replace(tzinfo=account.time_zone)
        found = [item for item in found if item.last_modified >= earliest]
    if order == "modified":
        return sorted(found, key=lambda item: (item.last_modified, item.id), reverse=True)
    return sorted(found, key=lambda item: item.id, reverse=True)


def page_answer(
    account: AteraAccount,
    request: web.Request,
    items: Sequence[Item],
    render: Callable[[Item], dict[str, Any]],
) -> web.Response:
    """Return the page that was asked for."""
    page, size = _number(request, "page", 1), _number(request, "itemsInPage", DEFAULT_ITEMS)
    if size > MOST_ITEMS:
        if account.behaviour.long_page == "refused":
            raise invalid("itemsInPage", f"The value must be between 1 and {MOST_ITEMS}.")
        size = MOST_ITEMS
    pages = ceil(len(items) / size)
    no_link = None if account.behaviour.empty_next_link == "null" else ""
    following = _link(request, page + 1, size) if page < pages else no_link
    return web.json_response(
        {
            "items": [render(item) for item in items[(page - 1) * size : page * size]],
            "page": page,
            "itemsInPage": size,
            "totalItemCount": len(items),
            "totalPages": pages,
            "prevLink": _link(request, page - 1, size) if page > 1 else no_link,
            "nextLink": _misled(request, page, size) or following,
        }
    )


def _misled(request: web.Request, page: int, size: int) -> str | None:
    """Return a link that leads nowhere good, when a fault wants one; its body is the foreign origin."""
    fault = request.get(FAULT)
    if fault is not None and fault.kind == "looping_next_link":
        return _link(request, page, size)
    if fault is not None and fault.kind == "foreign_next_link":
        own = request.app[BASE_URL]
        return _link(request, page + 1, size).replace(own, str(fault.body or FOREIGN_ORIGIN), 1)
    return None


def _link(request: web.Request, page: int, size: int) -> str:
    kept = [
        (name, value) for name, value in request.query.items() if name.lower() not in ("page", "itemsinpage")
    ]
    query = urlencode([("page", page), ("itemsInPage", size), *kept])
    return f"{request.app[BASE_URL]}{request.path}?{query}"


def _number(request: web.Request, name: str, default: int) -> int:
    text = query_of(request).get(name.lower(), str(default))
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < 1:
        raise invalid(name, f"The value '{text}' is not valid.")
    return int(text)


def _local_time(text: str) -> datetime:
    try:
        if _LOCAL_TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise invalid("FromLastModifiedDate", f"The value '{text}' is not valid.")
