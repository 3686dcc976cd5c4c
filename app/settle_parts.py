"""An order that is cancelled with a part of it paid: the part waits for a person again.

Else the order could not be left, or its money would lie on an order that nobody completes.
"""

from app.domain.exceptions import ExceptionKind
from app.domain.ledger import holding_entries
from app.domain.money import Money
from app.domain.order import Order, OrderState
from app.domain.payment import Payment
from app.errors import Message
from app.store import Transaction
from app.store.decisions import (
    close_exception,
    hold_again,
    holding_exception,
    payments_of,
    restate_exception,
    waiting_failures,
)
from app.store.orders import move_order
from app.store.payments import BY_ITSELF, open_exception
from app.store.refunds import given_back


def end_order(tx: Transaction, order: Order, to: OrderState) -> Order:
    """Close an order that was not paid in full.

    What counted for one that is cancelled is held from now on, and put on the list.
    """
    ended = move_order(tx, order, to)
    if to is OrderState.CANCELLED:
        for payment in payments_of(tx.connection, order.id):
            if payment.held_as is None:
                _hold(tx, ended, payment)
    return ended


def _hold(tx: Transaction, order: Order, payment: Payment) -> None:
    held = hold_again(tx, payment, ExceptionKind.UNDERPAID)
    back_minor = given_back(tx.connection, payment.provider, payment.payment_id).succeeded_minor
    left = Money(payment.amount.minor - back_minor, payment.amount.currency)
    tx.post(
        "payment_held_again",
        payment.amount.currency,
        holding_entries(payment.amount.minor, back_minor),
        order_id=order.id,
        payment_id=payment.payment_id,
    )
    tx.audit(
        BY_ITSELF,
        "payment.held",
        payment.payment_id,
        {
            "provider": payment.provider,
            "amount_minor": payment.amount.minor,
            "currency": payment.amount.currency,
            "reason": "its order was cancelled",
        },
    )
    for failure in waiting_failures(tx.connection, payment):
        reason = Message("its order was cancelled, and all of its money waits for a person")
        close_exception(tx, failure, by=BY_ITSELF, reason=reason)
    _tell(tx, order, held, left)


def _tell(tx: Transaction, order: Order, held: Payment, left: Money) -> None:
    """Put held money on the list; without anything left, only so that it can come back to it."""
    detail = Message(
        "Order {number} was cancelled when {amount} was paid on it. Give that back, or assign it "
        "to another order.",
        number=order.number,
        amount=held.amount,
    )
    entry = holding_exception(tx.connection, held)
    if entry is not None:
        restate_exception(tx, entry, left, detail)
    else:
        open_exception(
            tx,
            ExceptionKind.UNDERPAID,
            left,
            order_id=order.id,
            attempt_id=held.attempt_id,
            provider=held.provider,
            payment_id=held.payment_id,
            detail=detail,
        )
    entry = holding_exception(tx.connection, held)
    if entry is not None and not left.minor:
        reason = Message("all of it was given back before")
        close_exception(tx, entry, by=BY_ITSELF, reason=reason)
