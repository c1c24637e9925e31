"""Requests that are sent again: carried out once, answered as often as they come."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.errors import Actor, Conflict, Refused, RetryLater
from shared.logs import log
from shared.ports import Clock, OneTimeStore

KEPT_FOR = timedelta(hours=24)
"""How long an answer is given again."""
CLAIMED_FOR = timedelta(minutes=2)
"""How long a request may take; whoever was cut off is not locked out for longer."""
_KIND = "idempotency"
_LOOK_AGAIN = "2"  # seconds


class Answer(msgspec.Struct, frozen=True):
    """What a request was answered: status, headers, body in UTF-8."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


class _Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    fingerprint: str
    answer: Answer | None = None


class Mismatch(Refused):
    """A key that came with another request before."""

    status = 422

    def __init__(self) -> None:
        """The remedy is always the same."""
        super().__init__(
            "idempotency_mismatch",
            "This Idempotency-Key was used for another request.",
            "Send a new key with each new request, and the same key only with the same request.",
            Actor.TECHNICIAN,
        )


class InProgress(Conflict):
    """The first request with this key is not answered yet."""

    def __init__(self) -> None:
        """The remedy is always the same."""
        super().__init__(
            "idempotency_in_progress",
            "The first request with this Idempotency-Key is still under way.",
            "Send it again in a moment to get its answer.",
            Actor.TECHNICIAN,
        )
        self.headers = {"Retry-After": _LOOK_AGAIN}


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Answers wait behind a token that nobody can guess and that is kept nowhere, for they may hold secrets.

    `token`: the caller's secret and the key that it chose.
    """

    one_time: OneTimeStore
    clock: Clock

    async def begin(self, token: str, fingerprint: str) -> Answer | None:
        """The answer that was given already; None makes the caller the one to carry the request out.

        Raises Mismatch and InProgress.
        """
        now = self.clock.now()
        claim = msgspec.to_builtins(_Kept(fingerprint))
        if await self.one_time.claim(_KIND, token, claim, now + CLAIMED_FOR, now):
            return None
        value = await self.one_time.peek(_KIND, token, now)
        if value is None:
            raise InProgress  # it was given up a moment ago
        kept = msgspec.convert(value, _Kept)
        if kept.fingerprint != fingerprint:
            raise Mismatch
        if kept.answer is None:
            raise InProgress
        return kept.answer

    async def finish(self, token: str, fingerprint: str, answer: Answer) -> None:
        """Keep the answer. What was done is done, so nobody hears of it where that fails."""
        value = msgspec.to_builtins(_Kept(fingerprint, answer))
        try:
            await self.one_time.put(_KIND, token, value, self.clock.now() + KEPT_FOR)
        except RetryLater as error:
            log("idempotency.not_kept", level=logging.WARNING, code=error.code)

    async def forget(self, token: str) -> None:
        """Let the request be sent again; where that fails, the claim ends by itself."""
        try:
            await self.one_time.delete(_KIND, token)
        except RetryLater as error:
            log("idempotency.not_forgotten", level=logging.WARNING, code=error.code)


def fingerprint_of(*parts: bytes) -> str:
    """What tells one request from another."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()
