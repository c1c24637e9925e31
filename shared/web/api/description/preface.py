"""What is said of the API as a whole, and of the headers of its answers."""

from collections.abc import Mapping
from typing import Any

from shared.web.api.description.sentences import paragraphs

DESCRIPTION = paragraphs("""\
Connects customers' Microsoft Entra ID tenants to a PSA and keeps its contacts in step with the directory.

Send an API key as `Authorization: Bearer …`. Bodies are JSON in UTF-8, at most 256 KiB;
times are RFC 3339 in UTC.

A key does what its scopes say: a part of the API and a verb, such as `runs:write`. Each operation names the
one it needs; writing does not include reading.

Lists answer with `data` and `after`. Send `after` back to get the next part; it is null at the end.

Errors are problem documents (RFC 9457): a stable `code` for programs, and who must act (`actor`) and how
(`detail`) for people. What belongs to somebody else looks exactly like what does not exist.

A POST may carry an `Idempotency-Key`: whoever did not get the answer sends it again, and nothing
happens twice.

Runs take a while: starting one answers 202 with its `Location`, and `Retry-After` says when to look again.

Concurrent changes are safe where an `ETag` is given: send it back in `If-Match`.

Whatever can be read answers to `HEAD` too.""")

HEADERS: Mapping[str, dict[str, Any]] = {
    "RequestId": {
        "description": "The request's id, yours if you sent a plain one; it is in the log.",
        "required": True,
        "schema": {"type": "string", "pattern": r"^[A-Za-z0-9._-]{8,64}$"},
    },
    "Location": {
        "description": "Where to look for what becomes of it.",
        "required": True,
        "schema": {"type": "string", "pattern": "^/api/v1/"},
    },
    "RetryAfter": {
        "description": "After how many seconds to look again; missing once nothing will change by itself.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "RetryAfterTrouble": {
        "description": "After how many seconds to try again, where that is known.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "ETag": {
        "description": "The version of what was read; send it in `If-Match`.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[^"]+"$'},
    },
    "VaryAccept": {
        "description": "The answer depends on `Accept`.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Attachment": {
        "description": "The name of the file.",
        "schema": {"type": "string"},
    },
    "Challenge": {
        "description": "How to authenticate, or which scope is missing (RFC 6750).",
        "required": True,
        "schema": {"type": "string", "pattern": "^Bearer"},
    },
}
