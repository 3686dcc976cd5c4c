"""What a sale is refused for, in words, before anything is done."""

from app.domain.attempt import AttemptState, CloseReason
from app.domain.order import Order, OrderState
from app.errors import CheckoutRefused, Message, MoneyMoved
from app.settle import want_closed
from app.store import Transaction
from app.store.attempts import attempts_of, live_attempts_of
from app.store.epochs import is_from_before, needs_reconciliation
from app.store.orders import find_order


def standing(order: Order) -> Message:
    """Say in words how an order stands."""
    number = order.number
    return {
        OrderState.OPEN: Message("Order {number} is open", number=number),
        OrderState.PAID: Message("Order {number} is paid", number=number),
        OrderState.CANCELLED: Message("Order {number} is cancelled", number=number),
        OrderState.EXPIRED: Message("Order {number} is expired", number=number),
    }[order.state]


def refuse_unreconciled(tx: Transaction, order: Order | None = None) -> None:
    """Sell nothing on restored books before the provider was asked what they lack.

    An order from before the restoration may have been paid in the lost time, and its next
    attempt's reference may be in use.
    """
    if needs_reconciliation(tx.connection):
        raise CheckoutRefused(
            Message("The books were restored and are not compared with the provider yet"),
            Message("What was sold since the backup was made is not in them."),
            action=Message("Wait until the till has asked the provider; it does so by itself."),
        )
    if order is not None and is_from_before(tx.connection, order.number):
        raise CheckoutRefused(
            Message("Order {number} is from before the books were restored", number=order.number),
            Message("It may have been paid in the time that is lost."),
            action=Message("Look it up at the provider. If it is not paid, ring it up anew."),
        )


def refuse_cancelled(tx: Transaction, order: Order) -> None:
    """Keep the till from going on by itself with an order that is being cancelled."""
    live = live_attempts_of(tx.connection, order.id)
    if any(attempt.close_reason is CloseReason.CANCELLED for attempt in live):
        raise CheckoutRefused(Message("Order {number} is being cancelled", number=order.number))


def refuse_second(tx: Transaction, order: Order, number: int) -> None:
    """Keep a second session from opening beside one that can still be paid.

    One whose answer was lost and which no customer has seen may be followed by another: it is
    closed and watched.
    """
    # Another opening may have come and gone while this one, attempt `number`, was prepared.
    payable = len(attempts_of(tx.connection, order.id)) >= number
    for attempt in live_attempts_of(tx.connection, order.id):
        if attempt.state is AttemptState.UNKNOWN and attempt.shown_at is None:
            want_closed(tx, attempt, CloseReason.SUPERSEDED)
        else:
            payable = True
    now = find_order(tx.connection, order.id)
    if payable or now is None or now.state is not OrderState.OPEN:
        raise CheckoutRefused(
            Message("Order {number} is being paid for already", number=order.number),
            Message("A code for it is out or is being made sure of."),
            money=MoneyMoved.UNKNOWN,
            action=Message("Wait for it, or cancel it first."),
        )
