"""The watch over cards to be kept: what is on a screen, what is to be closed, and what was heard.

A set-up is in the books before its provider hears of it, and news of it is counted there, so a
crash loses none. There are few at once: they are looked at one after the other.
"""

import logging
from collections.abc import Awaitable
from typing import Final

from app.cards import Cards
from app.clock import Clock
from app.domain.card_setup import CardClosing, CardSetup, CardState
from app.domain.observation import Source
from app.errors import ScantillError, StoreError
from app.events import Fact
from app.providers.budget import Urgency, asking
from app.store import Store
from app.store.card_setups import watched_card_setups
from app.watch.pace import Pace

_ROUND_S: Final = 30.0
_NEWS: Final = "card."

_log = logging.getLogger(__name__)


class CardWatch:
    """`run` goes on for ever on the loop that spawned it; `wake` may be called from any thread."""

    def __init__(
        self, store: Store, cards: Cards, *, clock: Clock, pace: Pace | None = None
    ) -> None:
        self._store = store
        self._cards = cards
        self._clock = clock
        self._pace = pace or Pace()
        self._setups: list[CardSetup] = []
        self._failures: dict[int, int] = {}
        self._due: dict[int, float] = {}
        self._has_begun = False
        # What was left over by an earlier run comes first.
        self._is_stale = True
        self._round_at = clock.monotonic()

    def wake(self) -> None:
        """Say that there is news of a set-up in the books."""
        self._is_stale = True

    async def run(self) -> None:
        """Watch for ever; a fault is logged and does not end it."""
        stop_listening = self._store.bus.subscribe(self._on_fact)
        try:
            while True:
                try:
                    await self.tick()
                except StoreError as error:
                    _log.warning("the cards wait for the books: %s", error)
                except Exception:  # noqa: BLE001 - logged; the other cards are still to be watched
                    _log.exception("the cards could not be looked at")
                await self._clock.sleep(self._pace.tick_s)
        finally:
            stop_listening()

    async def tick(self) -> None:
        """Look at, or close, every set-up whose turn it is."""
        now = self._clock.monotonic()
        if self._is_stale or self._round_at <= now:
            self._is_stale = False
            self._round_at = now + _ROUND_S
            self._learn(await self._store.read(watched_card_setups), now)
        for setup in self._setups:
            is_ending = self._cards.is_over(setup) and not self._failures.get(setup.id)
            if is_ending or self._due[setup.id] <= self._clock.monotonic():
                await self._tried(setup)

    def _learn(self, setups: list[CardSetup], now: float) -> None:
        """Take over what the books have: news is looked at as soon as it may be."""
        known = {setup.id: setup for setup in self._setups}
        self._setups = setups
        for setup in setups:
            before = known.get(setup.id)
            if before is None:
                # One that was begun just now has nothing to tell; one from before the start may.
                self._due[setup.id] = now + (self._wait(setup) if self._has_begun else 0.0)
            elif before != setup:
                self._due[setup.id] = min(self._due[setup.id], now + self._wait(setup))
            has_news = before is None or before.heard < setup.heard
            if has_news and setup.heard and not self._failures.get(setup.id):
                self._due[setup.id] = now
        kept = {setup.id for setup in setups}
        for row_id in known.keys() - kept:
            self._due.pop(row_id)
            self._failures.pop(row_id, None)
        self._has_begun = True

    async def _tried(self, setup: CardSetup) -> None:
        """Do what is next; after no answer it is left alone, the longer the more often."""
        urgency = Urgency.COUNTER if setup.shown_at is not None else Urgency.WATCH
        try:
            with asking(urgency):
                seen = await self._next(setup)
        except StoreError:
            raise
        except ScantillError as error:
            _log.info("no answer about card %s: %s", setup.reference, error)
            is_answered = False
        else:
            is_answered = seen.state is not CardState.UNKNOWN
            setup = seen
        self._failures[setup.id] = 0 if is_answered else self._failures.get(setup.id, 0) + 1
        self._due[setup.id] = self._clock.monotonic() + self._wait(setup)
        self._is_stale = True

    def _next(self, setup: CardSetup) -> Awaitable[CardSetup]:
        if self._cards.is_over(setup):
            return self._cards.close(setup.id, CardClosing.EXPIRED)
        if setup.is_closing:
            return self._cards.close(setup.id)
        return self._cards.look(setup.id, Source.WEBHOOK if setup.heard else Source.POLL)

    def _wait(self, setup: CardSetup) -> float:
        """Say how long to wait before the next look; failures in a row double the wait."""
        pace, is_shown = self._pace, setup.is_open and setup.shown_at is not None
        if setup.is_closing or setup.state in (CardState.UNKNOWN, CardState.CREATING):
            wait = pace.closing_s
        elif setup.state is CardState.PROCESSING:
            wait = pace.processing_s
        else:
            wait = pace.shown_s if is_shown else pace.unshown_s
        wait = max(wait, pace.at_least_s(setup.account))
        longest = max(wait, pace.failing_most_s if is_shown else pace.failing_late_s)
        return min(wait * float(1 << min(self._failures.get(setup.id, 0), 6)), longest)

    def _on_fact(self, fact: Fact) -> None:
        if fact.name.startswith(_NEWS):
            self.wake()
