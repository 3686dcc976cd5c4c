"""Time as the program takes it: injected everywhere, so that a till can live in virtual time."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final, Protocol

_THROUGH_SLEEP: Final[int | None] = getattr(
    time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None)
)
"""The clock that goes on during sleep: Linux has one of its own, macOS calls it monotonic.

Python's own monotonic clock stands still meanwhile on both, and goes on on Windows.
"""


class Clock(Protocol):
    """Wall time for the books, two clocks that nobody can set, and the waiting itself."""

    def now(self) -> datetime:
        """Give the wall time, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds that never run backwards; only differences mean anything."""
        ...

    def elapsed(self) -> float:
        """Give seconds that never run backwards and go on while the computer sleeps."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of this clock's time."""
        ...


class SystemClock:
    """The computer's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def elapsed(self) -> float:
        if _THROUGH_SLEEP is None:
            return time.monotonic()
        return time.clock_gettime(_THROUGH_SLEEP)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
