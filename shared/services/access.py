"""Who may come in: API keys, and one-use links that open the portal in one browser."""

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import msgspec

from shared.core.api_key import ApiKey, KeyScope, new_api_key, parse_api_key, used
from shared.core.consent import link_used
from shared.core.customer import Account, new_account_id
from shared.core.errors import NotFound, RetryLater
from shared.core.setup_link import connection_of_link
from shared.logs import log
from shared.ports import AccountStore, Clock, ConnectionStore, OneTimeStore

_LINK, _SESSION = "portal-link", "portal-session"
LINK_LIFETIME = timedelta(minutes=5)
"""How long a portal link may wait to be opened."""
SESSION_LIFETIME = timedelta(hours=8)
"""How long an opened portal stays open."""
_NOTING = 1.0  # seconds


class Intent(StrEnum):
    """What somebody comes to the portal for: it decides which page is opened, not what may be seen."""

    CONNECT = "connect"
    CONFIGURE = "configure"
    PREVIEW = "preview"
    REVIEW = "review"
    MANAGE = "manage"


class PortalSession(msgspec.Struct, frozen=True):
    """What one browser may see: one customer of one account; with `customer_id` None the account itself and
    all of its customers. Nobody gets that by leaving something out, so there is no default.

    `setup`: nothing of the customer but the pages of its set-up; `link`: the setup link that opened it.
    `intent`: what the browser was sent for; `return_url`: where it may go back to.
    """

    account_id: str
    customer_id: str | None
    setup: bool = False
    link: str | None = None
    intent: Intent = Intent.MANAGE
    return_url: str | None = None

    def opens(self, customer_id: str) -> bool:
        """Whether everything of the customer of the account may be seen."""
        return not self.setup and self.opens_setup(customer_id)

    def opens_setup(self, customer_id: str) -> bool:
        """Whether the pages of the customer's set-up may be seen."""
        return self.customer_id is None or self.customer_id == customer_id


@dataclass(frozen=True, slots=True)
class Access:
    """Accounts, keys, portal sessions."""

    accounts: AccountStore
    one_time: OneTimeStore
    connections: ConnectionStore
    clock: Clock

    async def key_of(self, key_text: str) -> ApiKey | None:
        """The API key with this text while it counts, or None. That it was used is noted now and then."""
        parsed = parse_api_key(key_text)
        if parsed is None:
            return None
        account_id, key_id, secret = parsed
        key = await self.accounts.get_key(account_id, key_id)
        if key is None or not key.accepts(secret, self.clock.now()):
            return None
        await self._note_use(key)
        return key

    async def create_account(self, name: str) -> Account:
        """A new account."""
        account = Account(new_account_id(), name, self.clock.now())
        await self.accounts.add(account)
        return account

    async def account(self, account_id: str) -> Account:
        """Raises NotFound."""
        account = await self.accounts.get(account_id)
        if account is None:
            raise NotFound("account")
        return account

    async def let_return_to(self, account_id: str, origins: tuple[str, ...]) -> Account:
        """Let the account's portal lead back to pages of these sites and no others. Raises NotFound."""
        account = msgspec.structs.replace(await self.account(account_id), return_origins=origins)
        await self.accounts.save(account)
        return account

    async def create_key(
        self, account_id: str, label: str, scopes: Iterable[KeyScope] | None = None
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which cannot be had again; without scopes it may do everything.

        Raises NotFound.
        """
        if await self.accounts.get(account_id) is None:
            raise NotFound("account")
        key, text = new_api_key(account_id, label, self.clock.now(), scopes)
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
        session = msgspec.convert(value, PortalSession)
        return await self.begin_session(session), session

    async def begin_session(self, session: PortalSession) -> str:
        """The token of a new session, for the browser whose link was good."""
        token = secrets.token_urlsafe(32)
        value = msgspec.to_builtins(session)
        await self.one_time.put(_SESSION, token, value, self.clock.now() + SESSION_LIFETIME)
        return token

    async def portal_session(self, token: str) -> PortalSession | None:
        """The session of a browser, while it lasts; that of a setup link ends with its link."""
        value = await self.one_time.peek(_SESSION, token, self.clock.now())
        session = None if value is None else msgspec.convert(value, PortalSession)
        if session is None or not session.setup:
            return session
        return session if await self._link_stands(session) else None

    async def close_portal(self, token: str) -> None:
        """Sign the browser out."""
        await self.one_time.delete(_SESSION, token)

    async def _note_use(self, key: ApiKey) -> None:
        """Best effort: no request fails for it, and none waits for long."""
        if (noted := used(key, self.clock.now())) is None:
            return
        try:
            async with asyncio.timeout(_NOTING):
                await self.accounts.swap_key(key, noted)
        except (TimeoutError, RetryLater) as error:
            log("api_key.use_not_noted", account=key.account_id, key=key.id, error=type(error).__name__)

    async def _link_stands(self, session: PortalSession) -> bool:
        """Whether the session's setup link was neither revoked nor replaced."""
        if session.link is None:
            return False
        stored = await self.connections.get(session.account_id, connection_of_link(session.link))
        link = None if stored is None else stored.value.setup_link
        return link is not None and link.id == session.link
