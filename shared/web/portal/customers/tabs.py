"""What every page of a customer has at its top."""

import msgspec

from shared.app import App
from shared.core.connection import Connection
from shared.core.customer import Customer


class Tabs(msgspec.Struct, frozen=True):
    """`here`: the page that is shown; `reviews`: how many people wait for a decision; `more`: whether there
    is more than the first page."""

    here: str
    reviews: int
    more: bool


async def open_reviews(app: App, connection: Connection | None) -> int:
    """How many people wait for a decision; nothing is asked where there never was one."""
    if connection is None or not connection.reviews:
        return 0
    return sum(review.decision is None for review in await app.reviews.list(connection))


def tabs(connection: Connection | None, here: str, reviews: int) -> Tabs:
    """The tabs of a customer's page."""
    return Tabs(here, reviews, connection is not None)


async def frame(app: App, customer: Customer, here: str) -> tuple[Connection, Tabs]:
    """The connection and the tabs of a page that needs one. Raises NotFound."""
    connection = (await app.customers.connection(customer)).value
    return connection, tabs(connection, here, await open_reviews(app, connection))
