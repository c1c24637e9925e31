"""HTTP requests and responses to and from the form in which the worker takes them."""

from __future__ import annotations

from aiohttp import hdrs, web
from multidict import CIMultiDict

from sandbox.functions_host.cookies import set_cookie_header
from sandbox.functions_host.protos import RpcHttp, TypedData

# What belongs to one connection, or is computed from the body, is not the app's to send.
_NOT_FORWARDED = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "content-length"})


async def to_rpc(request: web.Request, route_values: dict[str, str]) -> TypedData:
    """Convert a request as `ToRpcHttp` of azure-functions-host does.

    The URL keeps the query as sent; `query` joins repeated keys with a comma and loses empty values. A body
    without Content-Length is dropped.
    """
    query: dict[str, str] = {}
    for key in dict.fromkeys(request.query):
        if joined := ",".join(request.query.getall(key)):
            query[key] = joined
    headers: dict[str, str] = {}
    for name in dict.fromkeys(name.lower() for name in request.headers):
        headers[name] = ("; " if name == "cookie" else ",").join(request.headers.getall(name))
    body = await request.read() if request.content_length else b""
    target = request.rel_url.raw_path + (f"?{raw}" if (raw := request.rel_url.raw_query_string) else "")
    return TypedData(
        http=RpcHttp(
            method=request.method,
            url=f"{request.scheme}://{request.host}{target}",
            headers=headers,
            body=TypedData(bytes=body) if body else TypedData(),
            params=route_values,
            query=query,
        )
    )


def to_response(value: TypedData | None, method: str) -> web.Response:
    """Convert what a function returned. Raises `ValueError` when it is no HTTP response."""
    if value is None or value.WhichOneof("data") is None:
        return web.Response(status=204)
    if value.WhichOneof("data") != "http":
        return web.Response(body=_content(value), content_type="text/plain", charset="utf-8")
    answer: RpcHttp = value.http
    headers: CIMultiDict[str] = CIMultiDict()
    for name, content in answer.headers.items():
        if name.lower() not in _NOT_FORWARDED or (
            method == hdrs.METH_HEAD and name.lower() == "content-length"
        ):
            headers[name] = content
    for cookie in answer.cookies or ():
        headers.add(hdrs.SET_COOKIE, set_cookie_header(cookie))
    return web.Response(status=int(answer.status_code or 200), headers=headers, body=_content(answer.body))


def _content(value: TypedData | None) -> bytes:
    match value.WhichOneof("data") if value else None:
        case None:
            return b""
        case "bytes":
            content: bytes = value.bytes  # type: ignore[union-attr]
            return content
        case "string" | "json" as kind:
            text: str = getattr(value, kind)
            return text.encode()
        case other:
            raise ValueError(f"an HTTP body cannot be of the kind {other}")
