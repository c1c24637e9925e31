"""The state of the simulated service: all its accounts, and how many calls it takes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime

from sandbox.simulators.call_limit import CallLimit
from sandbox.simulators.syncro.account import SyncroAccount


class Syncro:
    """The service: accounts by subdomain, and the limit of calls, which is one for each IP address.

    `retry_after`: whether a call over the limit is told how long to wait. The real service is not known to.
    """

    def __init__(self, now: Callable[[], datetime], *, calls_per_minute: int | None = 180) -> None:
        """`calls_per_minute`: None for no limit."""
        self.now = now
        self.limit = CallLimit(now, calls_per_minute)
        self.retry_after = False
        self.accounts: dict[str, SyncroAccount] = {}
        self._ids = itertools.count(1)

    def add_account(self, subdomain: str, *, name: str) -> SyncroAccount:
        """Open an account; raises ValueError when the subdomain is taken."""
        if subdomain in self.accounts:
            raise ValueError(f"the subdomain {subdomain} is taken")
        account = SyncroAccount(subdomain, name, now=self.now, next_id=lambda: next(self._ids))
        self.accounts[subdomain] = account
        return account
