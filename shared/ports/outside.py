"""The queue of work, secrets, allowances that all workers share, and the identity provider."""

from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from shared.core.connection import Grant
from shared.core.messages import QueueMessage


class Queue(Protocol):
    """A queue of work: syncs and what belongs to them, or events to publish."""

    async def send(self, message: QueueMessage, delay: timedelta = timedelta(0)) -> None:
        """Put one message that becomes visible after `delay` (at most 7 days)."""
        ...


class SecretProperties(msgspec.Struct, frozen=True):
    """What is known of a secret besides its value; `expires_at`: None where it does not expire."""

    expires_at: datetime | None = None


class Secrets(Protocol):
    """Named secrets."""

    async def get(self, name: str) -> str | None:
        """The secret's value, or None when there is none."""
        ...

    async def properties(self, name: str) -> SecretProperties | None:
        """What is known of the secret, or None when there is none."""
        ...

    async def set(self, name: str, value: str) -> None:
        """Write a new version of the secret; one that was deleted is there again."""
        ...

    async def renew(self, name: str, value: str) -> None:
        """Write a new version, unless the secret was deleted: then it stays deleted, without a word."""
        ...

    async def delete(self, name: str) -> None:
        """Delete the secret; deleting what is not there is fine."""
        ...


class Budgets(Protocol):
    """Allowances that all workers share."""

    async def reserve(
        self, name: str, amount: int, *, limit: int, window: timedelta, by: str = "", worth: int = 0
    ) -> timedelta:
        """Take `amount` of the `limit` that `name` may use in any `window`.

        Returns zero when it was granted, else how long to wait before asking again: at most a window, or
        until a pause is over. `by`: who asks (up to 100 characters, nothing personal), so that nobody is
        granted more than an equal share while others wait, and a small one is served within a window of
        asking; empty for nobody in particular, whom only the limit binds. `worth`: at least `amount`, what
        they want in all; the wait is until about that much, or their share if that is less, is there for
        them at once, so whoever takes long over it does well to name a part of it. 0 means `amount`.
        """
        ...

    async def pause(self, name: str, until: datetime) -> None:
        """Nobody is granted anything before `until`; a later pause counts."""
        ...

    async def paused_until(self, name: str) -> datetime | None:
        """Until when everybody pauses, or None."""
        ...


class SignIn(msgspec.Struct, frozen=True):
    """A proven sign-in: claims of a validated id_token, and for a delegated grant the token cache."""

    tenant_id: str
    object_id: str
    username: str
    directory_roles: frozenset[str]
    is_guest: bool
    token_cache: str | None = None


class IdentityProvider(Protocol):
    """Microsoft Entra ID, as far as consent goes."""

    async def begin_sign_in(self, grant: Grant, state: str, redirect_uri: str) -> dict[str, Any]:
        """An authorization request with PKCE and nonce; `auth_uri` in it is where the browser goes."""
        ...

    async def finish_sign_in(self, request: dict[str, Any], answer: dict[str, str]) -> SignIn:
        """Redeem the code and validate the id_token. Raises ConsentRefused."""
        ...

    def admin_consent_url(self, tenant_id: str, state: str, redirect_uri: str) -> str:
        """Where the admin approves application permissions for the tenant."""
        ...
