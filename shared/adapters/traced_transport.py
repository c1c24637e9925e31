"""How the Azure SDKs reach their services, with a span for every request that is sent.

The SDKs' own spans, which are off, would carry whole addresses, and those of table rows hold their keys.
"""

from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from azure.core.pipeline.transport import AsyncHttpTransport

from shared.telemetry.spans import calling


class TracedTransport(AsyncHttpTransport[Any, Any]):
    """One client's way through a transport that all of them share, and that stays open."""

    def __init__(self, transport: AsyncHttpTransport[Any, Any], system: str) -> None:
        """`system`: tables, queue, key_vault or identity."""
        self._transport, self._system = transport, system

    async def send(self, request: Any, **options: Any) -> Any:
        """Send the request, once."""
        facts = {"db.collection.name": _table(request.url)} if self._system == "tables" else {}
        with calling(self._system, request.method, **facts) as call:
            answer = await self._transport.send(request, **options)
            # Key Vault tells in its first refusal where tokens for it come from.
            asks = answer.status_code == HTTPStatus.UNAUTHORIZED and "Authorization" not in request.headers
            call.answered(answer.status_code, is_question=asks)
            return answer

    async def open(self) -> None:
        """Ready it for use."""
        await self._transport.open()

    async def close(self) -> None:
        """Nothing is given back: other clients use it too."""

    async def sleep(self, duration: float) -> None:
        """Wait between two attempts, in seconds."""
        await self._transport.sleep(duration)

    async def __aenter__(self) -> Self:
        """Part of the protocol."""
        await self.open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Part of the protocol."""


def _table(url: str) -> str:
    """The table's name, or `$batch`; what comes after it in an address is a row's key."""
    return urlsplit(url).path.partition("(")[0].rpartition("/")[2]
