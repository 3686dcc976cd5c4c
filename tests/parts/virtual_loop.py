"""An event loop in virtual time: where it would wait, its clock goes on instead, exactly so far.

Tasks that sleep side by side wake in the right order, as they do not on a clock that each sleep
moves.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

from tests.parts.clock import VirtualClock


class LoopClock(VirtualClock):
    """The clock of a `VirtualLoop`: sleeping leaves the time to the loop."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(seconds)


class _Impatient(selectors.DefaultSelector):
    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout != 0:
            assert timeout is not None, "everybody waits and nothing will ever happen"
            self._clock.advance(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs on a clock of its own."""

    def __init__(self, clock: VirtualClock) -> None:
        self._virtual = clock
        super().__init__(_Impatient(clock))

    def time(self) -> float:
        return self._virtual.monotonic()


def run_in(clock: VirtualClock, story: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a story on a loop of this clock."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner:
        return runner.run(story())
