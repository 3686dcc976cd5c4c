"""How long the counter waits for one account while another stands ready to take the payment.

What is made within `patience` shares its time: an answer that does not come in it is none, as if
the line had been cut. Nothing is taken back by that: what was asked for is watched all the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeVar

from app.clock import Clock
from app.errors import Message, Unavailable

T = TypeVar("T")

FAIL_OVER_S: Final = 4.0
"""For how long an account may be asked, from the first question on, before the next one is."""


@dataclass(slots=True)
class _Patience:
    """Somebody's, who waits until a moment; once `is_over` nobody does any more."""

    ends_at: float
    is_over: bool = False


_patience: ContextVar[_Patience | None] = ContextVar("patience", default=None)


@contextmanager
def patience(seconds: float, clock: Clock) -> Iterator[None]:
    """Have all that is asked within end in so many seconds.

    A task that is begun within and goes on afterwards, such as a watch, has all its time then.
    """
    ours = _Patience(clock.monotonic() + seconds)
    token = _patience.set(ours)
    try:
        yield
    finally:
        # A task begun within has a copy of the variable, which nobody else can reset.
        ours.is_over = True
        _patience.reset(token)


def budget_within(budget_s: float, clock: Clock) -> float:
    """Give what may be used of a budget: no more than there is patience left."""
    left = _left(clock)
    return budget_s if left is None else min(budget_s, left)


async def in_time(call: Callable[[], Awaitable[T]], clock: Clock) -> T:
    """Make a call while there is patience. Raises Unavailable where it took longer."""
    left = _left(clock)
    if left is None:
        return await call()
    limit = asyncio.timeout(left)
    try:
        async with limit:
            return await call()
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise Unavailable(
            Message("The payment provider takes too long"),
            Message("Another account is asked meanwhile."),
        ) from error


def _left(clock: Clock) -> float | None:
    """Give the seconds that are left, None where nobody waits."""
    ours = _patience.get()
    return None if ours is None or ours.is_over else max(0.0, ours.ends_at - clock.monotonic())
