"""The clockwork of reconciliation: at start, every five minutes, and after the computer slept.

It also notices that: a wait of a second that took hours, or a wall clock that ran ahead of the one
that nobody can set. Then every code leaves the screens until its own session was asked about; only
after these the whole of a reconciliation is run.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from app.clock import Clock
from app.domain.attempt import Attempt
from app.domain.reconciliation import Report
from app.errors import StoreError
from app.providers.retry import Jitter
from app.reconcile import Reconciliation
from app.store import Store
from app.store.reconciliations import shown_among

INTERVAL_S: Final = 300.0
GAP_S: Final = 30.0
"""A longer one is a sleep of the computer, or a clock that was set; a loop is never that busy."""
_TICK_S: Final = 1.0
_AGAIN_S: Final = 5.0
_SPREAD: Final = 0.25

LookAtCodes = Callable[[Callable[[Attempt], Awaitable[None]]], Awaitable[frozenset[int]]]

_log = logging.getLogger(__name__)


class _Reading(NamedTuple):
    """What the three clocks said at one moment, in seconds."""

    wall: float
    monotonic: float
    elapsed: float


class Reconciler:
    """Runs on the loop that started it. `last` is the newest report, `on_report` hears of each.

    While `is_making_sure` no code may be on a screen that was there before the computer slept and
    was not asked about since; the facts `till.resumed`, `attempt.made_sure` for each of them, and
    `till.made_sure` for all tell of it. `look_at_codes` asks about them, and calls what it is given
    for each that answered; it gives those that did not.
    """

    def __init__(
        self,
        reconciliation: Reconciliation,
        store: Store,
        *,
        clock: Clock,
        jitter: Jitter,
        look_at_codes: LookAtCodes,
        interval_s: float = INTERVAL_S,
        tick_s: float = _TICK_S,
        on_report: Callable[[Report], None] = lambda report: None,
    ) -> None:
        self._reconciliation = reconciliation
        self._store = store
        self._clock = clock
        self._jitter = jitter
        self._look_at_codes = look_at_codes
        self._interval_s = interval_s
        self._tick_s = tick_s
        self._on_report = on_report
        self._due = clock.monotonic()
        self._ticking: asyncio.Task[None] | None = None
        self._running: asyncio.Task[None] | None = None
        self._has_slept = False
        self._gap_to_tell: int | None = None
        self.is_making_sure = False
        self.last: Report | None = None

    def start(self) -> None:
        """Begin: with a run at once."""
        self._due = self._clock.monotonic()
        self._ticking = asyncio.create_task(self._tick_for_ever(), name="reconciler")

    async def stop(self) -> None:
        """Stop; what a run under way has read is kept, the rest is read by the next."""
        tasks = [task for task in (self._ticking, self._running) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def soon(self) -> None:
        """Have a run begin with the next tick."""
        self._due = self._clock.monotonic()

    async def run(self, trigger: str, *, not_since_s: float = 0.0) -> Report:
        """Run once now and give the report. Raises StoreError where the books cannot be used."""
        report = await self._reconciliation.run(trigger, not_since_s=not_since_s)
        self.last = report
        self._on_report(report)
        return report

    async def _tick_for_ever(self) -> None:
        trigger, before = "start", self._read_clocks()
        while True:
            if self._running is None and (self._has_slept or self._due <= self._clock.monotonic()):
                if self._has_slept:
                    trigger, self._has_slept = "resume", False
                self._running = asyncio.create_task(self._run_in_turn(trigger))
                trigger = "interval"
            await self._clock.sleep(self._tick_s)
            now = self._read_clocks()
            if (gap_s := _gap_s(before, now, self._tick_s)) > GAP_S:
                await self._resume(gap_s)
                now = self._read_clocks()
            before = now

    def _read_clocks(self) -> _Reading:
        clock = self._clock
        return _Reading(clock.now().timestamp(), clock.monotonic(), clock.elapsed())

    async def _run_in_turn(self, trigger: str) -> None:
        try:
            await self.run(trigger, not_since_s=self._interval_s)
        except StoreError as error:
            _log.error("the reconciliation waits, the books cannot be written: %s", error)
        except Exception:  # noqa: BLE001 - logged; the next run is due all the same
            _log.exception("the reconciliation could not be run")
        finally:
            self._running = None
            wait = self._interval_s * (1 + _SPREAD * self._jitter.random())
            self._due = self._clock.monotonic() + wait

    async def _resume(self, gap_s: float) -> None:
        """Take every code off the screens, and let each be shown again once it was asked about.

        Without an answer about one it is asked again, until there is one or the session's end.
        What else may have happened meanwhile is read up on after that.
        """
        _log.warning("the computer slept or its clock was set: %d s are missing", gap_s)
        self.is_making_sure = True
        self._gap_to_tell = int(gap_s)
        while not await self._is_made_sure():
            await self._clock.sleep(_AGAIN_S * (1 + _SPREAD * self._jitter.random()))
        self.is_making_sure = False
        self._has_slept = True

    async def _is_made_sure(self) -> bool:
        try:
            if (gap_s := self._gap_to_tell) is not None:
                await self._store.write(lambda tx: tx.record("till.resumed", data={"gap_s": gap_s}))
                self._gap_to_tell = None
            silent = await self._look_at_codes(self._is_sure_of)
            if await self._store.read(lambda db: shown_among(db, silent)):
                return False
            await self._store.write(lambda tx: tx.record("till.made_sure"))
        except Exception:  # noqa: BLE001 - logged; the codes stay away until it is known
            _log.exception("after the sleep nothing could be made sure of")
            return False
        return True

    async def _is_sure_of(self, attempt: Attempt) -> None:
        await self._store.write(
            lambda tx: tx.record(
                "attempt.made_sure", order_id=attempt.order_id, attempt_id=attempt.id
            )
        )


def _gap_s(before: _Reading, now: _Reading, tick_s: float) -> float:
    """Say for how long the till was away: by the clock that nobody sets, or by the wall's lead.

    A system whose clocks all stand still during sleep has its wall clock set on waking.
    """
    passed = now.monotonic - before.monotonic
    return max(now.elapsed - before.elapsed - tick_s, now.wall - before.wall - passed)
