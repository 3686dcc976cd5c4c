"""What a person decides of an exception: accept, refund, assign, write off; who and why, each once.

What is open is said by `app.domain.resolution`; here it is checked again in the transaction that
writes it, so that two persons at once, or a double press, do it once.
"""

import uuid
from dataclasses import dataclass

from app.domain.attempt import CloseReason
from app.domain.exceptions import OrderException
from app.domain.ledger import acceptance_entries, keeping_entries, write_off_entries
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.domain.payment import Payment, ResolvedAs
from app.domain.refund import Refund
from app.domain.resolution import (
    Action,
    Case,
    WriteOff,
    difference_minor,
    objection_to_target,
    way_out,
    write_off_of,
)
from app.errors import CheckoutRefused, InvariantError, Message, MoneyMoved
from app.failpoints import reach
from app.providers.strategy import PaymentStrategy
from app.refund_requests import begin_refund, check_person, refuse_unreconciled
from app.refunds import Refunds
from app.settle import complete, want_closed
from app.settle_refunds import press_of
from app.store import Store, Transaction
from app.store.attempts import live_attempts_of
from app.store.decisions import (
    begin_action,
    case_of,
    close_exception,
    decide_payment,
    find_exception,
    insert_write_off,
    settled_minor,
    was_pressed,
)
from app.store.orders import find_order
from app.store.refunds import refund_by_press


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided: `by` is their name, `press` tells one press from the next."""

    action: Action
    by: str
    reason: str
    press: str


class Resolutions:
    """Resolves what needs a person. Every verb says in words what it refuses."""

    def __init__(self, store: Store, refunds: Refunds) -> None:
        self._store = store
        self._refunds = refunds

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
        """Do what a person decided, and give the entry as it is then.

        `order_id` is where money is assigned to, `amount` a part to be given back. A refund whose
        end is awaited leaves the entry on the list, with its `action`. Raises CheckoutRefused where
        the action is not open, or somebody else was quicker.
        """
        check_person(by, reason)
        decision = Decision(action, by.strip(), reason.strip(), press or uuid.uuid4().hex)
        if action is Action.REFUND:
            await self._refund(exception_id, decision, amount)
        else:
            await self._store.write(lambda tx: _decided(tx, exception_id, decision, order_id))
            reach("resolution.decided")
        return (await self.case(exception_id)).exception

    async def case(self, exception_id: int) -> Case:
        """Give an entry with all that decides about it. Raises CheckoutRefused without one."""
        case = await self._store.read(
            lambda db: (
                None if (entry := find_exception(db, exception_id)) is None else case_of(db, entry)
            )
        )
        if case is None:
            raise _unknown(exception_id)
        return case

    async def _refund(self, exception_id: int, decision: Decision, amount: Money | None) -> None:
        press = press_of(exception_id, decision.press)
        known = await self._store.read(lambda db: refund_by_press(db, press))
        if known is not None:
            await self._refunds.finish(known, is_new=False)
            return
        case = await self.case(exception_id)
        payment = _payment_of(case, decision.action)
        strategy = await self._refunds.strategy_for(payment)

        def write(tx: Transaction) -> tuple[bool, Refund]:
            meanwhile = refund_by_press(tx.connection, press)
            if meanwhile is not None:
                return False, meanwhile
            return True, _begin_refund(tx, exception_id, decision, strategy, amount, press)

        is_new, refund = await self._store.write(write)
        reach("resolution.decided")
        await self._refunds.finish(refund, is_new=is_new)


def _begin_refund(
    tx: Transaction,
    exception_id: int,
    decision: Decision,
    strategy: PaymentStrategy,
    amount: Money | None,
    press: str,
) -> Refund:
    case = _open_case(tx, exception_id, decision.action)
    payment = _payment_of(case, decision.action)
    wanted = amount or case.left
    if wanted.currency == case.left.currency and case.left < wanted:
        raise CheckoutRefused(
            Message("Only {amount} of it is left", amount=case.left),
            action=Message("Give back that much at most."),
        )
    begin_action(tx, case.exception, by=decision.by, reason=decision.reason)
    _audit(tx, case, decision)
    return begin_refund(
        tx, payment, wanted, strategy, press=press, by=decision.by, reason=decision.reason
    )


def _decided(tx: Transaction, exception_id: int, decision: Decision, order_id: str | None) -> None:
    if was_pressed(tx.connection, exception_id, decision.press):
        return
    refuse_unreconciled(tx)
    case = _open_case(tx, exception_id, decision.action)
    match decision.action:
        case Action.ACCEPT:
            _accept(tx, case, decision)
        case Action.ASSIGN:
            _assign(tx, case, decision, order_id or "")
        case _:
            _write_off(tx, case, decision)
    close_exception(
        tx,
        case.exception,
        by=decision.by,
        reason=decision.reason,
        action=decision.action,
        press=decision.press,
    )


def _open_case(tx: Transaction, exception_id: int, action: Action) -> Case:
    """Give the case as it is now, if the action is open; else raise CheckoutRefused in words."""
    entry = find_exception(tx.connection, exception_id)
    if entry is None:
        raise _unknown(exception_id)
    case = case_of(tx.connection, entry)
    way = way_out(case, action)
    if not way.is_open:
        raise CheckoutRefused(
            Message("That is no way out of this"),
            way.objection,
            money=MoneyMoved.UNKNOWN if case.is_under_way else MoneyMoved.NO,
            action=Message("Choose another, or leave it on the list."),
        )
    return case


def _accept(tx: Transaction, case: Case, decision: Decision) -> None:
    payment = _payment_of(case, decision.action)
    _count_for(tx, case, payment, payment.order_id, ResolvedAs.ACCEPTED, decision.by)
    _end(tx, payment.order_id)


def _assign(tx: Transaction, case: Case, decision: Decision, order_id: str) -> None:
    payment = _payment_of(case, decision.action)
    target = find_order(tx.connection, order_id)
    if target is None:
        raise CheckoutRefused(
            Message("There is no such order"),
            action=Message("Choose the order that the money is for."),
        )
    objection = objection_to_target(payment, target, settled_minor(tx.connection, order_id))
    if objection:
        raise CheckoutRefused(
            Message("The money does not fit that order"),
            objection,
            action=Message("Choose another order, or another way out."),
        )
    _count_for(tx, case, payment, order_id, ResolvedAs.ASSIGNED, decision.by)
    tx.record(
        "payment.assigned",
        order_id=order_id,
        data={
            "payment": payment.payment_id,
            "amount_minor": payment.amount.minor,
            "currency": payment.amount.currency,
            "by": decision.by,
        },
    )
    _end(tx, order_id)


def _write_off(tx: Transaction, case: Case, decision: Decision) -> None:
    what = write_off_of(case)
    if what is WriteOff.CLOSE:
        return
    payment = _payment_of(case, decision.action)
    if what is WriteOff.KEEP:
        decide_payment(tx, payment, ResolvedAs.KEPT, order_id=payment.order_id, by=decision.by)
        _post(tx, "payment_kept", payment, payment.order_id, keeping_entries(case.left.minor))
        return
    difference = Money(difference_minor(case), payment.amount.currency)
    above = max(0, -difference.minor)
    _count_for(
        tx, case, payment, payment.order_id, ResolvedAs.ACCEPTED, decision.by, above_minor=above
    )
    insert_write_off(
        tx,
        payment.order_id,
        case.exception.id,
        difference,
        by=decision.by,
        reason=decision.reason,
    )
    _post(tx, "write_off", payment, payment.order_id, write_off_entries(difference.minor))
    _end(tx, payment.order_id)


def _count_for(
    tx: Transaction,
    case: Case,
    payment: Payment,
    order_id: str,
    to: ResolvedAs,
    by: str,
    *,
    above_minor: int = 0,
) -> None:
    """Let held money count for an order, of which `above_minor` is more than that takes."""
    decide_payment(tx, payment, to, order_id=order_id, by=by)
    back_minor = case.given_back.succeeded_minor
    entries = acceptance_entries(payment.amount.minor, back_minor, above_minor=above_minor)
    _post(tx, f"payment_{to.value}", payment, order_id, entries)


def _end(tx: Transaction, order_id: str) -> None:
    """Make an order paid that has all its money; else close what now asks for more than is owed."""
    order = _order(tx, order_id)
    left = order.total.minor - settled_minor(tx.connection, order_id)
    if left == 0:
        complete(tx, order)
        return
    if order.state is not OrderState.OPEN:
        raise InvariantError(f"Order {order.number} is closed and not paid in full")
    # What they ask for was owed before this money counted.
    for attempt in live_attempts_of(tx.connection, order_id):
        want_closed(tx, attempt, CloseReason.SUPERSEDED)


def _order(tx: Transaction, order_id: str) -> Order:
    order = find_order(tx.connection, order_id)
    if order is None:
        raise InvariantError(f"Order {order_id} is gone")
    return order


def _post(
    tx: Transaction, kind: str, payment: Payment, order_id: str, entries: dict[str, int]
) -> None:
    tx.post(
        kind,
        payment.amount.currency,
        entries,
        order_id=order_id,
        payment_id=payment.payment_id,
    )


def _audit(tx: Transaction, case: Case, decision: Decision) -> None:
    data = {
        "exception": case.exception.id,
        "action": decision.action.value,
        "by": decision.by,
        "reason": decision.reason,
        "press": decision.press,
    }
    tx.audit(decision.by, "exception.refund", str(case.exception.id), data)
    tx.record(
        "exception.refunding",
        order_id=case.exception.order_id,
        attempt_id=case.exception.attempt_id,
        data={"exception": case.exception.id, "by": decision.by, "reason": decision.reason},
    )


def _payment_of(case: Case, action: Action) -> Payment:
    """Give the money of a case. Raises CheckoutRefused where it is about none."""
    if case.payment is None:
        raise CheckoutRefused(
            Message("That is no way out of this"), way_out(case, action).objection
        )
    return case.payment


def _unknown(exception_id: int) -> CheckoutRefused:
    return CheckoutRefused(
        Message("There is no entry {number} on the list", number=exception_id),
        action=Message("Look at the list again."),
    )
