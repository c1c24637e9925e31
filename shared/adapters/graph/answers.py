"""What Microsoft Graph answered, and what follows when it is not what was asked for.

Statuses and codes: Microsoft Learn, "Microsoft Graph error responses" and "Microsoft Graph throttling
guidance".
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus

import msgspec

from shared.adapters.graph import documents
from shared.adapters.retry_after import retry_after
from shared.core.errors import Actor, ResyncRequired, RetryLater, SourceFault
from shared.core.reasons import reason

LONGEST_WAIT_HERE = 10.0  # seconds; what Graph asks beyond that is waited out by the queue

_RESYNC = frozenset({"syncstatenotfound", "resyncrequired"})
_NO_TENANT = "Directory_ObjectNotFound"  # said of the whole directory
_BRIEF = frozenset({408, 500, 502, 503, 504, 509})
_FOR_ALL_TENANTS = "application"  # where the scope of a limit begins so, it is the app's as a whole


class Answer(msgspec.Struct, frozen=True):
    """One answer: `wait`: seconds it asks to stay away; `throttle_scope`: whose limit was reached."""

    status: int
    body: bytes = b""
    wait: float | None = None
    throttle_scope: str = ""
    location: str = ""

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], body: bytes) -> "Answer":
        """`headers`: by names in any case."""
        return cls(
            status,
            body.strip(),
            retry_after(headers),
            headers.get("x-ms-throttle-scope", ""),
            headers.get("Location", ""),
        )

    @property
    def throttles_every_tenant(self) -> bool:
        """Whether every worker does well to stay away."""
        return self.status == HTTPStatus.TOO_MANY_REQUESTS and self.throttle_scope.strip().lower().startswith(
            _FOR_ALL_TENANTS
        )

    @property
    def passes(self) -> bool:
        """Whether the same question may find another answer soon."""
        return self.status == HTTPStatus.TOO_MANY_REQUESTS or self.status in _BRIEF


class Again(Exception):
    """Worth another try, after `wait` seconds or after the usual growing pause."""

    def __init__(self, wait: float | None = None) -> None:
        """`wait`: as the answer asked."""
        super().__init__()
        self.wait = wait


class TokenRefused(Exception):
    """Graph does not take the token: 401, or 404 because it knows no such tenant."""


def expected(answer: Answer, accept: Collection[int], *, fresh_token: bool) -> Answer:
    """The answer, if it is a whole 200 or of a status in `accept`; raises what it means otherwise.

    `fresh_token`: with a token that was just made, a directory that is not there is an object that is not.
    """
    if answer.status == HTTPStatus.OK:
        return _whole(answer)
    failure = _failure(answer)
    if answer.status in accept and (fresh_token or not isinstance(failure, TokenRefused)):
        return answer
    raise failure


def weightiest(failures: Sequence[Exception]) -> Exception:
    """Of what went wrong with the members of a batch, what decides about the whole of it."""
    return max(failures, key=_weight)


def nonsense() -> SourceFault:
    """An answer of a shape that is not Graph's own."""
    return SourceFault(
        "graph_unreadable",
        "Microsoft Graph sent an answer of a shape that is not its own.",
        "The run is tried again. If it keeps failing, the operator must look at its log.",
        Actor.OPERATOR,
    )


def refused(status: int) -> SourceFault:
    """A request that Graph will not answer, today or tomorrow."""
    return SourceFault(
        "graph_refused",
        f"Microsoft Graph refused a request with status {status}.",
        "The run is tried again. If it keeps failing, the operator must look at its log.",
        Actor.OPERATOR,
    )


def foreign() -> SourceFault:
    """A link to a place that nothing is sent to."""
    return SourceFault(
        "foreign_link",
        "Microsoft Graph named a page on another server.",
        "The operator must look into it. Nothing was sent there.",
        Actor.OPERATOR,
    )


def throttled(wait: float) -> RetryLater:
    """Come back after `wait` seconds."""
    title = "Microsoft Graph asks this service to wait."
    return RetryLater("graph_throttled", title, timedelta(seconds=wait))


def passing(answer: Answer) -> Exception:
    """What to do about an answer that `passes`: another try here, or the queue where the wait is long."""
    if answer.wait is not None and answer.wait > LONGEST_WAIT_HERE:
        return throttled(answer.wait)
    return Again(answer.wait)


def _whole(answer: Answer) -> Answer:
    # A connection may break off without the HTTP library noticing.
    if not answer.body or (answer.body.startswith(b"{") and not answer.body.endswith(b"}")):
        raise Again
    return answer


def _failure(answer: Answer) -> Exception:
    status, code = answer.status, documents.error_code(answer.body)
    if status == HTTPStatus.GONE or (code.lower() in _RESYNC and status in (400, 404)):
        return ResyncRequired()
    if status == HTTPStatus.UNAUTHORIZED or (status, code) == (HTTPStatus.NOT_FOUND, _NO_TENANT):
        return TokenRefused()
    if answer.passes:
        return passing(answer)
    if status == HTTPStatus.FORBIDDEN:
        return reason("permission_missing", replicating=True)
    return refused(status)


def _weight(failure: Exception) -> tuple[int, float]:
    match failure:
        case Again():
            return 0, failure.wait or 0.0
        case RetryLater():
            return 1, failure.after.total_seconds()
        case TokenRefused():
            return 2, 0.0
        case _:
            return 3, 0.0
