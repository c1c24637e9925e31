"""An HTTP client that takes no more of an answer than it can hold, however small the answer was sent."""

from typing import Any

import httpx

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes. A page of 999 users with every field as long as Microsoft Graph lets it be is less than half."""

# Of the encodings that httpx undoes only this one bounds what comes out of a part: a thousand times the part.
_ACCEPTED = "gzip"


class BoundedClient(httpx.AsyncClient):
    """Raises httpx.DecodingError for an answer that is too large, or packed in a way nobody asked for."""

    def __init__(self, *, largest: int = LARGEST_ANSWER, **options: Any) -> None:
        """`largest`: bytes, unpacked; `options`: of httpx.AsyncClient."""
        super().__init__(headers={"Accept-Encoding": _ACCEPTED}, **options)
        self._largest = largest

    async def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        """As httpx does, with the whole body read."""
        if stream:
            return await super().send(request, stream=True, **options)
        answer = await super().send(request, stream=True, **options)
        try:
            if answer.headers.get("Content-Encoding", _ACCEPTED).strip().lower() not in {
                _ACCEPTED,
                "identity",
            }:
                raise httpx.DecodingError("the answer is packed in another way", request=request)
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > self._largest:
                    raise httpx.DecodingError("the answer is too large", request=request)
        finally:
            await answer.aclose()
        packed = {"content-encoding", "content-length", "transfer-encoding"}
        headers = [(name, value) for name, value in answer.headers.multi_items() if name not in packed]
        return httpx.Response(answer.status_code, headers=headers, content=bytes(body), request=request)
