"""The deadlines of sessions by the clock that nobody sets."""

from datetime import timedelta

from app.clock import Clock
from app.domain.attempt import Attempt


class Deadlines:
    """Keeps those of this run; of an earlier run's attempt only the wall clock knows."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends_at: dict[int, float] = {}

    def keep(self, attempt: Attempt) -> None:
        """Take a new attempt's deadline over; forget what is over."""
        now = self._clock.elapsed()
        self._ends_at = {known: end for known, end in self._ends_at.items() if end > now}
        self._ends_at[attempt.id] = now + attempt.left_at(self._clock.now()).total_seconds()

    def is_over(self, attempt: Attempt) -> bool:
        """Say whether the deadline has passed."""
        ends_at = self._ends_at.get(attempt.id)
        if ends_at is None:
            return attempt.left_at(self._clock.now()) <= timedelta(0)
        return ends_at <= self._clock.elapsed()
