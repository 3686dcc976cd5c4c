"""The watch over subscriptions: what there is news of, what is due, and ends without an answer.

News stands in the books until a look has been settled that was made after it, so a crash loses
none. When a subscription is looked at next stands there, too: by the dates that its provider gave,
or, after a look without an answer, the later the more often that was so. Restored books are sold
with before all subscriptions were looked at; these follow as fast as the account's budget allows.
"""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from app.clock import Clock
from app.domain.observation import Source
from app.domain.reconciliation import Report
from app.domain.renewal import put_off_by
from app.errors import CheckoutRefused, Message, ScantillError, StoreError
from app.events import Fact
from app.gateway import OtherKeys
from app.providers.budget import Urgency, asking
from app.silence import SILENCE
from app.store import Store, Transaction
from app.store.epochs import needs_reconciliation
from app.store.subscriptions import (
    HeardOf,
    ends_waited_for,
    news_is_known,
    news_of_subscriptions,
)
from app.store.subscriptions_due import (
    Due,
    count_unseen,
    due_ends,
    due_subscriptions,
    put_off,
    seen_ahead,
    want_all_seen,
    were_restored,
)
from app.store.subscriptions_lost import due_lost, nothing_told_of_lost, put_off_lost
from app.subscription_ends import tell_of_silence, tell_out_of_reach
from app.subscriptions import Subscriptions
from app.watch.rests import Rests, is_for_all

