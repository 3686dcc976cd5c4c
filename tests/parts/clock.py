"""Time that a test moves: all clocks together, the wall clock alone, or all but the waits."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class VirtualClock:
    """A clock that stands still until it is moved; sleeping moves it."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at
        self.elapsed_s = 1_000.0
        self.asleep_s = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.elapsed_s

    def elapsed(self) -> float:
        return self.elapsed_s + self.asleep_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self.elapsed_s += seconds
        self.at += timedelta(seconds=seconds)

    def set_wrong_by(self, seconds: float) -> None:
        """Move the wall clock alone, as a correction or a person does."""
        self.at += timedelta(seconds=seconds)

    def suspend(self, seconds: float) -> None:
        """Let the computer sleep: the monotonic clock stands still meanwhile."""
        self.asleep_s += seconds
        self.at += timedelta(seconds=seconds)
