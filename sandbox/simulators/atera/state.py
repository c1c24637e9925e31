"""Everything that the simulated service remembers: its accounts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.simulators.atera.account import AteraAccount
from sandbox.simulators.atera.keys import AteraKey, presented_key
from sandbox.simulators.atera.records import whole_seconds
from sandbox.simulators.call_limit import CallLimit

_FIRST_ACCOUNT, _FIRST_ID = 5_001, 60_001


class Atera:
    """The accounts by id; all ids come from one series, so none of one account means anything in another."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """`now` returns aware times; keys expire and calls are counted by it."""
        self.now = now
        self.accounts: dict[str, AteraAccount] = {}
        self._account_ids = itertools.count(_FIRST_ACCOUNT)
        self._ids = itertools.count(_FIRST_ID)

    def add_account(
        self, company_name: str, *, time_zone: str = "UTC", is_it_department: bool = False
    ) -> AteraAccount:
        """Open an account without keys; `time_zone` is an IANA name, else ZoneInfoNotFoundError."""
        account = AteraAccount(
            id=str(next(self._account_ids)),
            company_name=company_name,
            time_zone=ZoneInfo(time_zone),
            is_it_department=is_it_department,
            created_on=whole_seconds(self.now()),
            now=self.now,
            ids=self._ids,
            limit=CallLimit(self.now, None),
        )
        self.accounts[account.id] = account
        return account

    def account_of(self, text: str) -> AteraAccount | None:
        """Return the account that a key belongs or once belonged to."""
        return next((account for account in self.accounts.values() if text in account.keys), None)

    def caller(self, headers: Mapping[str, str]) -> tuple[AteraAccount, AteraKey] | None:
        """Return whose key a request carries; None for no key, a bad key and a key in the wrong header."""
        kind, text = presented_key(headers)
        account = self.account_of(text)
        if account is None:
            return None
        key = account.keys[text]
        return (account, key) if key.kind == kind and key.is_good(self.now()) else None
