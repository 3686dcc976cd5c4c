"""Carries queued notices to their endpoints, as it should be or as a test wants it.

Knows nothing of any provider: a `Postman` writes and signs each letter at the moment of sending.
"""

import asyncio
import random
from typing import Literal

import httpx

from app.sandbox.books import Books, JsonObject
from app.sandbox.deliveries import Delivery, Letter, Postman, Queue, RetrySchedule

Mode = Literal["deliver", "withhold", "reorder"]

_AT_ONCE = 64
_IDLE_S = 0.25


class Courier:
    """Carries what is due; told by the control API to hold back, turn round or repeat."""

    def __init__(
        self,
        *,
        books: Books,
        queue: Queue,
        postman: Postman,
        schedule: RetrySchedule,
        chance: random.Random,
        woken: asyncio.Event,
    ) -> None:
        self.mode: Mode = "deliver"
        self.duplicate = 1
        self.age_s = 0
        self._books = books
        self._queue = queue
        self._postman = postman
        self.schedule = schedule
        self._chance = chance
        self._woken = woken
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._under_way: dict[int, asyncio.Task[list[int | None]]] = {}
        # Proxies of the surroundings have no say: notices go straight to the till.
        self._client = httpx.AsyncClient(
            timeout=schedule.timeout_s,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=_AT_ONCE),
        )

    async def run(self) -> None:
        """Send what falls due until cancelled."""
        while True:
            self._woken.clear()
            if self.mode == "deliver" and len(self._under_way) < 4 * _AT_ONCE:
                # What is under way is still among the due: look past it.
                for delivery in self._queue.due(len(self._under_way) + _AT_ONCE):
                    self._start(delivery)
            try:
                await asyncio.wait_for(self._woken.wait(), _IDLE_S)
            except TimeoutError:
                continue

    def wake(self) -> None:
        self._woken.set()

    async def close(self) -> None:
        for task in list(self._under_way.values()):
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        await self._client.aclose()

    def waiting(self) -> int:
        """How many deliveries are still to be made."""
        return self._queue.count()

    async def release(self) -> list[dict[str, str | int | None]]:
        """Send all that waits, one after the other; backwards when reordering."""
        waiting = [d for d in self._queue.pending() if d.seq not in self._under_way]
        if self.mode == "reorder":
            waiting.reverse()
        sent: list[dict[str, str | int | None]] = []
        for delivery in waiting:
            statuses = await self._start(delivery)
            sent += [
                {"event": delivery.event, "endpoint": delivery.endpoint, "status": status}
                for status in statuses
            ]
        return sent

    async def resend(
        self,
        event: str,
        *,
        times: int,
        concurrency: int,
        age_s: int = 0,
        changes: JsonObject | None = None,
    ) -> list[int | None]:
        """Send one event `times` times to each of its endpoints now, outside the queue."""
        gate = asyncio.Semaphore(concurrency)

        async def one(endpoint: str) -> int | None:
            async with gate:
                letter = self._postman.letter(event, endpoint, age_s, changes)
                return None if letter is None else await self._post(letter)

        endpoints = self._postman.endpoints(event)
        return list(await asyncio.gather(*(one(e) for e in endpoints for _ in range(times))))

    def _start(self, delivery: Delivery) -> asyncio.Task[list[int | None]]:
        task = self._under_way.get(delivery.seq)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._carry(delivery))
            self._under_way[delivery.seq] = task
            task.add_done_callback(lambda _: self._finished(delivery))
        return task

    def _finished(self, delivery: Delivery) -> None:
        self._under_way.pop(delivery.seq, None)
        self.wake()

    async def _carry(self, delivery: Delivery) -> list[int | None]:
        async with self._slots:
            letter = self._postman.letter(delivery.event, delivery.endpoint, self.age_s)
            if letter is None:
                with self._books.transaction():
                    self._queue.conclude(delivery, "dropped", None)
                return []
            copies = (self._post(letter) for _ in range(self.duplicate))
            statuses = list(await asyncio.gather(*copies))
        self._note(delivery, letter, statuses)
        return statuses

    def _note(self, delivery: Delivery, letter: Letter, statuses: list[int | None]) -> None:
        taken = [s for s in statuses if s is not None and 200 <= s < 300]
        last = taken[0] if taken else statuses[-1]
        with self._books.transaction():
            if taken:
                self._queue.conclude(delivery, "delivered", last)
                return
            pause_ms = self.schedule.pause_ms(delivery.tries + 1, self._chance, letter.pauses_s)
            if pause_ms is None:
                self._queue.conclude(delivery, "failed", last)
            else:
                self._queue.postpone(delivery, pause_ms, last)

    async def _post(self, letter: Letter) -> int | None:
        try:
            async with self._client.stream(
                "POST",
                letter.url,
                headers=letter.headers,
                content=letter.body,
                timeout=letter.timeout_s or self.schedule.timeout_s,
            ) as response:
                return response.status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
