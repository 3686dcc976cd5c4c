"""Asking again: the same call under the same key, with growing, jittered waits, within a budget."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from app.clock import Clock
from app.errors import Unavailable

T = TypeVar("T")

FIRST_WAIT_S: Final = 0.25
LONGEST_WAIT_S: Final = 4.0


class Jitter(Protocol):
    """A source of randomness between 0 and 1."""

    def random(self) -> float:
        """Draw a number."""
        ...


async def until_answered(
    call: Callable[[], Awaitable[T]], *, clock: Clock, jitter: Jitter, budget_s: float
) -> T:
    """Make `call` until it is answered or `budget_s` seconds are over; then raise Unavailable.

    A wait that the provider asked for (Retry-After) is kept; one that does not fit into the
    budget ends the asking at once.
    """
    began = clock.monotonic()
    wait = FIRST_WAIT_S
    while True:
        try:
            return await call()
        except Unavailable as error:
            pause = max(wait * (0.5 + jitter.random() / 2), error.retry_after_s or 0.0)
            if clock.monotonic() - began + pause > budget_s:
                raise
        await clock.sleep(pause)
        wait = min(wait * 2, LONGEST_WAIT_S)
