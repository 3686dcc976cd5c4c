"""The phones' switch for tests of the window: no network and no simulator."""

import asyncio
from collections.abc import Callable

from app.status import PhonesState


class FakePhones:
    """A switch that stands as it was pressed, at an address that a test may change."""

    def __init__(self, address: str = "http://192.168.1.20:4242") -> None:
        self.address = address
        self.state = PhonesState()
        self._listeners: list[Callable[[PhonesState], None]] = []

    def subscribe(self, listener: Callable[[PhonesState], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def allow(self) -> None:
        await asyncio.sleep(0)
        self.set(PhonesState(True, self.address))

    async def forbid(self) -> None:
        await asyncio.sleep(0)
        self.set(PhonesState())

    def set(self, state: PhonesState) -> None:
        self.state = state
        for listener in tuple(self._listeners):
            listener(state)
