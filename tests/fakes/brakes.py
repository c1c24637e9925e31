"""The operator's brakes in memory."""

from shared.core.brake import Brake


class FakeBrakes:
    """One for everybody, and one for each account."""

    def __init__(self) -> None:
        self._brakes: dict[str | None, Brake] = {}

    async def all(self) -> list[Brake]:
        return list(self._brakes.values())

    async def put(self, brake: Brake) -> None:
        self._brakes[brake.account_id] = brake

    async def release(self, account_id: str | None) -> bool:
        return self._brakes.pop(account_id, None) is not None
