"""The deadlines of sessions by the clock that nobody sets."""

from datetime import datetime, timedelta
from typing import Protocol

from app.clock import Clock


class HasDeadline(Protocol):
    """What a customer can be shown until its deadline: an attempt, a card's set-up."""

    @property
    def id(self) -> int:
        """Give its row."""
        ...

    def left_at(self, now: datetime) -> timedelta:
        """Say how long it has by the wall clock."""
        ...


class Deadlines:
    """Keeps those of this run; of what an earlier run left only the wall clock knows."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends_at: dict[int, float] = {}

    def keep(self, shown: HasDeadline) -> None:
        """Take a new one's deadline over; forget what is over."""
        now = self._clock.elapsed()
        self._ends_at = {known: end for known, end in self._ends_at.items() if end > now}
        self._ends_at[shown.id] = now + shown.left_at(self._clock.now()).total_seconds()

    def is_over(self, shown: HasDeadline) -> bool:
        """Say whether the deadline has passed."""
        ends_at = self._ends_at.get(shown.id)
        if ends_at is None:
            return shown.left_at(self._clock.now()) <= timedelta(0)
        return ends_at <= self._clock.elapsed()
