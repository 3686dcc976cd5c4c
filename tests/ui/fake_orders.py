"""The orders of a till that does what a test tells it: real domain objects, no store."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.domain.attempt import Attempt, AttemptState, Reference
from app.domain.cart import CartContent
from app.domain.confirmation import BY_HAND
from app.domain.decision import Decision
from app.domain.dispute import WANTS_ANSWER, Dispute
from app.domain.exceptions import OrderException
from app.domain.order import Order, OrderState, snapshot_of
from app.domain.receipt import Tender
from app.events import Fact
from app.orders import OrderDetail, OrderRow, Trouble

if TYPE_CHECKING:
    from tests.ui.fakes import FakeTill


class FakeOrders:
    """Orders and attempts in two dictionaries."""

    def __init__(self, till: "FakeTill") -> None:
        self._till = till
        self.orders: dict[str, Order] = {}
        self.attempts: dict[int, Attempt] = {}
        self.facts: list[Fact] = []
        self.exceptions: list[OrderException] = []
        self.tenders: dict[str, tuple[Tender, ...]] = {}
        self.disputes: dict[str, tuple[Dispute, ...]] = {}
        self.decisions: dict[int, Decision] = {}
        self.pages_read = 0

    # --- what tests do ----------------------------------------------------------------------

    def place(self, content: CartContent) -> Order:
        number = len(self.orders) + 1
        order = Order(
            id=f"order{number:07}",
            number=number,
            state=OrderState.OPEN,
            version=1,
            snapshot=snapshot_of(content, self._till.catalog.shop),
            created_at=self._till.clock.now(),
        )
        self.orders[order.id] = order
        self.note("order.placed", order)
        return order

    def attempt(
        self,
        order_id: str,
        state: AttemptState,
        *,
        url: str | None = None,
        account: str = "stripe_checkout",
    ) -> Attempt:
        order = self.orders[order_id]
        number = 1 + len(self.attempts_of(order_id))
        attempt = Attempt(
            id=1 + len(self.attempts),
            order_id=order_id,
            number=number,
            account=account,
            provider=account if account in BY_HAND else "stripe",
            provider_account="acct_1",
            live=False,
            reference=Reference("abcdef", order_id, number),
            amount=order.total,
            state=state,
            version=2,
            created_at=self._till.clock.now(),
            deadline_at=self._till.clock.now() + timedelta(minutes=15),
            session_id=f"cs_{number}",
            url=self._till.checkout.url
            if url is None
            else url or None
            if state is AttemptState.OPEN
            else None,
        )
        self.attempts[attempt.id] = attempt
        self.note("attempt.created", order, attempt, {"account": account})
        self.note(f"attempt.{state.value}", order, attempt)
        return attempt

    def change(self, attempt_id: int, **changes: object) -> Attempt:
        attempt = self.attempts[attempt_id]
        changed = replace(attempt, version=attempt.version + 1, **changes)  # type: ignore[arg-type]
        self.attempts[attempt_id] = changed
        return changed

    def end(self, order_id: str, state: OrderState) -> Order:
        order = self.orders[order_id]
        receipt = 100 + order.number if state is OrderState.PAID else None
        ended = replace(
            order,
            state=state,
            version=order.version + 1,
            closed_at=self._till.clock.now(),
            receipt_number=receipt,
        )
        self.orders[order_id] = ended
        self.note(f"order.{state.value}", ended)
        return ended

    def attempts_of(self, order_id: str) -> list[Attempt]:
        return [one for one in self.attempts.values() if one.order_id == order_id]

    def note(
        self,
        name: str,
        order: Order,
        attempt: Attempt | None = None,
        data: dict[str, object] | None = None,
    ) -> Fact:
        told: dict[str, object] = data or {}
        if name.startswith("order."):
            told = {
                "number": order.number,
                "total_minor": order.total.minor,
                "currency": order.total.currency,
                "receipt_number": order.receipt_number,
            }
        fact = Fact(
            seq=len(self.facts) + 1,
            at=self._till.clock.now(),
            name=name,
            order_id=order.id,
            attempt_id=attempt.id if attempt is not None else None,
            data=told,
        )
        self.facts.append(fact)
        return fact

    # --- what the window asks ---------------------------------------------------------------

    async def page(
        self, *, search: str = "", before_number: int | None = None, limit: int = 100
    ) -> list[OrderRow]:
        self.pages_read += 1
        await asyncio.sleep(0)
        found = sorted(self.orders.values(), key=lambda one: -one.number)
        if search:
            found = [one for one in found if search in {str(one.number), str(one.receipt_number)}]
        if before_number is not None:
            found = [one for one in found if one.number < before_number]
        waiting = {one.order_id for one in self.exceptions if one.resolved_at is None}
        return [
            OrderRow(
                id=one.id,
                number=one.number,
                state=one.state,
                total=one.total,
                created_at=one.created_at,
                closed_at=one.closed_at,
                receipt_number=one.receipt_number,
                item_count=sum(line.quantity for line in one.snapshot.lines),
                needs_person=one.id in waiting,
            )
            for one in found[:limit]
        ]

    async def detail(self, order_id: str) -> OrderDetail | None:
        await asyncio.sleep(0)
        order = self.orders.get(order_id)
        if order is None:
            return None
        tenders = self.tenders.get(order_id, ())
        if order.state is OrderState.PAID and not tenders:
            tenders = (Tender("stripe_checkout", order.total, f"pi_{order.number}"),)
        entries = tuple(one for one in self.exceptions if one.order_id == order_id)
        subscriptions = self._till.subscriptions.of(order_id)
        renewals = [one.payment_id for each in subscriptions for one in each.renewals]
        payments = {
            *renewals,
            *(one.payment_id for one in tenders),
            *(one.payment_id for one in entries),
        }
        money = self._till.money
        return OrderDetail(
            order=order,
            attempts=tuple(self.attempts_of(order_id)),
            exceptions=entries,
            tenders=tenders,
            history=tuple(fact for fact in self.facts if fact.order_id == order_id),
            disputes=self.disputes.get(order_id, ()),
            refunds=tuple(one for one in money.refunds if one.payment_id in payments),
            troubles=tuple(map(money.trouble, entries)),
            decisions=self.decisions,
            subscriptions=subscriptions,
        )

    async def troubles(
        self, *, before: int | None = None, limit: int = 50, with_resolved: bool = False
    ) -> list[Trouble]:
        await asyncio.sleep(0)
        found = [
            one
            for one in sorted(self.exceptions, key=lambda one: -one.id)
            if (before is None or one.id < before) and (with_resolved or one.resolved_at is None)
        ]
        return [self._till.money.trouble(one) for one in found[:limit]]

    async def urgent_troubles(self, until: datetime) -> list[Trouble]:
        await asyncio.sleep(0)
        waiting = [self._till.money.trouble(e) for e in self.exceptions if e.resolved_at is None]
        due = [
            (one.dispute.due_at, one.case.exception.id, one)
            for one in waiting
            if one.dispute is not None
            and one.dispute.state in WANTS_ANSWER
            and one.dispute.due_at is not None
            and one.dispute.due_at < until
        ]
        return [one for _due, _id, one in sorted(due, key=lambda row: row[:2])]

    async def unfinished(self) -> OrderDetail | None:
        newest = max((order.number for order in self.orders.values()), default=0)
        for order in sorted(self.orders.values(), key=lambda one: -one.number):
            if order.state is OrderState.OPEN and any(
                one.is_live
                and one.state is not AttemptState.PROCESSING
                and (order.number == newest or (one.is_payable and one.shown_at is not None))
                for one in self.attempts_of(order.id)
            ):
                return await self.detail(order.id)
        return None

    async def awaited(self) -> int:
        return sum(
            order.state is OrderState.OPEN
            and any(one.state is AttemptState.PROCESSING for one in self.attempts_of(order.id))
            for order in self.orders.values()
        )
