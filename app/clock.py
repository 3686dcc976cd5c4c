"""Time as the program takes it: injected everywhere, so that a till can live in virtual time."""

import asyncio
import sys
import time
from datetime import UTC, datetime
from typing import Protocol


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
        # Python's monotonic clock stands still during sleep on Linux and macOS, not on Windows.
        if sys.platform == "linux":
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        if sys.platform == "darwin":
            return time.clock_gettime(time.CLOCK_MONOTONIC)
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
