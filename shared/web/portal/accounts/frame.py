"""What the pages of an account have in common: who it is, and lists that are cut into pages."""

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

import msgspec
from fastapi import Query

from shared.app import App
from shared.core.customer import Account
from shared.core.errors import NotFound

T = TypeVar("T")

PageNumber = Annotated[int, Query(ge=1, le=10_000)]
ROWS = 50


class Part(msgspec.Struct, Generic[T], frozen=True):
    """A page of a list, and how many pages and items there are."""

    items: Sequence[T]
    number: int
    pages: int
    total: int


def part(items: Sequence[T], number: int, rows: int = ROWS) -> Part[T]:
    """The page, or the last one where there are fewer by now."""
    pages = max(-(-len(items) // rows), 1)
    number = min(number, pages)
    return Part(items[(number - 1) * rows : number * rows], number, pages, len(items))


async def account(app: App, account_id: str) -> Account:
    """Raises NotFound."""
    found = await app.access.accounts.get(account_id)
    if found is None:
        raise NotFound("account")
    return found
