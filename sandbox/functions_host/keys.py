"""Access keys: which level of HTTP function a request may call."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

HEADER = "x-functions-key"
QUERY = "code"


@dataclass(frozen=True, slots=True)
class AccessKeys:
    """The master key opens everything, host keys every function, function keys their own function."""

    master: str = field(repr=False)
    host: tuple[str, ...] = field(default=(), repr=False)
    functions: Mapping[str, str] = field(default_factory=dict, repr=False)

    def allow_admin(self, request: web.Request) -> bool:
        """Whether the request carries the master key."""
        return self._carries(request, (self.master,))

    def allow(self, request: web.Request, function: str, level: str) -> bool:
        """Whether the request may call a function of the level `anonymous`, `function` or `admin`."""
        if level == "anonymous":
            return True
        accepted: tuple[str, ...] = (self.master,)
        if level == "function":
            own = self.functions.get(function)
            accepted += self.host + ((own,) if own else ())
        return self._carries(request, accepted)

    @staticmethod
    def _carries(request: web.Request, accepted: tuple[str, ...]) -> bool:
        given = (request.headers.get(HEADER) or request.query.get(QUERY) or "").encode()
        return bool(given) and any(hmac.compare_digest(given, key.encode()) for key in accepted)