_TICK_S: Final = 1.0
_ROUND_S: Final = 30.0
_LOOKS_A_ROUND: Final = 25
_LOOKS_MEANWHILE: Final = 5
"""As many while the till waits to sell with restored books: those come first."""
_LEAST_S: Final = 60.0
_MOST_S: Final = 6 * 3600.0
"""How long one is left alone whose dates say nothing, as the clock was set back since."""
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
        self._rests = Rests(clock)
        self._failures: dict[Subject, int] = {}
        self._not_before: dict[Subject, float] = {}
        # What was heard before the start comes first.
        self._has_news = True
        self._is_behind = False
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
        """Look at what there is news of, and every half minute at all that is due.

        After a restoration there is no pause until all were looked at.
        """
        is_round = self._round_at <= self._clock.monotonic()
        if not (self._has_news or is_round or self._is_behind):
            return
        self._has_news = False
        with asking(Urgency.WATCH):
            await self.hear()
        with asking(Urgency.BACKLOG):
            if is_round:
                await self._mind_restoration()
                await self.sweep()
                self._round_at = self._clock.monotonic() + _ROUND_S
            await self._catch_up_in_turn()

    async def hear(self) -> int:
        """Look at what there is news of, and say how many of these were answered.

        What an account does not answer leaves its others for later: each may take its time.
        """
        answered = 0
        for news in await self._store.read(news_of_subscriptions):
            subject = news.account, news.subscription_id
            if self._may_be_asked(subject):
                look = partial(self._look_at, news)
                answered += await self._tried(subject, news.account, look)
        return answered

    async def sweep(self) -> int:
        """Ask again about the ends whose answer is missing and is due, and say how many.

        One that nobody answers for a day, or that does not come, is told to a person.
        """
        now = self._clock.now()
        rows = await self._store.read(lambda db: due_ends(db, now=now))
        for each in rows:
            await self._tried(each.id, each.account, self._look_of(each))
        before = self._clock.now() - SILENCE
        for row_id in await self._store.read(lambda db: ends_waited_for(db, asked_before=before)):
            await self._store.write(partial(tell_of_silence, row_id=row_id))
        return len(rows)

    async def catch_up(self, limit: int = _LOOKS_A_ROUND) -> int:
        """Look at no more than `limit` subscriptions that are due, and say how many."""
        now, resting = self._clock.now(), self._rests.resting
        rows = await self._store.read(
            lambda db: due_subscriptions(db, now=now, most=limit, leave_out=resting)
        )
        ahead = await self._store.read(lambda db: seen_ahead(db, now=now))
        # Where all are due for long, as by a clock that was set back, each has its turn.
        ahead.sort(key=lambda each: self._not_before.get(each.id, 0.0))
        looked = 0
        for each in dict.fromkeys([*rows, *ahead]):
            rests = self._rests.rests(each.account)
            if looked < limit and self._may_be_asked(each.id) and not rests:
                looked += 1
                is_answered = await self._tried(each.id, each.account, self._look_of(each))
                if each in ahead:
                    wait_s = _MOST_S if is_answered else _LEAST_S
                    self._not_before[each.id] = self._clock.monotonic() + wait_s
        return looked + await self._look_for_lost(limit - looked)

    async def reconcile(self, report: Report) -> None:
        """Be a reconciliation's chore: news and what is due.

        Restored books are to be sold with as soon as the orders are made sure of: all that the
        subscriptions may have come to is looked at after that, and the report says so.
        """
        await self._mind_restoration()
        if await self._store.read(needs_reconciliation):
            self.wake()
        else:
            await self.sweep()
            await self.hear()
            await self.catch_up()
        if count := await self._store.read(count_unseen):
            report.problems.append(
                Message(
                    "{count} subscriptions were not looked at yet since the books were restored; "
                    "the till goes on looking by itself.",
                    count=count,
                )
            )

    async def _mind_restoration(self) -> None:
        if await self._store.read(were_restored):
            await self._store.write(want_all_seen)

    async def _catch_up_in_turn(self) -> None:
        is_waited_for = await self._store.read(needs_reconciliation)
        looked = await self.catch_up(_LOOKS_MEANWHILE if is_waited_for else _LOOKS_A_ROUND)
        unseen = await self._store.read(count_unseen)
        self._is_behind = bool(looked and unseen) and not is_waited_for

    async def _look_for_lost(self, limit: int) -> int:
        """Look at subscriptions of ours that are not in the books: what they take is held."""
        now, looked = self._clock.now(), 0
        for account, name in await self._store.read(lambda db: due_lost(db, now=now, most=limit)):
            if not self._rests.rests(account):
                looked += 1
                look = self._look_at_lost(account, name)
                if not await self._tried((account, name), account, look):
                    put_off_it = partial(put_off_lost, account=account, subscription_id=name)
                    await self._store.write(put_off_it)
        return looked

    def _on_fact(self, fact: Fact) -> None:
        if fact.name == _BEGUN:
            self.wake()

    def _may_be_asked(self, subject: Subject) -> bool:
        return self._not_before.get(subject, 0.0) <= self._clock.monotonic()

    def _look_of(self, due: Due) -> Callable[[], Awaitable[object]]:
        return partial(self._subscriptions.look, due.id, Source.SWEEP)

    def _look_at_lost(self, account: str, name: str) -> Callable[[], Awaitable[None]]:
        async def look() -> None:
            await self._subscriptions.look_at(account, name, Source.SWEEP)
            await self._store.write(
                partial(nothing_told_of_lost, account=account, subscription_id=name)
            )

        return look

    async def _look_at(self, news: HeardOf) -> None:
        await self._subscriptions.look_at(news.account, news.subscription_id, Source.WEBHOOK)
        await self._store.write(lambda tx: news_is_known(tx, news))

    async def _tried(
        self, subject: Subject, account: str, look: Callable[[], Awaitable[object]]
    ) -> bool:
        """Make a look, if it may be made by now, and say whether it was answered.

        After one without an answer it is left alone, the longer the more often that was so.
        """
        if self._rests.rests(account) or not self._may_be_asked(subject):
            return False
        try:
            await look()
        except StoreError:
            raise
        except ScantillError as error:
            self._rests.failed(account, error)
            await self._leave_alone(subject, error)
            _log.info("no answer about subscription %s: %s", subject, error)
            return False
        except Exception as error:  # noqa: BLE001 - logged; the others are still to be watched
            await self._leave_alone(subject, error)
            _log.exception("a bug met while looking at subscription %s", subject)
            return False
        self._rests.answered(account)
        self._failures.pop(subject, None)
        self._not_before.pop(subject, None)
        return True

    async def _leave_alone(self, subject: Subject, error: Exception) -> None:
        """Put off what was asked about; where the keys are refused for all, its account rests."""
        if isinstance(subject, int):

            def write(tx: Transaction) -> None:
                if not is_for_all(error):
                    put_off(tx, subject)
                if isinstance(error, CheckoutRefused | OtherKeys):
                    tell_out_of_reach(tx, subject, error.words)

            await self._store.write(write)
            return
        failures = self._failures[subject] = self._failures.get(subject, 0) + 1
        wait_s = put_off_by(failures).total_seconds()
        self._not_before[subject] = self._clock.monotonic() + wait_s
