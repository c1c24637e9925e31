"""Every PSA in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.core.account_destination import DestinationKind
from tests.psa.places import Place, place

PSAS = [DestinationKind.ATERA, DestinationKind.SYNCRO]


@pytest.fixture(params=PSAS, ids=str)
def kind(request: pytest.FixtureRequest) -> DestinationKind:
    found: DestinationKind = request.param
    return found


@pytest.fixture
async def there(kind: DestinationKind) -> AsyncIterator[Place]:
    """A customer with three people, whose contacts live in a PSA."""
    async with place(kind, "ada", "bob", "cyd") as found:
        yield found
