"""Lets a watch go its rounds in virtual time, and notes when it called."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from app.watch import Pace
from tests.parts.provider import Call
from tests.parts.till import Counter, until

TICK_S = Pace().tick_s


async def settled_down(till: Counter) -> None:
    await until(lambda: all(turn.task is None for turn in till.watch._turns.values()))


async def live(till: Counter, seconds: float) -> None:
    """Let the watch run for some of its own time."""
    end = till.clock.monotonic() + seconds
    while till.clock.monotonic() < end:
        await till.watch.tick()
        await settled_down(till)
        till.clock.advance(TICK_S)


def watched(till: Counter, story: Callable[[], Awaitable[Any]]) -> Any:
    """Run a story beside a watch that hears the till's news, on its own loop."""

    async def run() -> Any:
        till.watch._loop = asyncio.get_running_loop()
        till.watch._unsubscribe = till.store.bus.subscribe(till.watch._on_fact)
        try:
            return await story()
        finally:
            await till.watch.stop()

    return asyncio.run(run())


def times_of(till: Counter, verb: str) -> list[float]:
    """Have the times of calls noted from now on."""
    times: list[float] = []

    def note(call: Call) -> None:
        if call.verb == verb:
            times.append(till.clock.monotonic())

    till.strategy.before = note
    return times


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(times)]


async def with_stop(till: Counter, story: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(10):
            await story()
    finally:
        await till.watch.stop()
