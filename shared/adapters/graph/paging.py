"""From page to page, and never in circles."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeVar

from shared.adapters.graph import documents
from shared.adapters.graph.answers import nonsense
from shared.core.errors import SourceFault

T = TypeVar("T")


class Document(Protocol):
    """A page that says where to go on."""

    @property
    def next_link(self) -> str | None:
        """The next page's address, None on the last page."""
        ...


D = TypeVar("D", bound=Document)


def decoded(decode: Callable[[bytes], T], body: bytes) -> T:
    """What the body says. Raises SourceFault for one of another shape; its text is not quoted."""
    try:
        return decode(body)
    except documents.UNREADABLE:
        raise nonsense() from None


async def pages(
    get: Callable[[str], Awaitable[bytes]], first: str | None, decode: Callable[[bytes], D]
) -> AsyncIterator[D]:
    """Every page from `first` on, if there is one, each got by `get`."""
    url = first
    seen: set[str] = set()
    while url is not None:
        if url in seen:
            raise SourceFault(
                "paging_loop",
                "Microsoft Graph sent the reader around in circles.",
                "Nobody has to act. The run is tried again.",
            )
        seen.add(url)
        document = decoded(decode, await get(url))
        yield document
        url = document.next_link
