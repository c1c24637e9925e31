"""API keys as an account manages them itself: no key makes one that may do more than it may itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.api_key import (
    ApiKey,
    KeyScope,
    check_deletion,
    check_rotation,
    new_api_key,
    rotated_already,
)
from shared.core.errors import Actor, NotFound, Refused
from shared.logs import log
from shared.ports import AccountStore, Clock


class MoreThanOwn(Refused):
    """A key that would be allowed more than the one that makes it."""

    status = 403

    def __init__(self) -> None:
        """The remedy is always the same."""
        super().__init__(
            "scope_not_own",
            "A key cannot make or rotate a key that may do more than it may itself.",
            "Ask for scopes that this key has, or use a key that has them all.",
            Actor.TECHNICIAN,
        )


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """Everything is asked for by a key (`by`), within its account; keys of others do not exist."""

    accounts: AccountStore
    clock: Clock

    async def list(self, by: ApiKey) -> list[ApiKey]:
        """The account's keys that count, oldest first."""
        now = self.clock.now()
        live = [key for key in await self.accounts.keys(by.account_id) if key.live(now)]
        return sorted(live, key=lambda key: (key.created_at, key.id))

    async def create(self, by: ApiKey, name: str, scopes: Iterable[KeyScope] | None) -> tuple[ApiKey, str]:
        """A new key and its text, which cannot be had again; without scopes one that may do what `by` may.

        Raises MoreThanOwn.
        """
        wanted = by.scopes if scopes is None else tuple(scopes)
        if not by.allows(wanted):
            raise MoreThanOwn
        key, text = new_api_key(by.account_id, name, self.clock.now(), wanted)
        await self.accounts.add_key(key)
        log("api_key.created", account=by.account_id, key=key.id, by=by.id)
        return key, text

    async def rotate(self, by: ApiKey, key_id: str, overlap: timedelta) -> tuple[ApiKey, str]:
        """The key that follows, of the same name and scopes, and its text; the old one ends after `overlap`.

        Raises NotFound, MoreThanOwn, and Conflict where that would be a third of its lineage.
        """
        now = self.clock.now()
        old = await self._key(by, key_id)
        if not by.allows(old.scopes):
            raise MoreThanOwn
        check_rotation(old, await self.accounts.keys(by.account_id), overlap, now)
        new, text = new_api_key(by.account_id, old.label, now, old.scopes, old.first)
        # The new one first: whoever is cut off in between still has a key that lasts, and can ask again.
        await self.accounts.add_key(new)
        while not await self.accounts.swap_key(old, msgspec.structs.replace(old, expires_at=now + overlap)):
            found = await self._key(by, key_id)
            if not found.lasts(now):  # somebody else was quicker
                await self.accounts.revoke_key(by.account_id, new.id, now)
                raise rotated_already()
            old = found
        log("api_key.rotated", account=by.account_id, key=old.id, successor=new.id, by=by.id)
        return new, text

    async def delete(self, by: ApiKey, key_id: str) -> None:
        """The key stops working at once.

        Raises NotFound, and Conflict for the account's last lasting one that may manage keys.
        """
        key = await self._key(by, key_id)
        now = self.clock.now()
        check_deletion(key, await self.accounts.keys(by.account_id), now)
        await self.accounts.revoke_key(by.account_id, key.id, now)
        log("api_key.deleted", account=by.account_id, key=key.id, by=by.id)

    async def _key(self, by: ApiKey, key_id: str) -> ApiKey:
        key = await self.accounts.get_key(by.account_id, key_id)
        if key is None or not key.live(self.clock.now()):
            raise NotFound("API key")
        return key
