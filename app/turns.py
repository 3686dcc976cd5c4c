"""One thing at a time with one row of the books, while the network is waited for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """Has whoever works on a row wait for their turn, in the order in which they came."""

    def __init__(self) -> None:
        # A lock lives as long as somebody holds it or waits for it.
        self._busy: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def alone_with(self, row_id: int) -> AsyncIterator[None]:
        """Be the only one at work on a row."""
        lock = self._busy.get(row_id)
        if lock is None:
            lock = self._busy[row_id] = asyncio.Lock()
        async with lock:
            yield
