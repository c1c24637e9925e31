"""Table Storage in memory, as far as a sync uses it, and a queue that takes whatever is put on it.

It stands in for Azurite where that would take most of the time. Nothing is authenticated, every table is
there, and conditional writes are carried out. Shapes: Microsoft Learn, "Table service REST API".
"""

from __future__ import annotations

import bisect
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web

MOST_A_PAGE = 1_000
_TIME = "2026-01-01T00:00:00.0000000Z"
_AT = "Thu, 01 Jan 2026 00:00:00 GMT"
_PUT = (
    "<?xml version='1.0'?><QueueMessagesList><QueueMessage><MessageId>0</MessageId>"
    f"<InsertionTime>{_AT}</InsertionTime><ExpirationTime>{_AT}</ExpirationTime>"
    f"<PopReceipt>0</PopReceipt><TimeNextVisible>{_AT}</TimeNextVisible></QueueMessage></QueueMessagesList>"
).encode()
_ENTITY = re.compile(r"/(\w+)\(PartitionKey='([^']*)',RowKey='([^']*)'\)$")
_QUERY = re.compile(r"/(\w+)(?:\(\))?$")
_CONDITION = re.compile(r"(\w+) (eq|ge|gt|le|lt) '([^']*)'")
_PART = re.compile(rb"\r\n\r\n(POST|PUT|PATCH|DELETE) \S+?(/\w+(?:\([^)]*\))?)(?:\?\S*)? HTTP/1\.1\r\n")
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "eq": str.__eq__,
    "ge": str.__ge__,
    "gt": str.__gt__,
    "le": str.__le__,
    "lt": str.__lt__,
}


@dataclass
class _Partition:
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    order: list[str] | None = None  # made when it is asked for

    def sorted(self) -> list[str]:
        if self.order is None:
            self.order = sorted(self.rows)
        return self.order


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class _Tables:
    def __init__(self) -> None:
        self._partitions: dict[tuple[str, str], _Partition] = defaultdict(_Partition)
        self._versions = itertools.count(1)

    def get(self, table: str, partition: str, row: str) -> dict[str, Any]:
        found = self._partitions[table, partition].rows.get(row)
        if found is None:
            raise _Refused(HTTPStatus.NOT_FOUND, "ResourceNotFound")
        return found

    def write(self, method: str, path: str, body: bytes, condition: str | None = None) -> str:
        """Carry out one write and return the new ETag."""
        if match := _ENTITY.search(path):
            table, partition, row = match.groups()
            entity = {} if method == "DELETE" else json.loads(body)
        else:
            table = _QUERY.search(path)[1]  # type: ignore[index]
            entity = json.loads(body)
            partition, row = entity["PartitionKey"], entity["RowKey"]
        place = self._partitions[table, partition]
        before = place.rows.get(row)
        if method == "POST" and before is not None:
            raise _Refused(HTTPStatus.CONFLICT, "EntityAlreadyExists")
        if condition not in (None, "*") and (before is None or before["odata.etag"] != condition):
            raise _Refused(HTTPStatus.PRECONDITION_FAILED, "UpdateConditionNotSatisfied")
        if before is None or method == "DELETE":
            place.order = None
        if method == "DELETE":
            place.rows.pop(row, None)
            return ""
        etag = f"W/\"datetime'{next(self._versions):020d}'\""
        kept = before if before is not None and method == "PATCH" else {}
        place.rows[row] = {**kept, **entity, "odata.etag": etag, "Timestamp": _TIME}
        return etag

    def query(
        self, table: str, wanted: str, start: str, most: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """A page of one partition, and the row that the next one begins with."""
        conditions = _CONDITION.findall(wanted)
        place = self._partitions[
            table, next(value for name, _, value in conditions if name == "PartitionKey")
        ]
        rows = [(_COMPARE[operator], value) for name, operator, value in conditions if name == "RowKey"]
        order = place.sorted()
        found: list[dict[str, Any]] = []
        for row in itertools.islice(order, bisect.bisect_left(order, start), None):
            if all(compare(row, value) for compare, value in rows):
                if len(found) == most:
                    return found, row
                found.append(place.rows[row])
        return found, None


def table_application() -> web.Application:
    """Serve one account of any name."""
    tables = _Tables()

    async def batch(request: web.Request) -> web.Response:
        body = await request.read()
        boundary = re.search(rb"boundary=(changeset_[\w-]+)", body)[1]  # type: ignore[index]
        etags = []
        for part in body.split(b"--" + boundary)[1:-1]:
            head = _PART.search(part)
            assert head is not None
            _, _, content = part[head.end() :].partition(b"\r\n\r\n")
            etags.append(tables.write(head[1].decode(), head[2].decode(), content.strip()))
        return _changed(etags)

    async def get(request: web.Request) -> web.Response:
        if match := _ENTITY.search(request.path):
            entity = tables.get(*match.groups())
            return _json(entity, headers={"ETag": entity["odata.etag"]})
        table = _QUERY.search(request.path)[1]  # type: ignore[index]
        query = request.query
        most = min(int(query.get("$top", MOST_A_PAGE)), MOST_A_PAGE)
        found, next_row = tables.query(table, query["$filter"], query.get("NextRowKey", ""), most)
        if "$select" in query:
            names = query["$select"].split(",")
            found = [{name: entity[name] for name in names if name in entity} for entity in found]
        more = {} if next_row is None else _continuation(query["$filter"], next_row)
        return _json({"value": found}, headers=more)

    async def write(request: web.Request) -> web.Response:
        body = await request.read()
        # What the SDK calls an upsert is a write without a condition.
        etag = tables.write(request.method, request.path, body, request.headers.get("If-Match"))
        return web.Response(status=HTTPStatus.NO_CONTENT, headers={"ETag": etag} if etag else {})

    async def put_message(request: web.Request) -> web.Response:
        return web.Response(status=HTTPStatus.CREATED, body=_PUT, content_type="application/xml")

    application = web.Application(client_max_size=8 * 2**20, middlewares=[_refusals])
    application.router.add_post("/{account}/$batch", batch)
    application.router.add_post("/{account}/{queue}/messages", put_message)
    application.router.add_get("/{path:.*}", get)
    application.router.add_route("*", "/{path:.*}", write)
    return application


@web.middleware
async def _refusals(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)
    except _Refused as refused:
        error = {"odata.error": {"code": refused.code, "message": {"lang": "en-US", "value": refused.code}}}
        return _json(error, status=refused.status, headers={"x-ms-error-code": refused.code})
    return answer


def _json(document: object, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(
        document, status=status, headers=headers, content_type="application/json;odata=minimalmetadata"
    )


def _continuation(wanted: str, next_row: str) -> dict[str, str]:
    partition = next(value for name, _, value in _CONDITION.findall(wanted) if name == "PartitionKey")
    return {
        "x-ms-continuation-NextPartitionKey": partition,
        "x-ms-continuation-NextRowKey": next_row,
    }


def _changed(etags: list[str]) -> web.Response:
    parts = "".join(
        "--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        "HTTP/1.1 204 No Content\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\n"
        f"DataServiceVersion: 3.0;\r\nETag: {etag}\r\n\r\n\r\n"
        for etag in etags
    )
    body = (
        "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
        f"{parts}--changesetresponse_1--\r\n--batchresponse_1--\r\n"
    )
    content_type = "multipart/mixed; boundary=batchresponse_1"
    return web.Response(status=HTTPStatus.ACCEPTED, body=body, headers={"Content-Type": content_type})
