"""Polling, deadlines, resuming and the late watch, in one loop.

Every attempt that is not final is looked at: each 2 s while its code can be on a screen, slower
otherwise, ever slower once the order is over. A deadline that passes closes the session. What was
in doubt when the till stopped is asked about first. Waits and deadlines go by clocks that nobody
can set: the wall clock counts only for what an earlier run left.
"""

import asyncio
import heapq
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from app.checkout import Checkout
from app.clock import Clock
from app.domain.attempt import Attempt, AttemptState
from app.domain.observation import Source
from app.errors import ProviderError, ScantillError, StoreError
from app.events import Fact
from app.providers.budget import Urgency, asking
from app.providers.retry import Jitter
from app.reconcile import Looks
from app.sessions import Sessions
from app.store import Store
from app.store.attempts import find_attempt, watched_attempts
from app.watch.pace import Pace, can_expire, is_closing, is_shown
from app.watch.turn import Rank, Turn, is_watched
from app.watch.turnstile import Turnstile

_log = logging.getLogger(__name__)

_CONCURRENT_LOOKS: Final = 8
_MOST_BEGUN: Final = 256
_FEW_BEGUN: Final = 64
"""How many looks may wait for their turn; the others are begun when few are left of these."""
_MOST_SCREENS: Final = 2
"""How many codes are taken to be on screens: the newest of those that were shown."""
_PAUSE_AFTER_FAULT_S: Final = 1.0
_SPREAD: Final = 0.25
"""By how much of itself a wait may grow, so that tills and attempts do not knock in step."""
_BEGUN: Final = {"created", "open", "shown", "closing", "unknown"}
_ENDED: Final = {"paid", "failed", "expired", "cancelled"}
_NEWS: Final = frozenset(f"attempt.{what}" for what in _BEGUN | _ENDED)


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
        self._turns: dict[int, Turn] = {}
        self._attempts: dict[int, Attempt] = {}
        self._turnstile = Turnstile(_CONCURRENT_LOOKS)
        self._shown: set[int] = set()
        self._left: set[int] = set()
        self._screens: frozenset[int] = frozenset()
        self._cold: frozenset[int] = frozenset()
        self._begun = 0
        self._stale = True
        self._changed: set[int] = set()
        self._trouble = ""
        self._has_begun = False
        self._began = 0.0
        self._left_over: set[int] = set()
        self._news = asyncio.Event()
        self._rereading = asyncio.Lock()
        self._built_at = clock.now()
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
        if fact.name not in _NEWS or fact.attempt_id is None:
            return
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._mark_changed, fact.attempt_id)

    def _mark_poked(self, attempt_id: int) -> None:
        self._poked.add(attempt_id)
        self._news.set()

    def _mark_changed(self, attempt_id: int) -> None:
        self._changed.add(attempt_id)
        self._news.set()

    async def _run(self) -> None:
        while True:
            try:
                if not self._has_begun:
                    await self._sessions.sweep()
                await self.tick()
                self._trouble = ""
            except StoreError as error:
                self._wait_for_books(error)
                await self._clock.sleep(_PAUSE_AFTER_FAULT_S)
            except Exception:  # noqa: BLE001 - logged; who watches the money must not die of it
                _log.exception("the watch could not go its round")
                self._stale = True
                await self._clock.sleep(_PAUSE_AFTER_FAULT_S)
            if not (self._turns or self._stale or self._changed or self._poked):
                self._news.clear()
                await self._news.wait()
            await self._clock.sleep(self._pace.tick_s)

    def _wait_for_books(self, error: StoreError) -> None:
        """Go on once the books can be used again; what is wrong with them is said once."""
        if error.title != self._trouble:
            _log.error("the watch waits for the books: %s", error)
        self._trouble = error.title
        self._stale = True

    async def look_at_all(self, not_since_s: float = 0.0) -> Looks:
        """Have every unfinished session asked about once, and wait for that.

        Left out are those that answered within the last `not_since_s` seconds. A look that is under
        way counts: nothing is asked twice.
        """
        began = self._clock.monotonic()
        await self._reread(began)
        turns = self._turns
        since = began - not_since_s
        wanted = {i: turn.looks for i, turn in turns.items() if turn.answered_at <= since}
        for attempt_id in wanted:
            turns[attempt_id].due = min(turns[attempt_id].due, began)
        self._news.set()
        missing = set(wanted)
        while missing:
            if self._loop_task is None:
                await self.tick()
            await self._clock.sleep(max(self._pace.tick_s, len(missing) / 1_000))
            missing = {i for i in missing if i in turns and turns[i].looks == wanted[i]}
        unanswered = frozenset(i for i in wanted if i in turns and turns[i].failures)
        return Looks(len(wanted) - len(unanswered), unanswered)

    async def look_at_codes(
        self, on_answer: Callable[[Attempt], Awaitable[None]]
    ) -> frozenset[int]:
        """Have every session whose code may have been seen asked about at once, before all else.

        `on_answer` is called for each as soon as it has answered; given are those that have not.
        A look that is under way does not count: it may have been answered before now.
        """
        await self._reread(self._clock.monotonic())
        turns = self._turns
        seen = (self._attempts[attempt_id] for attempt_id in turns)
        asked = {a.id: a for a in seen if a.shown_at is not None and a.is_live}
        missing = {i: turns[i].looks + (turns[i].task is not None) for i in asked}
        self._poked.update(missing)
        self._news.set()
        silent = set()
        while missing:
            if self._loop_task is None:
                await self.tick()
            await self._clock.sleep(self._pace.tick_s)
            heard = [i for i in missing if i not in turns or turns[i].looks > missing[i]]
            for attempt_id in heard:
                del missing[attempt_id]
                if attempt_id in turns and turns[attempt_id].failures:
                    silent.add(attempt_id)
                else:
                    await on_answer(asked[attempt_id])
        return frozenset(silent)

    async def tick(self) -> None:
        """Start a look at everything that is due now, as far as looks can be made soon."""
        now = self._clock.monotonic()
        if self._stale:
            self._stale = False
            await self._reread(now)
        elif self._changed:
            await self._reread_changed(now)
        self._cold -= self._poked
        for attempt_id in self._poked - self._turns.keys():
            await self._recall(attempt_id, now)
        self._begin(self._turns.keys() - self._cold, now, _MOST_BEGUN)
        # What an earlier run left may be ten thousand: it is gone through now and then.
        if self._begun < _FEW_BEGUN:
            self._begin(self._cold & self._turns.keys(), now, _MOST_BEGUN - _FEW_BEGUN)

    def _begin(self, attempt_ids: Iterable[int], now: float, most: int) -> None:
        """Start looks at what is due of these, the first in rank, until so many are begun."""
        for rank, attempt_id in heapq.nsmallest(most - self._begun, self._due(attempt_ids, now)):
            self._poked.discard(attempt_id)
            turn = self._turns[attempt_id]
            self._begun += 1
            turn.task = asyncio.create_task(self._look(self._attempts[attempt_id], turn, rank))

    def _due(self, attempt_ids: Iterable[int], now: float) -> list[tuple[Rank, int]]:
        """Give which of these are to be looked at now, each with its rank."""
        due, elapsed = [], self._clock.elapsed()
        for attempt_id in attempt_ids:
            turn = self._turns[attempt_id]
            attempt = self._attempts[attempt_id]
            if attempt_id in self._poked:
                turn.due, turn.is_poked = now, True
            if turn.task is None and (
                turn.due <= now or (not turn.failures and turn.is_overdue(attempt, elapsed))
            ):
                due.append((self._rank(attempt, turn), attempt_id))
        return due

    def _rank(self, attempt: Attempt, turn: Turn) -> Rank:
        """Say whose turn it is first: screens, what this run began, then what was left.

        Of what was left the newest goes first, and everything once before anything twice.
        """
        if turn.is_poked or (attempt.id in self._screens and is_shown(attempt)):
            return Urgency.COUNTER, 0, turn.due
        if not turn.was_left:
            return Urgency.WATCH, 0, turn.due
        return Urgency.BACKLOG, turn.looks, -attempt.id

    async def _reread(self, now: float) -> None:
        """Learn of all attempts; those known already keep their turn unless news brings it on."""
        async with self._rereading:
            self._changed.clear()
            unfinished = await self._store.read(watched_attempts)
            found = {a.id: a for a in unfinished if is_watched(a)}
            for attempt_id in self._turns.keys() - found.keys():
                self._let_go(attempt_id)
            for attempt in found.values():
                self._take_up(attempt, now)
            if not self._has_begun:
                self._has_begun, self._began, self._left_over = True, now, set(found)
            self._sort_out()

    async def _reread_changed(self, now: float) -> None:
        """Learn of the attempts that there is news of: with ten thousand open the rest is much."""
        async with self._rereading:
            changed, self._changed = self._changed, set()

            def read(db: sqlite3.Connection) -> dict[int, Attempt | None]:
                return {attempt_id: find_attempt(db, attempt_id) for attempt_id in changed}

            for attempt_id, attempt in (await self._store.read(read)).items():
                if attempt is not None and is_watched(attempt):
                    self._take_up(attempt, now)
                else:
                    self._let_go(attempt_id)
            self._sort_out()

    def _let_go(self, attempt_id: int) -> None:
        """Forget an attempt that is over, unless it is just being looked at."""
        turn = self._turns.get(attempt_id)
        if turn is not None and turn.is_idle:
            del self._turns[attempt_id]
        self._shown.discard(attempt_id)

    def _take_up(self, attempt: Attempt, now: float) -> None:
        known = self._turns.get(attempt.id)
        if known is None:
            # A session made just now has nothing to tell; one from before the start may.
            turn = self._turns[attempt.id] = self._new_turn(attempt, now)
            turn.due += self._wait(attempt, turn) if self._has_begun else 0.0
            turn.was_left = not self._has_begun and attempt.created_at < self._built_at
            if turn.was_left:
                self._left.add(attempt.id)
        elif attempt != self._attempts[attempt.id]:
            known.due = min(known.due, now + self._wait(attempt, known))
        self._note(attempt)

    def _note(self, attempt: Attempt) -> None:
        self._attempts[attempt.id] = attempt
        if is_shown(attempt):
            self._shown.add(attempt.id)
        else:
            self._shown.discard(attempt.id)

    def _sort_out(self) -> None:
        """Say again whose code may be on a screen, what was left, and forget what is over."""
        self._screens = frozenset(heapq.nlargest(_MOST_SCREENS, self._shown))
        self._left &= self._turns.keys()
        self._cold = frozenset(self._left - self._screens)
        for attempt_id in self._attempts.keys() - self._turns.keys():
            del self._attempts[attempt_id]

    async def _recall(self, attempt_id: int, now: float) -> None:
        """Take up a session that was thought to be over, since there is news of it."""
        attempt = await self._store.read(lambda db: find_attempt(db, attempt_id))
        if attempt is None:
            self._poked.discard(attempt_id)
            return
        self._note(attempt)
        self._turns[attempt_id] = self._new_turn(attempt, now)

    def _new_turn(self, attempt: Attempt, now: float) -> Turn:
        """Take an attempt's deadline over from the wall clock, which may be set any time."""
        left = attempt.left_at(self._clock.now())
        return Turn(now, deadline=self._clock.elapsed() + left.total_seconds())

    async def _look(self, attempt: Attempt, turn: Turn, rank: Rank) -> None:
        asked_to_wait = 0.0
        try:
            async with self._turnstile.place(rank):
                with asking(rank[0]):
                    seen = await self._act(attempt, turn)
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
            if not turn.failures:
                turn.answered_at = self._clock.monotonic()
            attempt = seen
            self._note(seen)
            if seen.is_final:
                self._turns.pop(seen.id, None)
            self._heard_of(seen)
        finally:
            self._begun -= 1
            turn.task, turn.is_poked = None, False
            turn.looks += 1
            turn.due = self._clock.monotonic() + self._wait(attempt, turn, at_least=asked_to_wait)

    def _heard_of(self, attempt: Attempt) -> None:
        """Say how long it took to know again of all that was in progress before the start."""
        if attempt.state is not AttemptState.UNKNOWN and attempt.id in self._left_over:
            self._left_over.discard(attempt.id)
            if not self._left_over:
                took_s = self._clock.monotonic() - self._began
                _log.info("back after %.1f s: all that was in progress is known again", took_s)

    def _wait(self, attempt: Attempt, turn: Turn, *, at_least: float = 0.0) -> float:
        """Draw the seconds to the next look.

        What the provider asks for is kept. After failures the draw lies below the pace, which has
        a longest wait to keep, too.
        """
        pace, drawn = self._pace.after(attempt, turn.failures), self._jitter.random()
        if turn.was_left and not turn.failures:
            pace = min(pace, self._pace.after_restart(attempt, turn.looks))
        wait = pace * (0.5 + drawn / 2) if turn.failures else pace * (1 + _SPREAD * drawn)
        return max(wait, at_least * (1 + _SPREAD * drawn))

    async def _act(self, attempt: Attempt, turn: Turn) -> Attempt:
        """Close what is to be closed, expire what is overdue, look at the rest."""
        if turn.is_overdue(attempt, self._clock.elapsed()):
            if not (turn.was_left and turn.looks == 0 and attempt.session_id):
                return await self._checkout.expire(attempt.id)
            # What was left for long is over at the provider by now: one look instead of three.
            attempt = await self._sessions.look(attempt.id, Source.SWEEP)
            return await self._checkout.expire(attempt.id) if can_expire(attempt) else attempt
        if is_closing(attempt):
            return await self._sessions.close(attempt.id)
        source = Source.POLL if attempt.is_live else Source.SWEEP
        return await self._sessions.look(attempt.id, source)
