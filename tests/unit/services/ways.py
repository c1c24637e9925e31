"""The way through a consent, step by step."""

from shared.core.connection import Connection, ConnectionState, Grant
from shared.core.customer import Customer
from shared.ports import SignIn
from shared.services.onboarding import Redirect
from tests.fakes import FakeDirectory, World, admin


class Consent:
    """One customer, one tenant, and the steps of the way."""

    def __init__(self, world: World, customer: Customer, tenant: FakeDirectory) -> None:
        self.world, self.customer, self.tenant = world, customer, tenant
        self.onboarding = world.app.onboarding

    async def started(self, grant: Grant = Grant.APPLICATION) -> Redirect:
        _, url = await self.onboarding.begin(self.customer, grant)
        return await self.onboarding.start(url.partition("ticket=")[2])

    async def signed_in(self, person: SignIn | None = None, grant: Grant = Grant.APPLICATION) -> Redirect:
        redirect = await self.started(grant)
        answer = self.world.identity.sign_in(redirect.url, person or admin(self.tenant.id))
        step = await self.onboarding.callback(answer, redirect.handshake)
        assert isinstance(step, Redirect)
        return step

    async def connection(self) -> Connection:
        return await self.world.connection(self.customer)

    async def nothing_was_stored(self) -> None:
        """No secret, no tenant, no request to Graph, no message; the connection may be tried again."""
        connection = await self.connection()
        assert connection.state is ConnectionState.PENDING
        assert (connection.tenant_id, connection.secret_name, connection.connected_by) == (None, None, None)
        assert self.world.secrets.values == {}
        assert self.world.queue.waiting == []
        assert self.world.directories.opened == []
