"""The simulator's time: an injected clock plus an offset that tests and demos may move.

The offset is part of the books, so that a restarted simulator does not fall back in time.
"""

from collections.abc import Callable
from email.utils import formatdate

from app.sandbox.books import Books

Clock = Callable[[], float]
"""Seconds since the epoch, as `time.time` gives them."""

_OFFSET = "clock_offset_s"


class SandboxClock:
    """Whole seconds since the epoch, as the simulator's accounts see them."""

    def __init__(self, clock: Clock, books: Books) -> None:
        self._clock = clock
        self._books = books
        self._offset_s = int(books.fact(_OFFSET) or 0)

    @property
    def offset_s(self) -> int:
        return self._offset_s

    def now(self) -> int:
        return int(self.precise())

    def precise(self) -> float:
        return self._clock() + self._offset_s

    def unmoved(self) -> int:
        """The injected clock without the offset.

        Deliveries are signed with it: moving the simulator ahead to see a session expire
        must not make the receiver refuse the notice as coming from the future.
        """
        return int(self._clock())

    def http_date(self) -> str:
        return formatdate(self.now(), usegmt=True)

    def move(self, *, advance_s: int = 0, offset_s: int | None = None) -> int:
        """Set the offset, or add to it; commits. Answers the new offset."""
        self._offset_s = (self._offset_s if offset_s is None else offset_s) + advance_s
        with self._books.transaction():
            self._books.set_fact(_OFFSET, str(self._offset_s))
        return self._offset_s
