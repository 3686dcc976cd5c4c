"""The orders as they are looked at: a page of the list, one order whole, what was in progress."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from app.domain.attempt import Attempt, AttemptState
from app.domain.confirmation import Confirmation
from app.domain.decision import Decision
from app.domain.dispute import Dispute
from app.domain.exceptions import OrderException
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.domain.payment import Payment
from app.domain.receipt import Tender
from app.domain.refund import Refund
from app.domain.renewal import Subscription
from app.domain.resolution import Case, WayOut, ways_out
from app.events import Fact
from app.store import Store
from app.store.attempts import attempts_of
from app.store.confirmations import confirmations_of
from app.store.decided import decisions_of
from app.store.decisions import case_of, waiting_exceptions
from app.store.disputes import dispute_of_entry, disputes_due, disputes_of_order
from app.store.journal import history_of
from app.store.orders import count_awaited, find_order, newest_unfinished, order_rows
from app.store.payments import exceptions_of, tenders_of
from app.store.refunds import refunds_of, refunds_of_order
from app.store.subscriptions import renewals_of, subscriptions_of
from app.store.transaction import Row, maybe_stamp, read_stamp

_MOST_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One line of the list of orders."""

    id: str
    number: int
    state: OrderState
    total: Money
    created_at: datetime
    closed_at: datetime | None
    receipt_number: int | None
    item_count: int
    needs_person: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """One entry of the list "needs a person": what it is about, and what a person may do.

    `case.is_under_way` says that money of it is being given back; `refunds` tell how that stands.
    `dispute` is the one that an entry of a dispute is about.
    """

    case: Case
    ways: tuple[WayOut, ...]
    refunds: tuple[Refund, ...]
    dispute: Dispute | None = None


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription that an order began, with its renewals, held ones too, oldest first."""

    subscription: Subscription
    renewals: tuple[Payment, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """One order with all that happened to it, oldest first.

    `refunds` are those of its payments and of its subscription's renewals. `confirmations` are what
    the operator said of payments by hand. `decisions` say by an attempt's id why it went to its
    account; older ones have none.
    """

    order: Order
    attempts: tuple[Attempt, ...]
    exceptions: tuple[OrderException, ...]
    tenders: tuple[Tender, ...]
    history: tuple[Fact, ...]
    disputes: tuple[Dispute, ...] = ()
    refunds: tuple[Refund, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    decisions: Mapping[int, Decision] = field(default_factory=dict)
    subscriptions: tuple[Subscribed, ...] = ()

    @property
    def is_live(self) -> bool:
        """Say whether money can still come by one of its attempts."""
        return any(attempt.is_live for attempt in self.attempts)

    @property
    def can_go_on(self) -> bool:
        """Say whether its payment can be taken up again: one is live, or the last one failed."""
        has_failed = bool(self.attempts) and self.attempts[-1].state is AttemptState.FAILED
        return self.order.state is OrderState.OPEN and (self.is_live or has_failed)


class OrderBook:
    """Reads orders beside the writer, off the caller's thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self, *, search: str = "", before_number: int | None = None, limit: int = 100
    ) -> list[OrderRow]:
        """Give the newest orders, or those whose order or receipt number is searched for."""
        text = search.strip().lstrip("#")
        if text and not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
            return []
        number = int(text) if text else None
        return await self._store.read(
            lambda db: [
                _row(row)
                for row in order_rows(db, number=number, before=before_number, limit=limit)
            ]
        )

    async def detail(self, order_id: str) -> OrderDetail | None:
        """Give one order whole, or None where there is none."""
        return await self._store.read(lambda db: _detail(db, order_id))

    async def unfinished(self) -> OrderDetail | None:
        """Give the open order that was being paid last, on the screen; not what is processing."""

        def look(db: sqlite3.Connection) -> OrderDetail | None:
            order_id = newest_unfinished(db)
            return None if order_id is None else _detail(db, order_id)

        return await self._store.read(look)

    async def awaited(self) -> int:
        """Count the open orders whose customer has confirmed and whose money is still to come."""
        return await self._store.read(count_awaited)

    async def troubles(
        self, *, before: int | None = None, limit: int = 50, with_resolved: bool = False
    ) -> list[Trouble]:
        """Give a page of what needs a person, newest first, from below the entry `before`."""
        return await self._store.read(
            lambda db: [
                _trouble(db, entry)
                for entry in waiting_exceptions(
                    db, before=before, limit=limit, with_resolved=with_resolved
                )
            ]
        )

    async def urgent_troubles(self, until: datetime) -> list[Trouble]:
        """Give what waits for an answer that is due before `until`, the earliest first."""
        return await self._store.read(
            lambda db: [_trouble(db, entry) for entry in disputes_due(db, until)]
        )


def _detail(db: sqlite3.Connection, order_id: str) -> OrderDetail | None:
    order = find_order(db, order_id)
    if order is None:
        return None
    entries = exceptions_of(db, order_id)
    subscriptions = tuple(
        Subscribed(one, renewals_of(db, one.id)) for one in subscriptions_of(db, order_id)
    )
    refunds = list(refunds_of_order(db, order_id))
    for subscribed in subscriptions:
        for renewal in subscribed.renewals:
            refunds += refunds_of(db, renewal)
    return OrderDetail(
        order=order,
        attempts=attempts_of(db, order_id),
        exceptions=entries,
        tenders=tenders_of(db, order_id),
        history=history_of(db, order_id),
        disputes=disputes_of_order(db, order_id),
        refunds=tuple(sorted(refunds, key=lambda refund: refund.id)),
        troubles=tuple(_trouble(db, entry) for entry in entries),
        confirmations=confirmations_of(db, order_id),
        decisions=decisions_of(db, order_id),
        subscriptions=subscriptions,
    )


def _trouble(db: sqlite3.Connection, entry: OrderException) -> Trouble:
    case = case_of(db, entry)
    refunds = () if case.payment is None else refunds_of(db, case.payment)
    return Trouble(case, ways_out(case), refunds, dispute_of_entry(db, entry))


def _row(row: Row) -> OrderRow:
    return OrderRow(
        id=row["id"],
        number=row["number"],
        state=OrderState(row["state"]),
        total=Money(row["total_minor"], row["currency"]),
        created_at=read_stamp(row["created_at"]),
        closed_at=maybe_stamp(row["closed_at"]),
        receipt_number=row["receipt_number"],
        item_count=row["item_count"],
        needs_person=bool(row["needs_person"]),
    )
