"""Which sessions of an order are to be closed, and why: written down before any is."""

from app.domain.attempt import Attempt, CloseReason
from app.domain.order import OrderState
from app.errors import CheckoutRefused, Message
from app.settle import want_closed
from app.settle_parts import end_order
from app.store import Transaction
from app.store.attempts import live_attempts_of
from app.store.orders import find_order


def want_cancelled(tx: Transaction, order_id: str) -> list[Attempt]:
    """Give the sessions that are to be closed; without any, the order is cancelled here."""
    order = find_order(tx.connection, order_id)
    if order is None:
        raise CheckoutRefused(Message("That order is not in the books"))
    if order.state is not OrderState.OPEN:
        return []
    live = live_attempts_of(tx.connection, order_id)
    if not live:
        end_order(tx, order, OrderState.CANCELLED)
    return [want_closed(tx, attempt, CloseReason.CANCELLED) for attempt in live]


def want_withdrawn(tx: Transaction, order_id: str) -> list[Attempt]:
    """Give the sessions that are to be closed, so that another may be opened for the order."""
    order = find_order(tx.connection, order_id)
    if order is None:
        raise CheckoutRefused(Message("That order is not in the books"))
    live = live_attempts_of(tx.connection, order_id)
    return [want_closed(tx, attempt, CloseReason.SUPERSEDED) for attempt in live]
