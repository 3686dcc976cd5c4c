"""Reconciliation: what the providers say is compared with the books, whoever forgot to tell.

A run asks about every session by which money can still come and reads the providers' own lists of
events and sessions since the last run. All of it goes the way of any other news, through the inbox
and `app.settle`; nothing here judges money or changes a state.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from app.clock import Clock
from app.domain.attempt import Reference
from app.domain.delivery import Delivery
from app.domain.observation import Source
from app.domain.reconciliation import Report
from app.errors import Message, Rejected, ScantillError, StoreError
from app.failpoints import reach
from app.gateway import Gateway
from app.providers.budget import Urgency, asking
from app.providers.strategy import PaymentStrategy, Recheck, TakesByHand
from app.reconcile_sessions import look_at_lost, settle_listed, tells_something
from app.store import Store, Transaction
from app.store.cursors import books_made_at, find_cursor, save_cursor
from app.store.epochs import reconciled, restored_from
from app.store.inbox import receive
from app.store.payments import count_waiting
from app.store.reconciliations import (
    come_since,
    count_unhandled,
    finish_stray_intents,
    has_stray_intents,
    in_doubt,
    landmark,
    last_report,
    save_report,
)

T = TypeVar("T")

EVENTS: Final = "events"
SESSIONS: Final = "sessions"
REFUNDS: Final = "refunds"
DISPUTES: Final = "disputes"
_OVERLAP: Final = timedelta(minutes=10)
"""A provider's list may show an event some time after the moment that it carries."""
_CLOCKS_APART: Final = timedelta(hours=1)
_SPANS: Final = {
    EVENTS: timedelta(days=1),
    SESSIONS: timedelta(days=1),
    REFUNDS: timedelta(days=30),
    DISPUTES: timedelta.max,
}
"""How much of a list is read before that is written down."""
_FIRST_SPAN: Final = timedelta(days=30)
_BEFORE_BACKUP: Final = timedelta(days=1)
_SENT_BACK_WITHIN: Final = timedelta(days=60)
"""For so long a bank may send back a refund that had succeeded."""
_MAY_BE_FORBIDDEN: Final = frozenset({REFUNDS, DISPUTES})
"""Lists that a key may have no right to read (403); it sells all the same."""
_BATCH: Final = 100
_SETTLING_S: Final = 10.0
_SETTLING_STEP_S: Final = 0.05
_NOT_READABLE: Final = (
    ScantillError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Looks:
    """What a round over all unfinished sessions came to: how many answered, and who did not."""

    looked_at: int = 0
    unanswered: frozenset[int] = frozenset()


Chore = Callable[[Report], Awaitable[None]]
"""One part of a run: it asks, and adds what it found to the report.

Its requests give way to the counter's by themselves. An error that it raises is reported in words
and keeps no other chore from being done.
"""
ReadSpan = Callable[[PaymentStrategy, datetime, datetime | None, Report], Awaitable[None]]


class Reconciliation:
    """Runs one reconciliation at a time. `add` plugs in what else is to be read up on.

    `look_at_all` asks about every unfinished session that has not answered for so many seconds.
    `wake` is called when there is something in the inbox; `afterwards` are the chores once that is
    settled. `recheck` has a listed attempt looked at of which the list does not say enough.
    `unanswered` are the sessions that the last run could not ask about.
    """

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        *,
        clock: Clock,
        look_at_all: Callable[[float], Awaitable[Looks]],
        wake: Callable[[], None] = lambda: None,
        recheck: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._look_at_all = look_at_all
        self.wake = wake
        self._recheck = recheck
        self._alone = asyncio.Lock()
        self.unanswered: frozenset[int] = frozenset()
        self._not_since_s = 0.0
        self._are_lists_read = False
        self.afterwards: list[tuple[str, Chore]] = []
        self._chores: list[tuple[str, Chore]] = [
            (EVENTS, self._events),
            (SESSIONS, self._sessions),
            ("attempts", self._attempts),
            ("intents", self._intents),
        ]

    def add(self, name: str, chore: Chore) -> None:
        """Have a chore done in every run, after those that were added before."""
        self._chores.append((name, chore))

    async def last(self) -> Report | None:
        """Give the newest report in the books."""
        return await self._store.read(last_report)

    async def run(self, trigger: str, *, not_since_s: float = 0.0) -> Report:
        """Do every chore once, keep the report and give it; a run under way is waited for first.

        Sessions that answered within the last `not_since_s` seconds are not asked about again.

        Raises StoreError where the books cannot be used.
        """
        async with self._alone:
            self._not_since_s = not_since_s
            with asking(Urgency.BACKLOG):
                return await self._run(trigger)

    async def _run(self, trigger: str) -> Report:
        now = self._clock.now()
        report = Report(trigger, began_at=now, ended_at=now)
        made, before = self._gateway.requests_made, await self._store.read(landmark)
        self.unanswered = frozenset()
        self._are_lists_read = True
        for name, chore in self._chores:
            await self._done(name, chore, report)
        if not await self._is_inbox_settled(report):
            self._are_lists_read = False
        for name, chore in self.afterwards:
            await self._done(name, chore, report)
        come = await self._store.read(lambda db: come_since(db, before))
        report.payments, report.refunds, report.disputes = come
        doubtful = await self._store.read(lambda db: in_doubt(db, report.began_at))
        report.still_unknown = len(doubtful | self.unanswered)
        report.needs_person = await self._store.read(count_waiting)
        report.requests = self._gateway.requests_made - made
        report.ended_at = self._clock.now()
        await self._store.write(lambda tx: self._save(tx, report))
        return report

    def _save(self, tx: Transaction, report: Report) -> None:
        """Keep the report; restored books may be sold with once all lists are read and settled."""
        save_report(tx, report)
        if self._are_lists_read:
            reconciled(tx)

    @staticmethod
    async def _done(name: str, chore: Chore, report: Report) -> Exception | None:
        """Do a chore; report what kept it from being done, and give that."""
        try:
            await chore(report)
            return None
        except StoreError:
            raise
        except ScantillError as error:
            _log.info("reconciling %s: %s", name, error)
            if error.words not in report.problems:
                report.problems.append(error.words)
            return error
        except Exception as error:  # noqa: BLE001 - logged; the other chores are still to be done
            _log.exception("a bug met while reconciling %s", name)
            report.problems.append(
                Message("A fault of the till's own kept it from reading up on {what}.", what=name)
            )
            return error

    async def _attempts(self, report: Report) -> None:
        looks = await self._look_at_all(self._not_since_s)
        report.looked_at += looks.looked_at
        self.unanswered = looks.unanswered
        if looks.unanswered:
            report.problems.append(
                Message("{count} payments could not be asked about.", count=len(looks.unanswered))
            )

    async def _intents(self, report: Report) -> None:
        """Let go of calls that were never answered and need not be; the others were just asked."""
        if await self._store.read(has_stray_intents):
            report.intents += await self._store.write(finish_stray_intents)

    async def _events(self, report: Report) -> None:
        """Put what the provider's list of events has and the inbox has not into the inbox."""
        await self.each_account(EVENTS, self._read_events, report)

    async def _sessions(self, report: Report) -> None:
        """Settle the sessions on the provider's list; one that the books do not know is held."""
        await self.each_account(SESSIONS, self._read_sessions, report)

    async def each_account(self, kind: str, read: ReadSpan, report: Report) -> None:
        """Read a list of every account from where it was read to; an error is reported.

        What the operator takes by hand is on nobody's list.
        """
        for account in self._gateway.accounts:
            if isinstance(self._gateway.strategy(account), TakesByHand):
                continue

            async def catch_up(report: Report, account: str = account) -> None:
                await self._catch_up(account, kind, read, report)

            failure = await self._done(f"{kind} of {account}", catch_up, report)
            if failure is not None and not _is_forbidden(kind, failure):
                self._are_lists_read = False

    async def _catch_up(self, account: str, kind: str, read: ReadSpan, report: Report) -> None:
        """Read a list from its cursor on; the cursor moves once what was read is committed."""
        strategy = self._gateway.strategy(account)
        whose = (await self._gateway.identified(strategy)).provider_account
        since = await self._store.read(lambda db: self._beginning(db, strategy, whose, kind))
        report.looks_back_to(since)
        now = self._by_provider(strategy, self._clock.now())
        if kind == EVENTS and now - since > strategy.event_memory:
            _log.info("%s forgot events since %s; its other lists tell", account, since)
            since = now - strategy.event_memory
        is_read = False
        while not is_read:
            began = self._clock.now()
            is_read = self._by_provider(strategy, began) - since <= _SPANS[kind]
            until = None if is_read else since + _SPANS[kind]
            await self._gateway.asked(account, partial(read, strategy, since, until, report))
            # After an answer the provider's own time is known.
            since = until or self._by_provider(strategy, began)
            await self._store.write(
                partial(
                    save_cursor,
                    account=account,
                    provider_account=whose,
                    kind=kind,
                    position=since,
                )
            )
            reach("reconcile.cursor_saved")

    def _beginning(
        self, db: sqlite3.Connection, strategy: PaymentStrategy, whose: str, kind: str
    ) -> datetime:
        """Give from when on a list is to be read, by the provider's clock.

        Books that were restored know nothing of what came after the backup, however old that is.
        """
        now = self._by_provider(strategy, self._clock.now())
        restored = restored_from(db)
        cursor = find_cursor(db, strategy.account, whose, kind)
        if cursor is None and kind == REFUNDS:
            # Older programs kept none; they read this list together with the other.
            cursor = find_cursor(db, strategy.account, whose, DISPUTES)
        if cursor is None:
            cursor = restored or max(books_made_at(db) - _CLOCKS_APART, now - _FIRST_SPAN)
        since = min(cursor, now) - _OVERLAP
        if restored is not None:
            since -= _BEFORE_BACKUP
        if kind in (SESSIONS, REFUNDS):
            since -= strategy.capabilities.lists_after
        if kind == SESSIONS:
            # One that was open is seen once more after its page has closed.
            since -= strategy.capabilities.session_lifetime
        elif kind == REFUNDS and (restored is not None or now - since > strategy.event_memory):
            # No event is left that could tell of one that was sent back meanwhile.
            since -= _SENT_BACK_WITHIN
        return since

    @staticmethod
    def _by_provider(strategy: PaymentStrategy, at: datetime) -> datetime:
        """Give a moment of ours as the provider's lists have it; our clock may be wrong."""
        return at - (strategy.clock_off() or timedelta(0))

    async def _read_events(
        self,
        strategy: PaymentStrategy,
        since: datetime,
        until: datetime | None,
        report: Report,
    ) -> None:
        async for listed in _batches(strategy.events_since(since, until=until)):
            reach("reconcile.page_read")
            ours = [delivery for delivery in listed if self._is_ours(strategy, delivery)]
            report.strangers += len(listed) - len(ours)
            if not ours:
                continue
            report.events += await self._store.write(partial(_receive_all, deliveries=ours))
            reach("reconcile.page_saved")
            self.wake()

    def _is_ours(self, strategy: PaymentStrategy, delivery: Delivery) -> bool:
        """Say whether an event may be this till's: what names no reference, as a refund, may."""
        try:
            seen = strategy.observe(delivery, at=self._clock.now())
        except _NOT_READABLE:
            return True
        if isinstance(seen, Recheck) and not seen.reference and seen.session_id:
            # Only the books know whose session that is.
            return True
        reference = getattr(seen, "reference", None)
        return seen is not None and (reference is None or self._is_of_this_till(reference))

    async def _read_sessions(
        self,
        strategy: PaymentStrategy,
        since: datetime,
        until: datetime | None,
        report: Report,
    ) -> None:
        sessions = strategy.list_since(since, source=Source.SWEEP, until=until)
        async for listed in _batches(sessions):
            reach("reconcile.page_read")
            ours = [seen for seen in listed if self._is_of_this_till(seen.reference)]
            report.strangers += len(listed) - len(ours)
            report.sessions += len(ours)
            if telling := [seen for seen in ours if tells_something(seen)]:
                till_id = self._store.till_id
                settled = partial(settle_listed, account=strategy.account, till_id=till_id)
                found = await self._store.write(partial(settled, listed=telling))
                reach("reconcile.page_saved")
                report.problems += found.strange
                for lost in found.lost:
                    report.problems += await look_at_lost(strategy, lost, self._store)
                for attempt_id in found.to_look_at:
                    self._recheck(attempt_id)

    def _is_of_this_till(self, text: str) -> bool:
        reference = Reference.parse(text)
        return reference is not None and reference.till_id == self._store.till_id

    async def _is_inbox_settled(self, report: Report) -> bool:
        """Give the inbox's worker the time to settle what was put there; say whether it has."""
        accounts = self._gateway.accounts
        end = self._clock.monotonic() + (_SETTLING_S if report.events else 0.0)
        while await self._store.read(lambda db: count_unhandled(db, accounts)):
            if self._clock.monotonic() >= end:
                return False
            await self._clock.sleep(_SETTLING_STEP_S)
        return True


def _is_forbidden(kind: str, failure: Exception) -> bool:
    """Say whether it is only that the key has no right to read a list that can be done without."""
    return kind in _MAY_BE_FORBIDDEN and isinstance(failure, Rejected) and failure.status == 403


def _receive_all(tx: Transaction, *, deliveries: list[Delivery]) -> int:
    return sum(receive(tx, delivery) for delivery in deliveries)


async def _batches(listed: AsyncIterator[T]) -> AsyncIterator[list[T]]:
    batch: list[T] = []
    async for each in listed:
        batch.append(each)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
