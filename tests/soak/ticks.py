"""A million timer events on the till's loop, of every kind that the till uses.

PySide6 6.12.0 on CPython 3.11 loses a reference to None, True or False with nearly each of them
and aborts the process after some thousand. Losing fewer, or gaining some (as `QTimer.singleShot`
with a delay does in 6.11), shows in the counts. From 3.12 on the three are immortal.
"""

import argparse
import asyncio
import ctypes
import gc
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import qasync
from PySide6.QtCore import QObject, QTimer, Signal

from ui.application import create_application

TICKS: Final = 1_000_000
SECTION: Final = 100_000
MOST_DRIFT: Final = 0.0002
"""References to one of the three per tick: 20 in 100,000. The fault loses one with each tick."""
_WATCHED: Final = (None, True, False)
_EACH: Final = 25
_REPEATING: Final = 4


@dataclass(frozen=True, slots=True)
class Count:
    """The references to None, True and False after so many ticks."""

    ticks: int
    references: tuple[int, ...]


def unsteady(counts: Sequence[Count]) -> list[str]:
    """Say in which sections references were gained or lost.

    A single count between two that agree caught the till in the middle of something.
    """
    faults = []
    for first, last in pairwise(_lasting(counts)):
        ticks = last.ticks - first.ticks
        for thing, was, now in zip(_WATCHED, first.references, last.references, strict=True):
            if abs(now - was) > MOST_DRIFT * ticks:
                between = f"between {first.ticks:,} and {last.ticks:,}"
                faults.append(f"{now - was:+,} references to {thing} {between} ticks")
    return faults


def _lasting(counts: Sequence[Count]) -> list[Count]:
    return [
        count
        for place, count in enumerate(counts)
        if not (
            0 < place < len(counts) - 1
            and counts[place - 1].references == counts[place + 1].references
        )
    ]


class Clockwork(QObject):
    """Makes one event of each kind after the other and counts those that came."""

    called = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.ticks = 0
        self._awaited = 0
        self._reached = asyncio.Event()
        self.called.connect(self._on_called)
        self._timers = [QTimer(self) for _ in range(_REPEATING)]
        for timer in self._timers:
            timer.timeout.connect(self._on_tick)
            timer.start(1)
        self._alarms = [QTimer(self, singleShot=True, interval=n % 2) for n in range(_EACH)]
        for alarm in self._alarms:
            alarm.timeout.connect(self._on_awaited)

    async def round(self, orders: "Orders") -> None:
        """Have each kind come `_EACH` times, and wait for all of them."""
        loop = asyncio.get_running_loop()
        self._awaited = 4 * _EACH
        self._reached.clear()
        for number in range(_EACH):
            loop.call_later(number % 3 / 1000, self._on_awaited)
            self._alarms[number].start()
            self.called.emit()
        orders.ask(_EACH, loop, self._on_awaited)
        await asyncio.gather(*(self._asleep(number % 3 / 1000) for number in range(_EACH)))
        await self._reached.wait()

    def stop(self) -> None:
        """Let no timer run on."""
        for timer in (*self._timers, *self._alarms):
            timer.stop()

    async def _asleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(seconds)
        self.ticks += 2

    @qasync.asyncSlot()
    async def _on_called(self) -> None:
        await asyncio.sleep(0)
        self._on_awaited()

    def _on_awaited(self) -> None:
        self._on_tick()
        self._awaited -= 1
        if not self._awaited:
            self._reached.set()

    def _on_tick(self) -> None:
        self.ticks += 1


class Orders:
    """A thread that hands calls to the loop, as the writer and the door do."""

    def __init__(self) -> None:
        self._asked = threading.Semaphore(0)
        self._order: tuple[int, asyncio.AbstractEventLoop, object] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def ask(self, count: int, loop: asyncio.AbstractEventLoop, call: object) -> None:
        """Have `call` handed to the loop so many times."""
        self._order = (count, loop, call)
        self._asked.release()

    def stop(self) -> None:
        """End the thread."""
        self._order = None
        self._asked.release()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._asked.acquire()
            if self._order is None:
                return
            count, loop, call = self._order
            for _ in range(count):
                loop.call_soon_threadsafe(call)  # type: ignore[arg-type]


async def tick(ticks: int, section: int, lose_each: int) -> list[Count]:
    """Count the references at each section's end; the first section is for warming up."""
    clockwork, orders = Clockwork(), Orders()
    counts: list[Count] = []
    began, lost, one = time.monotonic(), 0, ctypes.py_object(True)
    try:
        while clockwork.ticks < ticks + section or len(counts) < 2:
            await clockwork.round(orders)
            while lose_each and lost < clockwork.ticks // lose_each:
                ctypes.pythonapi.Py_DecRef(one)
                lost += 1
            if clockwork.ticks >= section * (len(counts) + 1):
                gc.collect()
                seen = tuple(sys.getrefcount(thing) for thing in _WATCHED)
                counts.append(Count(clockwork.ticks, seen))
                rate = clockwork.ticks / (time.monotonic() - began)
                words = " ".join(f"{t}={n:>9,}" for t, n in zip(_WATCHED, seen, strict=True))
                print(f"{clockwork.ticks:>10,} ticks  {words}  {rate:,.0f} a second", flush=True)
    finally:
        clockwork.stop()
        orders.stop()
        for _ in range(lost):
            ctypes.pythonapi.Py_IncRef(one)
    return counts


def main(argv: Sequence[str] | None = None) -> int:
    """Tick, and give status 1 where references were gained or lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.ticks", description=__doc__)
    parser.add_argument("--ticks", type=int, default=TICKS, help="after the first section")
    parser.add_argument("--section", type=int, default=SECTION, help="ticks between two counts")
    parser.add_argument(
        "--lose-each", type=int, default=0, help="lose a reference to True each so many ticks"
    )
    given = parser.parse_args(argv)
    loop = qasync.QEventLoop(create_application())
    with loop:
        counts = loop.run_until_complete(tick(given.ticks, given.section, given.lose_each))
    faults = unsteady(counts)
    for fault in faults:
        print(f"UNSTEADY: {fault}")
    counted = counts[-1].ticks - counts[0].ticks
    print(f"{counted:,} ticks: {'NOT STEADY' if faults else 'steady'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
