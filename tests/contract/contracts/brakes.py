"""What every BrakeStore must do."""

import pytest

from shared.core.brake import Brake
from shared.ports import BrakeStore
from tests.contract.contracts.values import HOSTILE, LATER, NOW


class BrakeStoreContract:
    """The operator's brakes."""

    @pytest.fixture
    def brakes(self) -> BrakeStore:
        raise NotImplementedError("the store under test")

    async def test_nothing_is_stopped_at_first(self, brakes: BrakeStore) -> None:
        """Also where nobody ever put a brake on."""
        assert await brakes.all() == []
        assert not await brakes.release(None)

    async def test_each_brake_is_put_on_and_let_go_by_itself(self, brakes: BrakeStore) -> None:
        """The one for everybody, and one for each account, whatever its id looks like."""
        accounts = [None, *HOSTILE]
        for account_id in accounts:
            await brakes.put(Brake(NOW, account_id))
        assert {brake.account_id for brake in await brakes.all()} == set(accounts)
        assert await brakes.release(None)
        assert not await brakes.release(None)
        assert {brake.account_id for brake in await brakes.all()} == set(HOSTILE)

    async def test_a_brake_that_is_on_is_replaced(self, brakes: BrakeStore) -> None:
        """There is one, with the later time."""
        await brakes.put(Brake(NOW))
        await brakes.put(Brake(LATER))
        assert await brakes.all() == [Brake(LATER)]
