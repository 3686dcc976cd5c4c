"""Lets so many through at once, the most urgent first."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turnstile:
    """A semaphore of `most` places that gives a free one to the least `rank`, then the oldest."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._order = itertools.count()
        self._waiting: list[tuple[tuple[float, ...], int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def place(self, rank: tuple[float, ...]) -> AsyncIterator[None]:
        """Hold a place; one that was given while its waiter was cancelled goes to the next."""
        if self._free:
            self._free -= 1
        else:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (rank, next(self._order), future))
            try:
                await future
            except asyncio.CancelledError:
                if not future.cancelled():
                    self._leave()
                raise
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        while self._waiting:
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(None)
                return
        self._free += 1
