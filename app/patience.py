"""How long the counter waits for one account while another stands ready to take the payment.

What is made within `patience` shares its time: an answer that does not come in it is none, as if
the line had been cut. Nothing is taken back by that: what was asked for is watched all the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeVar

from app.clock import Clock
from app.errors import Message, Unavailable

T = TypeVar("T")

FAIL_OVER_S: Final = 4.0
"""For how long an account may be asked, from the first question on, before the next one is."""

_ends_at: ContextVar[float | None] = ContextVar("patience_ends_at", default=None)


@contextmanager
def patience(seconds: float, clock: Clock) -> Iterator[None]:
    """Have all that is asked within, and in tasks begun within, end in so many seconds."""
    token = _ends_at.set(clock.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def budget_within(budget_s: float, clock: Clock) -> float:
    """Give what may be used of a budget: no more than there is patience left."""
    ends_at = _ends_at.get()
    return budget_s if ends_at is None else min(budget_s, max(0.0, ends_at - clock.monotonic()))


async def in_time(call: Callable[[], Awaitable[T]], clock: Clock) -> T:
    """Make a call while there is patience. Raises Unavailable where it took longer."""
    ends_at = _ends_at.get()
    if ends_at is None:
        return await call()
    limit = asyncio.timeout(max(0.0, ends_at - clock.monotonic()))
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
