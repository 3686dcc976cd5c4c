"""One budget of requests for all that the till asks an account, with the counter always first.

A provider counts what an account asks in a second, whoever of the till asks it. So every request
takes its turn here; where turns are short the sale at the counter goes first, then the watch, then
what reconciliation and its like read up on. Where the provider says "later", the whole account
waits.
"""

import asyncio
import heapq
import itertools
import math
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from enum import IntEnum
from typing import Final

from app.clock import Clock
from app.errors import Message, Unavailable
from app.providers.retry import Jitter

REQUESTS_PER_S: Final = 20.0
BURST: Final = 5
PATIENCE_S: Final = 2.0
"""How long a pause may be that a request waits for; a longer one is an answer: not now."""
LONGEST_PAUSE_S: Final = 300.0
_LEAST_PAUSE_S: Final = 1.0
_SPREAD: Final = 0.25
_ALMOST: Final = 1e-6


class Urgency(IntEnum):
    """Who asks: somebody at the counter, the watch, or what can be read up on later."""

    COUNTER = 0
    WATCH = 1
    BACKLOG = 2


_urgency: ContextVar[Urgency] = ContextVar("urgency", default=Urgency.COUNTER)


@contextmanager
def asking(urgency: Urgency) -> Iterator[None]:
    """Have every request that is made within, and in tasks begun within, go with this urgency."""
    token = _urgency.set(urgency)
    try:
        yield
    finally:
        _urgency.reset(token)


class RequestBudget:
    """Gives out turns: `per_s` in a second and `burst` at once. For one loop at a time.

    `spent` counts the turns that were given.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        jitter: Jitter | None = None,
        per_s: float = REQUESTS_PER_S,
        burst: int = BURST,
    ) -> None:
        self._clock = clock
        self._jitter = jitter or random.Random()
        self._per_s = per_s
        self._burst = burst
        self._left = float(burst)
        self._filled_at = clock.monotonic()
        self._paused_until = -math.inf
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._server: asyncio.Task[None] | None = None
        self.spent = 0

    @property
    def paused_s(self) -> float:
        """Give the seconds for which the provider wants nothing more asked, or 0."""
        return max(0.0, self._paused_until - self._clock.monotonic())

    async def turn(self) -> None:
        """Wait for a turn to make one request.

        Raises Unavailable, without one being made, where the provider asked for more patience
        than a request may have.
        """
        if self.paused_s > PATIENCE_S:
            raise self._later()
        if self._waiting or not self._take():
            await self._queued()
        self.spent += 1

    def pause(self, seconds: float) -> None:
        """Ask nothing for that long and a little longer; what cannot wait is told so at once."""
        wanted = min(max(seconds, _LEAST_PAUSE_S), LONGEST_PAUSE_S)
        wanted *= 1 + _SPREAD * self._jitter.random()
        self._paused_until = max(self._paused_until, self._clock.monotonic() + wanted)
        # What was saved up would be asked all at once afterwards.
        self._fill()
        self._left = 0.0
        if self.paused_s > PATIENCE_S:
            waiting, self._waiting = self._waiting, []
            for _, _, future in waiting:
                if not future.done():
                    future.set_exception(self._later())

    async def _queued(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (_urgency.get(), next(self._order), future))
        if self._server is None or self._server.done():
            self._server = asyncio.create_task(self._serve(), name="request-budget")
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._left += 1
            raise

    async def _serve(self) -> None:
        """Give turns to those who wait, the most urgent first, until nobody does."""
        while self._waiting:
            wait = self._until_next()
            if wait > 0:
                await self._clock.sleep(wait)
                continue
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                self._left -= 1
                future.set_result(None)

    def _take(self) -> bool:
        if self._until_next() > 0:
            return False
        self._left -= 1
        return True

    def _until_next(self) -> float:
        self._fill()
        short = 1 - self._left
        return max(self.paused_s, short / self._per_s if short > _ALMOST else 0.0)

    def _fill(self) -> None:
        now = self._clock.monotonic()
        since = max(now - max(self._filled_at, self._paused_until), 0.0)
        self._left = min(float(self._burst), self._left + since * self._per_s)
        self._filled_at = now

    def _later(self) -> Unavailable:
        return Unavailable(
            Message("The payment provider asks to wait"),
            Message("It was asked nothing; it is asked again by itself."),
            retry_after_s=self.paused_s,
        )


def asked_pause_s(status: int, headers: Mapping[str, str]) -> float | None:
    """Say for how many seconds a reply wants nothing more asked of its account, or None.

    That is 429, and 503 where it says for how long.
    """
    seconds = retry_after_s(headers)
    if status == 429:
        return _LEAST_PAUSE_S if seconds is None else seconds
    return seconds if status == 503 else None


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After`: seconds, or a date as compared with the reply's own, at most 5 min."""
    lowered = {name.lower(): value for name, value in headers.items()}
    text = lowered.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_PAUSE_S)
    try:
        until, told = parsedate_to_datetime(text), parsedate_to_datetime(lowered.get("date", ""))
        return min(max((until - told).total_seconds(), 0.0), LONGEST_PAUSE_S)
    except (TypeError, ValueError, OverflowError):
        return None
