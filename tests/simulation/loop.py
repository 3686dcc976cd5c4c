"""An event loop in virtual time, whose order of turns is drawn from a seed.

Time stands still while anything is ready and jumps to the next timer when nothing is. What runs in
the name of a computer (`Power`) never runs again once its power is off: that is a power cut, at
whatever `await` each of its tasks happened to stand.
"""

import asyncio
import contextvars
import heapq
import random
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

START: Final = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
_PRUNE_AT: Final = 512


class PowerCut(BaseException):
    """The power went in the middle of a stretch of code."""


class Stuck(AssertionError):
    """Nothing can happen any more, or too much has."""


class Power:
    """What a computer runs on. `tasks` are those that would stop with it, each with its context."""

    def __init__(self) -> None:
        self.is_on = True
        self.asleep_until = 0.0
        self.turns = 0
        self.tasks: list[tuple[asyncio.Task[Any], contextvars.Context]] = []

    def cut(self) -> None:
        self.is_on = False

    def let_go(self) -> None:
        """Take apart what stood still, in a fixed order and not whenever garbage is collected."""
        for task, context in self.tasks:
            _let_go(task, context)
        self.tasks.clear()


def _let_go(task: asyncio.Task[Any], context: contextvars.Context) -> None:
    if task.done():
        return
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    coroutine: Any = task.get_coro()
    try:
        # What it had entered is left in the context in which that was.
        context.run(coroutine.close)
    except RuntimeError:
        # Something in it wants to wait while it is taken apart; there is no later.
        return


POWER: Final[contextvars.ContextVar[Power | None]] = contextvars.ContextVar("power", default=None)


if TYPE_CHECKING:
    from asyncio import BaseEventLoop as _Loop
else:
    _Loop = asyncio.AbstractEventLoop


class _Turn:
    """A callback that waits for its turn."""

    __slots__ = ("args", "callback", "context", "is_cancelled", "power", "time")

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: contextvars.Context | None,
        time: float,
    ) -> None:
        self.callback = callback
        self.args = args
        # An empty context counts as false.
        self.context = contextvars.copy_context() if context is None else context
        self.power = self.context.get(POWER)
        self.is_cancelled = False
        self.time = time

    def cancel(self) -> None:
        self.is_cancelled = True

    def cancelled(self) -> bool:
        return self.is_cancelled

    def when(self) -> float:
        return self.time


class VirtualLoop(_Loop):
    """Runs one coroutine and all that it starts; `after_turn` is called after every turn.

    `turns` counts the stretches of code between two awaits. `troubles` are exceptions that nobody
    looked at.
    """

    def __init__(self, seed: str, *, most_turns: int) -> None:
        self._random = random.Random(seed).random
        self._ready: list[_Turn] = []
        self._timers: list[tuple[float, int, _Turn]] = []
        self._now = 0.0
        self._count = 0
        self._most_turns = most_turns
        self.turns = 0
        self.troubles: list[str] = []
        self.broken: Exception | None = None
        self.after_turn: Callable[[], None] = lambda: None
        self.world = contextvars.copy_context()

    def run(self, main: Coroutine[Any, Any, None]) -> None:
        """Run until `main` is done; what else was begun is dropped then."""
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        asyncio._set_running_loop(self)
        try:
            task = self.create_task(main)
            while not task.done():
                self._go_on()
            task.result()
        finally:
            for left in asyncio.all_tasks(self):
                _let_go(left, self.world)
            self._ready.clear()
            self._timers.clear()
            asyncio._set_running_loop(before)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start something that belongs to no computer: a wire, a customer, the provider."""
        task = self.create_task(work, context=self.world)
        task.add_done_callback(self._notice, context=self.world)
        return task

    def _notice(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self.broken = self.broken or error

    def _go_on(self) -> None:
        ready = self._ready
        if not ready:
            self._jump()
        place = int(self._random() * len(ready)) if len(ready) > 1 else 0
        turn, ready[place] = ready[place], ready[-1]
        ready.pop()
        if turn.is_cancelled:
            return
        power = turn.power
        if power is not None:
            if not power.is_on:
                return
            if power.asleep_until > self._now:
                self._wait(power.asleep_until, turn)
                return
            power.turns += 1
        self.turns += 1
        if self.turns > self._most_turns:
            raise Stuck(f"the day does not end: {self.turns} turns")
        turn.context.run(turn.callback, *turn.args)
        self.after_turn()
        if self.broken is not None:
            raise self.broken

    def _jump(self) -> None:
        timers, ready = self._timers, self._ready
        while timers and not ready:
            self._now = max(self._now, timers[0][0])
            while timers and timers[0][0] <= self._now:
                turn = heapq.heappop(timers)[2]
                if not turn.is_cancelled and (turn.power is None or turn.power.is_on):
                    ready.append(turn)
        if not ready:
            raise Stuck("nothing can happen any more, and the day is not over")

    def suspend(self, power: Power, seconds: float) -> None:
        """Have a computer sleep: what it waits for comes as much later, for it notices nothing."""
        power.asleep_until = self._now + seconds
        self._timers = [
            (when + seconds, count, turn) if turn.power is power else (when, count, turn)
            for when, count, turn in self._timers
        ]
        heapq.heapify(self._timers)

    def _wait(self, when: float, turn: _Turn) -> None:
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, turn))

    # --- what asyncio asks of a loop ------------------------------------------------------------

    def time(self) -> float:
        return self._now

    def call_soon(  # type: ignore[override]
        self,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> _Turn:
        turn = _Turn(callback, args, context, self._now)
        self._ready.append(turn)
        return turn

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> _Turn:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> _Turn:
        turn = _Turn(callback, args, context, when)
        self._wait(when, turn)
        return turn

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: contextvars.Context | None = None,
    ) -> asyncio.Task[Any]:
        context = contextvars.copy_context() if context is None else context
        task = asyncio.Task(coro, loop=self, name=name or "task", context=context)
        power = context.get(POWER)
        if power is not None:
            if len(power.tasks) > _PRUNE_AT:
                power.tasks = [kept for kept in power.tasks if not kept[0].done()]
            power.tasks.append((task, context))
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Note a task that failed unseen; a mere answer may come too late for whoever asked."""
        error = context.get("exception")
        if isinstance(context.get("future"), asyncio.Future) and not isinstance(
            context["future"], asyncio.Task
        ):
            return
        if not isinstance(error, PowerCut):
            self.troubles.append(f"{context.get('message')}: {error!r}")

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False


class SimClock:
    """A computer's clocks: the wall may be wrong by `skew_s`, nobody can set the others.

    `slept_s` is for how long the computer has slept; its monotonic clock stood still meanwhile.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.skew_s = 0.0
        self.slept_s = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time() + self.skew_s)

    def monotonic(self) -> float:
        return self._loop.time() - self.slept_s

    def elapsed(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
