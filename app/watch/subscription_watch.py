"""The watch over subscriptions: what there is news of, what is due, and ends without an answer.

News stands in the books until a look has been settled that was made after it, so a crash loses
none. A subscription is looked at by the dates that its provider gave; see `next_look`.
"""

import logging
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from app.clock import Clock
from app.domain.observation import Source
from app.domain.reconciliation import Report
from app.domain.renewal import LATE_MONEY, Subscription, next_look
from app.errors import CheckoutRefused, ScantillError, StoreError
from app.events import Fact
from app.gateway import OtherKeys
from app.providers.budget import Urgency, asking
from app.silence import SILENCE
from app.store import Store
from app.store.epochs import needs_reconciliation
from app.store.subscriptions import (
    HeardOf,
    ends_waited_for,
    going_on,
    news_is_known,
    news_of_subscriptions,
    unanswered_ends,
)
from app.subscription_ends import tell_of_silence, tell_out_of_reach
from app.subscriptions import Subscriptions

_TICK_S: Final = 1.0
_ROUND_S: Final = 30.0
_LOOKS_A_ROUND: Final = 25
_GIVES_UP_AFTER: Final = 3
_AFTER_RESTORE: Final = 10_000
_LEAST_S: Final = 60.0
_MOST_S: Final = 6 * 3600.0
"""How long a subscription is left alone: after a look, and after many that had no answer."""
_BEGUN: Final = "subscription.started"

Subject = int | tuple[str, str]
"""What is looked at: the row of a subscription, or an account and a name that was heard there."""

_log = logging.getLogger(__name__)


