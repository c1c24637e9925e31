"""Who may come in: API keys, and one-use links that open the portal in one browser."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.consent import link_used
from shared.core.customer import Account, ApiKey, new_account_id, new_api_key, parse_api_key
from shared.core.errors import NotFound
from shared.ports import AccountStore, Clock, OneTimeStore

_LINK, _SESSION = "portal-link", "portal-session"
LINK_LIFETIME = timedelta(minutes=5)
"""How long a portal link may wait to be opened."""
SESSION_LIFETIME = timedelta(hours=8)
"""How long an opened portal stays open."""


class PortalSession(msgspec.Struct, frozen=True):
    """What one browser may see: one customer of one account; with `customer_id` None the account itself and
    all of its customers. Nobody gets that by leaving something out, so there is no default."""

    account_id: str
    customer_id: str | None

    def opens(self, customer_id: str) -> bool:
        """Whether the customer of the account may be seen."""
        return self.customer_id is None or self.customer_id == customer_id


@dataclass(frozen=True, slots=True)
class Access:
    """Accounts, keys, portal sessions."""

    accounts: AccountStore
    one_time: OneTimeStore
    clock: Clock

    async def account_of(self, key_text: str) -> str | None:
        """The account that an API key opens, or None."""
        parsed = parse_api_key(key_text)
        if parsed is None:
            return None
        account_id, key_id, secret = parsed
        key = await self.accounts.get_key(account_id, key_id)
        return account_id if key is not None and key.accepts(secret) else None

    async def create_account(self, name: str) -> Account:
        """A new account."""
        account = Account(new_account_id(), name, self.clock.now())
        await self.accounts.add(account)
        return account

    async def create_key(self, account_id: str, label: str) -> tuple[ApiKey, str]:
        """A new key and its text, which cannot be had again. Raises NotFound."""
        if await self.accounts.get(account_id) is None:
            raise NotFound("account")
        key, text = new_api_key(account_id, label, self.clock.now())
        await self.accounts.add_key(key)
        return key, text

    async def keys(self, account_id: str) -> list[ApiKey]:
        """Every key of the account. Raises NotFound."""
        if await self.accounts.get(account_id) is None:
            raise NotFound("account")
        return await self.accounts.keys(account_id)

    async def revoke_key(self, account_id: str, key_id: str) -> None:
        """The key stops working at once. Raises NotFound."""
        if not await self.accounts.revoke_key(account_id, key_id, self.clock.now()):
            raise NotFound("API key")

    async def portal_link(self, session: PortalSession) -> str:
        """A token that opens the portal once, within 5 minutes."""
        token = secrets.token_urlsafe(32)
        await self.one_time.put(_LINK, token, msgspec.to_builtins(session), self.clock.now() + LINK_LIFETIME)
        return token

    async def open_portal(self, link_token: str) -> tuple[str, PortalSession]:
        """The session token for the browser that opened the link. Raises Gone."""
        value = await self.one_time.take(_LINK, link_token, self.clock.now())
        if value is None:
            raise link_used()
        token = secrets.token_urlsafe(32)
        await self.one_time.put(_SESSION, token, value, self.clock.now() + SESSION_LIFETIME)
        return token, msgspec.convert(value, PortalSession)

    async def portal_session(self, token: str) -> PortalSession | None:
        """The session of a browser, while it lasts."""
        value = await self.one_time.peek(_SESSION, token, self.clock.now())
        return None if value is None else msgspec.convert(value, PortalSession)

    async def close_portal(self, token: str) -> None:
        """Sign the browser out."""
        await self.one_time.delete(_SESSION, token)
