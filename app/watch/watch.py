"""Polling, deadlines, resuming and the late watch, in one loop.

Every attempt that is not final is looked at: each 2 s while its code can be on a screen, slower
otherwise, ever slower once the order is over. A deadline that passes closes the session. What was
in doubt when the till stopped is asked about first.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.checkout import Checkout
from app.clock import Clock
from app.domain.attempt import Attempt, AttemptState
from app.domain.observation import Source
from app.errors import ProviderError, ScantillError
from app.events import Fact
from app.providers.retry import Jitter
from app.sessions import Sessions
from app.store import Store
from app.store.attempts import find_attempt, watched_attempts

_log = logging.getLogger(__name__)

_CONCURRENT_LOOKS: Final = 8
_PAUSE_AFTER_FAULT_S: Final = 1.0
_SPREAD: Final = 0.25
"""By how much of itself a wait may grow, so that tills and attempts do not knock in step."""
_NEWS: Final = frozenset(
    {"attempt.created", "attempt.open", "attempt.shown", "attempt.closing", "attempt.unknown"}
)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two looks at a session, by what is known of it."""

    shown_s: float = 2.0
    unshown_s: float = 15.0
    processing_s: float = 10.0
    closing_s: float = 3.0
    late_s: float = 60.0
    failing_most_s: float = 30.0
    failing_late_s: float = 300.0
    tick_s: float = 0.25

    def after(self, attempt: Attempt, failures: int) -> float:
        """Say how long to wait before the next look; failures in a row double the wait."""
        in_doubt = attempt.state in (AttemptState.UNKNOWN, AttemptState.CREATING)
        if in_doubt or _is_closing(attempt):
            wait = self.closing_s
        elif not attempt.is_live:
            wait = self.late_s
        elif attempt.state is AttemptState.PROCESSING:
            wait = self.processing_s
        else:
            wait = self.shown_s if attempt.shown_at is not None else self.unshown_s
        is_shown = attempt.is_payable and attempt.shown_at is not None
        longest = max(wait, self.failing_most_s if is_shown else self.failing_late_s)
        return min(wait * float(1 << min(failures, 6)), longest)


@dataclass(slots=True)
class _Turn:
    """When an attempt is looked at next, on the monotonic clock."""

    due: float
    failures: int = 0
    task: asyncio.Task[None] | None = None