class SubscriptionWatch:
    """`run` goes on for ever on the loop that spawned it; `wake` may be called from any thread."""

    def __init__(self, store: Store, subscriptions: Subscriptions, *, clock: Clock) -> None:
        self._store = store
        self._subscriptions = subscriptions
        self._clock = clock
        self._failures: dict[Subject, int] = {}
        self._not_before: dict[Subject, float] = {}
        self._answered_at: dict[Subject, float] = {}
        # What was heard before the start comes first.
        self._has_news = True
        self._round_at = clock.monotonic()

    def wake(self) -> None:
        """Say that there is news of a subscription in the books."""
        self._has_news = True

    async def run(self) -> None:
        """Watch for ever; a fault is logged and does not end it."""
        stop_listening = self._store.bus.subscribe(self._on_fact)
        try:
            while True:
                try:
                    await self.tick()
                except StoreError as error:
                    _log.warning("the subscriptions wait for the books: %s", error)
                except Exception:  # noqa: BLE001 - logged; who watches the money must not die of it
                    _log.exception("the subscriptions could not be looked at")
                await self._clock.sleep(_TICK_S)
        finally:
            stop_listening()

    async def tick(self) -> None:
        """Look at what there is news of, and every half minute at all that is due."""
        is_round = self._round_at <= self._clock.monotonic()
        if not (self._has_news or is_round):
            return
        self._has_news = False
        with asking(Urgency.WATCH):
            await self.hear()
        with asking(Urgency.BACKLOG):
            if is_round:
                await self.sweep()
                self._round_at = self._clock.monotonic() + _ROUND_S
            await self.catch_up()

    async def hear(self) -> int:
        """Look at what there is news of, and say how many of these were answered.

        What an account does not answer leaves its others for later: each may take its time.
        """
        answered = 0
        silent: Counter[str] = Counter()
        for news in await self._store.read(news_of_subscriptions):
            subject = news.account, news.subscription_id
            if silent[news.account] < _GIVES_UP_AFTER and self._may_be_asked(subject):
                is_answered = await self._tried(subject, partial(self._look_at, news))
                answered += is_answered
                silent[news.account] += not is_answered
        return answered

    async def sweep(self) -> int:
        """Ask about every end whose answer is missing, and say how many there were.

        One that nobody answers for a day, or that does not come, is told to a person.
        """
        rows = await self._store.read(unanswered_ends)
        for row_id in rows:
            await self._tried(row_id, partial(self._subscriptions.look, row_id, Source.SWEEP))
        before = self._clock.now() - SILENCE
        for row_id in await self._store.read(lambda db: ends_waited_for(db, asked_before=before)):
            await self._store.write(partial(tell_of_silence, row_id=row_id))
        return len(rows)

    async def catch_up(self, limit: int = _LOOKS_A_ROUND, *, with_all: bool = False) -> int:
        """Look at no more than `limit` subscriptions that are due, or at all; give how many."""

        def due(db: sqlite3.Connection) -> list[tuple[int, str]]:
            late = self._clock.now() - LATE_MONEY
            subscriptions = going_on(db, or_ended_since=late)
            return [
                (each.id, each.account) for each in subscriptions if with_all or self._is_due(each)
            ]

        looked = 0
        silent: Counter[str] = Counter()
        rows = await self._store.read(due)
        # Where all are due for long, as by a clock that was set back, each has its turn.
        for row_id, account in sorted(rows, key=lambda row: self._not_before.get(row[0], 0.0)):
            is_heard = silent[account] < _GIVES_UP_AFTER
            if looked < limit and is_heard and self._may_be_asked(row_id):
                looked += 1
                look = partial(self._subscriptions.look, row_id, Source.SWEEP)
                silent[account] += not await self._tried(row_id, look)
        return looked

    async def reconcile(self, report: Report) -> None:
        """Be a reconciliation's chore: news, what is due, and on restored books all there is."""
        del report
        is_restored = await self._store.read(needs_reconciliation)
        if is_restored:
            self._not_before.clear()
        await self.sweep()
        await self.hear()
        limit = _AFTER_RESTORE if is_restored else _LOOKS_A_ROUND
        await self.catch_up(limit, with_all=is_restored)

    def _on_fact(self, fact: Fact) -> None:
        if fact.name == _BEGUN:
            self.wake()

    def _is_due(self, subscription: Subscription) -> bool:
        """Say whether its time has come; a clock that was set back keeps none from being seen.

        Then its dates say nothing until the clock has come that far again.
        """
        now = self._clock.now()
        at, seen = next_look(subscription), subscription.looked_at
        if seen is None:
            return True
        if now >= seen:
            return at is not None and at <= now
        since = self._answered_at.get(subscription.id)
        return since is None or self._clock.monotonic() - since >= _MOST_S

    def _may_be_asked(self, subject: Subject) -> bool:
        return self._not_before.get(subject, 0.0) <= self._clock.monotonic()

    async def _look_at(self, news: HeardOf) -> None:
        await self._subscriptions.look_at(news.account, news.subscription_id, Source.WEBHOOK)
        await self._store.write(lambda tx: news_is_known(tx, news))

    async def _tried(self, subject: Subject, look: Callable[[], Awaitable[object]]) -> bool:
        """Make a look, if it may be made by now, and say whether it was answered.

        After one without an answer it is left alone, the longer the more often that was so.
        """
        if not self._may_be_asked(subject):
            return False
        try:
            await look()
        except StoreError:
            raise
        except ScantillError as error:
            self._leave_alone(subject)
            _log.info("no answer about subscription %s: %s", subject, error)
            if isinstance(subject, int) and isinstance(error, CheckoutRefused | OtherKeys):
                words = error.words
                await self._store.write(lambda tx: tell_out_of_reach(tx, subject, words))
            return False
        except Exception:  # noqa: BLE001 - logged; the other subscriptions are still to be watched
            self._leave_alone(subject)
            _log.exception("a bug met while looking at subscription %s", subject)
            return False
        self._failures.pop(subject, None)
        self._not_before.pop(subject, None)
        if isinstance(subject, int):
            self._answered_at[subject] = self._clock.monotonic()
            self._not_before[subject] = self._answered_at[subject] + _LEAST_S
        return True

    def _leave_alone(self, subject: Subject) -> None:
        failures = self._failures[subject] = self._failures.get(subject, 0) + 1
        wait_s = min(_LEAST_S * float(1 << min(failures - 1, 10)), _MOST_S)
        self._not_before[subject] = self._clock.monotonic() + wait_s
