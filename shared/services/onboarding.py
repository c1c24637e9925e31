"""Connecting a customer's tenant: sign in, consent, proof; and disconnecting it.

The admin-consent redirect can be forged by anybody, so it proves nothing. What counts is the signature on
the id_token of the person who signed in, and that Microsoft then gives us a token for exactly that tenant.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shared.core.account_destination import DestinationKind
from shared.core.connection import (
    HANDSHAKE_LIFETIME,
    Connection,
    ConnectionState,
    Grant,
    consent_abandoned,
    consent_opened,
    disconnected,
    moved,
    without_secret,
)
from shared.core.consent import check_sign_in, check_tenant, consent_answer, link_used
from shared.core.customer import Customer
from shared.core.errors import (
    ActionRequired,
    Actor,
    ConcurrentUpdate,
    ConsentRefused,
    Gone,
    InvalidMove,
    NotFound,
    OperatorError,
    RetryLater,
    SourceFault,
    TenantryError,
)
from shared.core.messages import ValidateMessage
from shared.core.presets import default_configuration
from shared.core.setting_up import begun
from shared.core.text import label
from shared.logs import log
from shared.ports import (
    AccountDestinationStore,
    Clock,
    ConnectionStore,
    IdentityProvider,
    MirrorStore,
    OneTimeStore,
    Secrets,
    SignIn,
    Stored,
)
from shared.services.proving import Proving
from shared.services.updates import update

_TICKET, _HANDSHAKE, _RECEIPT = "consent-ticket", "handshake", "consent-receipt"
RECEIPT_LIFETIME = timedelta(hours=1)
"""How long the browser that consented may look at how it ends."""


class Redirect(msgspec.Struct, frozen=True):
    """Where the browser goes next. `handshake` is the browser's part of the secret, kept in a cookie."""

    url: str
    handshake: str


