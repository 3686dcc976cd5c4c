"""Refunds and decisions of a till that does what a test tells it: real domain objects, no store."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from app.domain.dispute import Dispute, DisputeState
from app.domain.exceptions import ExceptionKind, OrderException
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.domain.payment import Payment
from app.domain.refund import GivenBack, Refund, RefundState
from app.domain.resolution import Action, Case, ways_out
from app.errors import CheckoutRefused, Message
from app.orders import Trouble

if TYPE_CHECKING:
    from tests.ui.fakes import FakeTill

UNHELD = frozenset(
    {ExceptionKind.UNKNOWN, ExceptionKind.DISPUTED, ExceptionKind.REFUND_FAILED}
)  # fmt: skip

_WANTED = DisputeState.NEEDS_RESPONSE


class FakeMoney:
    """Payments, refunds and entries of the list; `refunds_as` is how a new refund stands.

    A use case waits for its gate and raises its error, if a test set one; `calls` counts.
    """

    def __init__(self, till: "FakeTill") -> None:
        self._till = till
        self.payments: dict[str, Payment] = {}
        self.disputes: dict[int, Dispute] = {}
        self.refunds: list[Refund] = []
        self.refunds_as = RefundState.SUCCEEDED
        self.refused_with = ""
        self.calls: Counter[str] = Counter()
        self.asked: list[tuple[Money, str, str]] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.errors: dict[str, Exception] = {}

    # --- what tests do ----------------------------------------------------------------------

    def hold(
        self,
        kind: ExceptionKind,
        order: Order | None = None,
        amount: Money | None = None,
        *,
        detail: str = "",
        has_payment: bool = True,
    ) -> OrderException:
        """Put money on the list, held for a person, and tell of it."""
        entries = self._till.orders.exceptions
        number = 1 + len(entries)
        amount = amount or (order.total if order is not None else Money(390, "EUR"))
        payment_id = f"pi_held_{number}"
        if has_payment:
            self.payments[payment_id] = Payment(
                id=number,
                provider="stripe",
                payment_id=payment_id,
                account="stripe_checkout",
                provider_account="acct_1",
                live=False,
                reference=f"abcdef-{number}-1",
                order_id=order.id if order is not None else "",
                attempt_id=None,
                amount=amount,
                held_as=None if kind in UNHELD else kind,
            )
        entry = OrderException(
            id=number,
            kind=kind,
            amount=amount,
            order_id=order.id if order is not None else "",
            attempt_id=None,
            payment_id=payment_id if has_payment else "",
            detail=detail,
            opened_at=self._till.clock.now(),
        )
        entries.append(entry)
        self.tell("exception.opened", entry, kind=kind.value)
        return entry

    def dispute(
        self, order: Order, due_at: datetime | None, state: DisputeState = _WANTED, **more: int
    ) -> OrderException:
        """Have a payment of an order disputed, by the provider's own record of it."""
        entry = self.hold(ExceptionKind.DISPUTED, order)
        self.disputes[entry.id] = Dispute(
            dispute_id=f"dp_{entry.id}",
            payment_id=entry.payment_id,
            amount=entry.amount,
            reason="product_not_received",
            state=state,
            due_at=due_at,
            withdrawn_minor=more.get("withdrawn_minor", 0),
            version=1,
            told_at=self._till.clock.now(),
        )
        return entry

    def tell(self, name: str, entry: OrderException, **data: object) -> None:
        told = {
            "exception": entry.id,
            "amount_minor": entry.amount.minor,
            "currency": entry.amount.currency,
            **data,
        }
        self._till.tell_fact(name, entry.order_id, told)

    def add_refund(
        self, payment_id: str, amount: Money, state: RefundState, **more: object
    ) -> Refund:
        values = {"asked_by": "Eva", "reason": "Goods came back", **more}
        refund = Refund(
            id=1 + len(self.refunds),
            provider="stripe",
            refund_id=f"re_{len(self.refunds)}",
            payment_id=payment_id,
            amount=amount,
            state=state,
            seen_at=self._till.clock.now(),
            **values,  # type: ignore[arg-type]
        )
        self.refunds.append(refund)
        return refund

    def entry(self, exception_id: int) -> OrderException:
        return next(one for one in self._till.orders.exceptions if one.id == exception_id)

    # --- what the window asks ---------------------------------------------------------------

    async def ask(
        self, payment_id: str, amount: Money, *, press: str, by: str, reason: str
    ) -> Refund:
        await self._enter("ask")
        self.asked.append((amount, by, reason))
        return self._refund(payment_id, amount, press, by, reason)

    async def resolve(
        self,
        exception_id: int,
        action: Action,
        *,
        by: str,
        reason: str,
        order_id: str | None = None,
        amount: Money | None = None,
        press: str = "",
    ) -> OrderException:
        await self._enter(action.value)
        case = self.case(self.entry(exception_id))
        if case.exception.resolved_at is not None:
            raise CheckoutRefused(Message("That is no way out of this"), "It is resolved already.")
        self.asked.append((amount or case.exception.amount, by, reason))
        if action is not Action.REFUND:
            return self._close(case.exception, action, by, reason, order_id)
        press = f"exception-{exception_id}-{press}"
        assert case.payment is not None
        wanted = amount or case.left
        refund = self._refund(case.payment.payment_id, wanted, press, by, reason)
        left = case.left.minor - wanted.minor
        if refund.state in (RefundState.REQUESTED, RefundState.PENDING):
            entry = replace(case.exception, action="refund", resolved_by=by, resolution=reason)
            return self._keep(entry, "exception.refunding")
        if refund.state is RefundState.FAILED or left:
            amount_left = Money(left or wanted.minor, wanted.currency)
            return self._keep(replace(case.exception, amount=amount_left), "exception.changed")
        return self._close(case.exception, action, by, reason, None)

    def trouble(self, entry: OrderException) -> Trouble:
        case = self.case(entry)
        refunds = tuple(one for one in self.refunds if one.payment_id == entry.payment_id)
        return Trouble(case, ways_out(case), refunds, self.disputes.get(entry.id))

    def case(self, entry: OrderException) -> Case:
        order = self._till.orders.orders.get(entry.order_id)
        payment = self.payments.get(entry.payment_id)
        is_paid = order is not None and order.state is OrderState.PAID
        return Case(
            entry,
            payment,
            order,
            accepted_minor=order.total.minor if order is not None and is_paid else 0,
            holds=payment is not None and payment.is_held,
            given_back=GivenBack(
                self._sum(entry.payment_id, RefundState.SUCCEEDED),
                self._sum(entry.payment_id, RefundState.REQUESTED, RefundState.PENDING),
            ),
        )

    # --- inside -----------------------------------------------------------------------------

    async def _enter(self, name: str) -> None:
        self.calls[name] += 1
        await asyncio.sleep(0)
        if name in self.gates:
            await self.gates[name].wait()
        if name in self.errors:
            raise self.errors[name]

    def _sum(self, payment_id: str, *states: RefundState) -> int:
        return sum(
            one.amount.minor
            for one in self.refunds
            if one.payment_id == payment_id and one.state in states
        )

    def _refund(self, payment_id: str, amount: Money, press: str, by: str, reason: str) -> Refund:
        known = next((one for one in self.refunds if one.press == press), None)
        return known or self.add_refund(
            payment_id,
            amount,
            self.refunds_as,
            press=press,
            asked_by=by,
            reason=reason,
            words=self.refused_with if self.refunds_as is RefundState.FAILED else "",
        )

    def _keep(self, entry: OrderException, name: str) -> OrderException:
        entries = self._till.orders.exceptions
        entries[entries.index(self.entry(entry.id))] = entry
        self.tell(name, entry, kind=entry.kind.value)
        return entry

    def _close(
        self, entry: OrderException, action: Action, by: str, reason: str, order_id: str | None
    ) -> OrderException:
        closed = replace(
            entry,
            resolved_at=self._till.clock.now(),
            action=action.value,
            resolved_by=by,
            resolution=reason,
        )
        paid = self._till.orders.orders.get(order_id or entry.order_id)
        if action in (Action.ACCEPT, Action.ASSIGN) and paid is not None:
            self._till.orders.end(paid.id, OrderState.PAID)
            self._till.tell(self._till.orders.facts[-1])
        return self._keep(closed, "exception.resolved")
