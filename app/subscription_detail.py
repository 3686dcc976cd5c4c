"""A subscription as it is shown: with the order that began it, and all its money."""

import sqlite3
from dataclasses import dataclass

from app.domain.order import Order
from app.domain.payment import Payment
from app.domain.renewal import Subscription
from app.errors import CheckoutRefused, Message
from app.store.decisions import payments_of
from app.store.orders import find_order
from app.store.subscriptions import find_subscription, renewals_of


@dataclass(frozen=True, slots=True)
class SubscriptionDetail:
    """A subscription with the order that began it, that order's payments, and its renewals."""

    subscription: Subscription
    order: Order
    payments: tuple[Payment, ...]
    renewals: tuple[Payment, ...]


def detail_of(db: sqlite3.Connection, row_id: int) -> SubscriptionDetail | None:
    """Gather a subscription with its order and all its money; None without one."""
    subscription = find_subscription(db, row_id)
    order = None if subscription is None else find_order(db, subscription.order_id)
    if subscription is None or order is None:
        return None
    return SubscriptionDetail(
        subscription, order, payments_of(db, order.id), renewals_of(db, row_id)
    )


def not_known() -> CheckoutRefused:
    """Make the error for a row that is no subscription."""
    return CheckoutRefused(
        Message("That subscription is not in the books"),
        action=Message("Look at the list of subscriptions again."),
    )