class Connected(msgspec.Struct, frozen=True):
    """The end of the consent: proven, or still being copied to all of Microsoft's servers."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Onboarding:
    """Consent and disconnect."""

    connections: ConnectionStore
    one_time: OneTimeStore
    identity: IdentityProvider
    secrets: Secrets
    mirrors: MirrorStore
    clock: Clock
    redirect_uri: str
    start_url: str
    proving: Proving
    account_destinations: AccountDestinationStore

    async def begin(
        self, customer: Customer, grant: Grant, *, set_up: bool = False
    ) -> tuple[Connection, str]:
        """The connection, made if there was none, and a one-use URL that an admin opens within 10 minutes.

        `set_up`: a person is about to choose what is synced, so nothing is before they have.
        """
        stored = await self.of(customer)
        ticket = secrets.token_urlsafe(32)
        claims = {"account": customer.account_id, "connection": customer.connection_id, "grant": grant.value}
        if set_up:
            claims["set_up"] = "yes"
        await self.one_time.put(_TICKET, ticket, claims, self.clock.now() + HANDSHAKE_LIFETIME)
        return stored.value, f"{self.start_url}?ticket={ticket}"

    async def of(self, customer: Customer) -> Stored[Connection]:
        """The customer's connection, made if there was none."""
        stored = await self.connections.get(customer.account_id, customer.connection_id)
        return await self._added(customer) if stored is None else stored

    async def asked(self, ticket: str) -> tuple[Connection, Grant]:
        """What a ticket asks for; looking does not use it up. Raises Gone."""
        claims = await self.one_time.peek(_TICKET, ticket, self.clock.now())
        if claims is None:
            raise link_used()
        stored = await self._connection(claims["account"], claims["connection"])
        return stored.value, Grant(claims["grant"])

    async def start(self, ticket: str) -> Redirect:
        """Open the handshake of a ticket. Raises Gone when it was used or has expired."""
        claims = await self.one_time.take(_TICKET, ticket, self.clock.now())
        if claims is None:
            raise link_used()
        stored = await self._connection(claims["account"], claims["connection"])
        set_up, grant = "set_up" in claims, Grant(claims["grant"])
        await update(self.connections, stored, lambda c: _opened(c, self.clock.now(), set_up=set_up))
        state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        request = await self.identity.begin_sign_in(grant, state, self.redirect_uri)
        await self._open_handshake(state, browser, claims | {"step": "sign_in", "request": request})
        return Redirect(request["auth_uri"], browser)

    async def handshake(self, state: str | None, browser: str | None) -> Connection | None:
        """The connection that a handshake is for, while it lasts; looking does not use it up."""
        claims = await self.one_time.peek(_HANDSHAKE, f"{state}.{browser}", self.clock.now())
        return (
            None
            if claims is None
            else (await self._connection(claims["account"], claims["connection"])).value
        )

    async def callback(self, answer: dict[str, str], browser: str | None) -> Redirect | Connected:
        """Take up Microsoft's answer: on to the admin consent, or to the end.

        Raises Gone (used, expired, forged or another browser's) and ConsentRefused; in both cases nothing
        was stored.
        """
        handshake = await self._take_handshake(answer.get("state"), browser)
        stored = await self._connection(handshake["account"], handshake["connection"])
        try:
            if handshake["step"] == "sign_in":
                return await self._signed_in(stored, handshake, answer, browser or "")
            return await self._consented(stored, handshake, answer)
        except TenantryError as error:
            log("consent.refused", connection=stored.value.id, code=error.code)
            await update(self.connections, stored, lambda c: consent_abandoned(c, self.clock.now()))
            raise

    async def receipt(self, connection: Connection) -> str:
        """A token for the browser that consented: with it `followed` tells how the connection stands."""
        token = secrets.token_urlsafe(32)
        value = {"account": connection.account_id, "connection": connection.id}
        await self.one_time.put(_RECEIPT, token, value, self.clock.now() + RECEIPT_LIFETIME)
        return token

    async def followed(self, receipt: str) -> Connection | None:
        """The connection a receipt was given for, while it lasts."""
        claims = await self.one_time.peek(_RECEIPT, receipt, self.clock.now())
        if claims is None:
            return None
        return (await self._connection(claims["account"], claims["connection"])).value

    async def disconnect(self, account_id: str, connection_id: str) -> Connection:
        """Forget the tenant: tokens, delta link and mirror. Contacts, runs and configuration stay."""
        stored = await self._connection(account_id, connection_id)
        if stored.value.state is not ConnectionState.DISCONNECTED:
            stored = await update(self.connections, stored, lambda c: disconnected(c, self.clock.now()))
            log("connection.disconnected", connection=connection_id)
        if stored.value.secret_name is not None:
            # The name goes last, so that asking again finishes what was cut short.
            await self.mirrors.prune(connection_id, None)
            await self.secrets.delete(stored.value.secret_name)
            stored = await update(self.connections, stored, without_secret)
        return stored.value

    async def _signed_in(
        self, stored: Stored[Connection], handshake: dict[str, Any], answer: dict[str, str], browser: str
    ) -> Redirect | Connected:
        sign_in = await self.identity.finish_sign_in(handshake["request"], answer)
        grant = Grant(handshake["grant"])
        check_sign_in(sign_in.directory_roles, grant, is_guest=sign_in.is_guest)
        check_tenant(stored.value, sign_in.tenant_id)
        if grant is Grant.DELEGATED:
            return await self._connected(stored, sign_in, grant)
        state = secrets.token_urlsafe(32)
        proven = msgspec.to_builtins(sign_in)
        kept = {key: handshake[key] for key in ("account", "connection", "grant")}
        await self._open_handshake(state, browser, kept | {"step": "consent", "sign_in": proven})
        url = self.identity.admin_consent_url(sign_in.tenant_id, state, self.redirect_uri)
        return Redirect(url, browser)

    async def _consented(
        self, stored: Stored[Connection], handshake: dict[str, Any], answer: dict[str, str]
    ) -> Connected:
        sign_in = msgspec.convert(handshake["sign_in"], SignIn)
        consent_answer(answer, sign_in.tenant_id)
        check_tenant(stored.value, sign_in.tenant_id)
        return await self._connected(stored, sign_in, Grant(handshake["grant"]))

    async def _connected(self, stored: Stored[Connection], sign_in: SignIn, grant: Grant) -> Connected:
        now = self.clock.now()
        fresh_name = f"connection-{stored.value.id}-{secrets.token_hex(4)}"

        def named(connection: Connection) -> Connection:
            validating(connection)  # refuses before anything is stored
            return msgspec.structs.replace(connection, secret_name=connection.secret_name or fresh_name)

        def validating(connection: Connection) -> Connection:
            check_tenant(connection, sign_in.tenant_id)
            other_tenant = connection.tenant_id != sign_in.tenant_id
            proven = moved(connection, ConnectionState.VALIDATING, now)
            return msgspec.structs.replace(
                proven,
                grant=grant,
                tenant_id=sign_in.tenant_id,
                connected_at=now,
                connected_by=label(sign_in.username),
                consent_expires_at=None,
                delta_link=None if other_tenant else connection.delta_link,
                mirror=None if other_tenant else connection.mirror,
            )

        # Named before it is written: a secret that nobody knows of would stay for ever.
        stored = await update(self.connections, stored, named)
        secret_name = stored.value.secret_name or fresh_name
        # Queued before it can be needed: should this be the last thing we do, the proof is taken up there.
        await self.proving.later(ValidateMessage(stored.value.account_id, stored.value.id))
        # An empty cache replaces what an earlier consent left, so that the proof proves the new one.
        await self.secrets.set(secret_name, sign_in.token_cache or "{}")
        try:
            stored = await update(self.connections, stored, validating)
        except InvalidMove:
            await self.secrets.delete(secret_name)  # disconnected meanwhile; nobody knows the name any more
            raise
        except ConsentRefused:
            # Another tenant was quicker, and the secret is its connection's: what we put over it must go.
            await self.secrets.set(secret_name, "{}")
            raise
        log("consent.given", connection=stored.value.id, grant=grant)
        try:
            stored = await self.proving.prove(stored)
        except (RetryLater, ActionRequired, OperatorError, SourceFault) as error:
            log("consent.unproven", connection=stored.value.id, code=error.code)
        return Connected(stored.value)

    async def _added(self, customer: Customer) -> Stored[Connection]:
        now = self.clock.now()
        destination = await self.account_destinations.get(customer.account_id)
        kind = DestinationKind.BUILTIN if destination is None else destination.value.kind
        connection = Connection(
            id=customer.connection_id,
            account_id=customer.account_id,
            customer_id=customer.id,
            created_at=now,
            state_since=now,
            configuration=default_configuration(kind),
        )
        try:
            return await self.connections.add(connection)
        except ConcurrentUpdate:
            return await self._connection(connection.account_id, connection.id)

    async def _open_handshake(self, state: str, browser: str, value: dict[str, Any]) -> None:
        # The two halves make one token: the address bar has one, the cookie the other.
        await self.one_time.put(
            _HANDSHAKE, f"{state}.{browser}", value, self.clock.now() + HANDSHAKE_LIFETIME
        )

    async def _take_handshake(self, state: str | None, browser: str | None) -> dict[str, Any]:
        if state and browser:
            value = await self.one_time.take(_HANDSHAKE, f"{state}.{browser}", self.clock.now())
            if value is not None:
                return value
        raise Gone(
            "consent_link_used",
            "This sign-in was already used, has expired, or was begun in another browser.",
            "Go back to the customer's page and choose Connect again. Nothing was changed.",
            Actor.TECHNICIAN,
        )

    async def _connection(self, account_id: str, connection_id: str) -> Stored[Connection]:
        stored = await self.connections.get(account_id, connection_id)
        if stored is None:
            raise NotFound("connection")
        return stored


def _opened(connection: Connection, now: datetime, *, set_up: bool) -> Connection:
    return consent_opened(begun(connection, now) if set_up else connection, now)