class Watch:
    """Runs on the loop that started it. `poke` asks for a look at once, from any thread."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        checkout: Checkout,
        *,
        clock: Clock,
        jitter: Jitter,
        pace: Pace | None = None,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._checkout = checkout
        self._clock = clock
        self._jitter = jitter
        self._pace = pace or Pace()
        self._turns: dict[int, _Turn] = {}
        self._attempts: dict[int, Attempt] = {}
        self._limit = asyncio.Semaphore(_CONCURRENT_LOOKS)
        self._stale = True
        self._has_begun = False
        self._began = 0.0
        self._left_over: set[int] = set()
        self._news = asyncio.Event()
        self._loop_task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poked: set[int] = set()
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin to watch; what was left in doubt is asked about at once."""
        self._loop = asyncio.get_running_loop()
        self._unsubscribe = self._store.bus.subscribe(self._on_fact)
        self._loop_task = asyncio.create_task(self._run(), name="watch")

    async def stop(self) -> None:
        """Stop watching; looks under way are dropped, their outcome is asked for again later."""
        self._unsubscribe()
        tasks = [turn.task for turn in self._turns.values() if turn.task is not None]
        if self._loop_task is not None:
            tasks.append(self._loop_task)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._turns.clear()

    def poke(self, attempt_id: int) -> None:
        """Ask for a look at an attempt at once; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._mark_poked, attempt_id)

    def look_again(self) -> None:
        """Ask for a look at all that is watched: news of it may have gone astray until now."""
        self._poked.update(self._turns)
        self._news.set()

    def _on_fact(self, fact: Fact) -> None:
        if fact.name in _NEWS and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._mark_stale)

    def _mark_poked(self, attempt_id: int) -> None:
        self._poked.add(attempt_id)
        self._news.set()

    def _mark_stale(self) -> None:
        self._stale = True
        self._news.set()

    async def _run(self) -> None:
        while True:
            try:
                if not self._has_begun:
                    await self._sessions.sweep()
                await self.tick()
            except Exception:  # noqa: BLE001 - logged; who watches the money must not die of it
                _log.exception("the watch could not go its round")
                self._stale = True
                await self._clock.sleep(_PAUSE_AFTER_FAULT_S)
            if not self._turns and not self._stale and not self._poked:
                self._news.clear()
                await self._news.wait()
            await self._clock.sleep(self._pace.tick_s)

    async def tick(self) -> None:
        """Start a look at everything that is due now."""
        now = self._clock.monotonic()
        if self._stale:
            self._stale = False
            await self._reread(now)
        for attempt_id in self._poked - self._turns.keys():
            await self._recall(attempt_id, now)
        for attempt_id, turn in list(self._turns.items()):
            if attempt_id in self._poked:
                turn.due = now
            attempt = self._attempts[attempt_id]
            overdue = not turn.failures and _is_overdue(attempt, self._clock.now())
            if turn.task is None and (turn.due <= now or overdue):
                self._poked.discard(attempt_id)
                turn.task = asyncio.create_task(self._look(attempt, turn))

    async def _reread(self, now: float) -> None:
        """Learn of new attempts; those known already keep their turn unless news brings it on."""
        attempts = {a.id: a for a in await self._store.read(watched_attempts)}
        for attempt_id in self._turns.keys() - attempts.keys():
            turn = self._turns[attempt_id]
            if turn.task is None and not turn.failures:
                del self._turns[attempt_id]
        for attempt_id, attempt in attempts.items():
            known = self._turns.get(attempt_id)
            if known is None:
                # A session made just now has nothing to tell; one from before the start may.
                wait = self._wait(attempt, 0) if self._has_begun else 0.0
                self._turns[attempt_id] = _Turn(now + wait)
            elif attempt != self._attempts[attempt_id]:
                known.due = min(known.due, now + self._wait(attempt, known.failures))
        if not self._has_begun:
            self._has_begun, self._began, self._left_over = True, now, set(attempts)
        self._attempts = attempts | {
            i: a for i, a in self._attempts.items() if i in self._turns and i not in attempts
        }

    async def _recall(self, attempt_id: int, now: float) -> None:
        """Take up a session that was thought to be over, since there is news of it."""
        attempt = await self._store.read(lambda db: find_attempt(db, attempt_id))
        if attempt is None:
            self._poked.discard(attempt_id)
            return
        self._attempts[attempt_id] = attempt
        self._turns[attempt_id] = _Turn(now)

    async def _look(self, attempt: Attempt, turn: _Turn) -> None:
        asked_to_wait = 0.0
        try:
            async with self._limit:
                seen = await self._act(attempt)
        except ProviderError as error:
            turn.failures += 1
            asked_to_wait = getattr(error, "retry_after_s", None) or 0.0
            _log.info("no answer about attempt %s: %s", attempt.reference, error)
        except ScantillError as error:
            turn.failures += 1
            _log.error("attempt %s could not be looked at: %s", attempt.reference, error)
        except Exception:  # noqa: BLE001 - logged; the other attempts are still to be watched
            turn.failures += 1
            _log.exception("a bug met while looking at attempt %s", attempt.reference)
        else:
            turn.failures = turn.failures + 1 if seen.state is AttemptState.UNKNOWN else 0
            attempt = self._attempts[attempt.id] = seen
            if seen.is_final:
                self._turns.pop(seen.id, None)
            self._heard_of(seen)
        finally:
            turn.task = None
            wait = self._wait(attempt, turn.failures, at_least=asked_to_wait)
            turn.due = self._clock.monotonic() + wait

    def _heard_of(self, attempt: Attempt) -> None:
        """Say how long it took to know again of all that was in progress before the start."""
        if attempt.state is not AttemptState.UNKNOWN and attempt.id in self._left_over:
            self._left_over.discard(attempt.id)
            if not self._left_over:
                took_s = self._clock.monotonic() - self._began
                _log.info("back after %.1f s: all that was in progress is known again", took_s)

    def _wait(self, attempt: Attempt, failures: int, *, at_least: float = 0.0) -> float:
        """Draw the seconds to the next look.

        What the provider asks for is kept. After failures the draw lies below the pace, which has
        a longest wait to keep, too.
        """
        pace, drawn = self._pace.after(attempt, failures), self._jitter.random()
        wait = pace * (0.5 + drawn / 2) if failures else pace * (1 + _SPREAD * drawn)
        return max(wait, at_least * (1 + _SPREAD * drawn))

    async def _act(self, attempt: Attempt) -> Attempt:
        """Close what is to be closed, expire what is overdue, look at the rest."""
        if _is_overdue(attempt, self._clock.now()):
            return await self._checkout.expire(attempt.id)
        if _is_closing(attempt):
            return await self._sessions.close(attempt.id)
        source = Source.POLL if attempt.is_live else Source.SWEEP
        return await self._sessions.look(attempt.id, source)


def _is_closing(attempt: Attempt) -> bool:
    """Say whether the session is still to be closed; one in processing can only be waited for."""
    return (
        attempt.close_reason is not None
        and attempt.is_live
        and attempt.state is not AttemptState.PROCESSING
    )


def _is_overdue(attempt: Attempt, now: datetime) -> bool:
    """Say whether an attempt's deadline passed while it could still be paid, not yet acted on."""
    return (
        attempt.state in (AttemptState.OPEN, AttemptState.UNKNOWN, AttemptState.CREATING)
        and attempt.close_reason is None
        and attempt.deadline_at <= now
    )
