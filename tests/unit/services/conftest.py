"""What several tests of the services begin with."""

import pytest

from tests.fakes import TENANT, World
from tests.unit.services.ways import Consent


@pytest.fixture
async def consent() -> Consent:
    """A customer that never connected, and a tenant that never consented."""
    world = World()
    return Consent(world, await world.customer(), world.tenant(TENANT, "ada"))
