"""Setup links: made, replaced, revoked, and opened in whoever's browser they were mailed to."""

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shared.core.connection import Connection
from shared.core.customer import Customer
from shared.core.errors import NotFound
from shared.core.setup_link import (
    SetupLink,
    already_set_up,
    new_setup_link,
    parse_setup_link,
    setup_link_ended,
)
from shared.logs import log
from shared.ports import Clock, ConnectionStore
from shared.services.access import Access, PortalSession
from shared.services.onboarding import Onboarding
from shared.services.updates import update


@dataclass(frozen=True, slots=True)
class SetupLinks:
    """At most one link of a customer counts. `open_url`: the page that a link leads to."""

    connections: ConnectionStore
    onboarding: Onboarding
    access: Access
    clock: Clock
    open_url: str

    async def create(self, customer: Customer, lifetime: timedelta) -> tuple[SetupLink, str]:
        """A new link in place of a former one, and its URL, which cannot be had again.

        Raises Conflict when the set-up is finished.
        """
        link, text = new_setup_link(customer.account_id, customer.connection_id, self.clock.now(), lifetime)

        def linked(connection: Connection) -> Connection:
            if connection.set_up:
                raise already_set_up()
            return msgspec.structs.replace(connection, setup_link=link)

        await update(self.connections, await self.onboarding.of(customer), linked)
        log("setup_link.created", connection=customer.connection_id, link=link.id)
        return link, f"{self.open_url}?token={text}"

    async def active(self, customer: Customer) -> SetupLink | None:
        """The link that can be opened now, if any."""
        stored = await self.connections.get(customer.account_id, customer.connection_id)
        return None if stored is None else stored.value.open_setup_link(self.clock.now())

    async def revoke(self, customer: Customer, link_id: str) -> None:
        """Let the link and every session it opened end now. Raises NotFound."""
        stored = await self.connections.get(customer.account_id, customer.connection_id)

        def revoked(connection: Connection) -> Connection:
            if connection.setup_link is None or connection.setup_link.id != link_id:
                raise NotFound("setup link")
            return msgspec.structs.replace(connection, setup_link=None)

        if stored is None:
            raise NotFound("setup link")
        await update(self.connections, stored, revoked)
        log("setup_link.revoked", connection=customer.connection_id, link=link_id)

    async def asked(self, text: str) -> Connection:
        """Whose set-up the link opens; looking changes nothing. Raises Gone."""
        parsed = parse_setup_link(text)
        stored = (
            None if parsed is None else await self.connections.get(parsed.account_id, parsed.connection_id)
        )
        if parsed is None or stored is None:
            raise setup_link_ended()
        link = stored.value.open_setup_link(self.clock.now())
        if link is None or link.id != parsed.link_id or not link.accepts(parsed.secret):
            raise setup_link_ended()
        return stored.value

    async def open(self, text: str) -> tuple[str, PortalSession]:
        """A session for the browser that opened the link, as often as it is asked for. Raises Gone."""
        connection = await self.asked(text)
        link = connection.setup_link
        session = PortalSession(
            connection.account_id, connection.customer_id, setup=True, link=None if link is None else link.id
        )
        return await self.access.begin_session(session), session
