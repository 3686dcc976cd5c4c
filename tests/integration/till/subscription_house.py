"""A till that sells subscriptions at the simulator, and what is done to these there."""

from pathlib import Path
from typing import Any

from app.bootstrap import Till
from app.domain.attempt import Attempt
from app.domain.cart import Cart
from app.domain.catalog import BillingInterval
from app.domain.order import Order
from tests.integration.till.house import Customer, elsewhere, rows, until


async def place_subscription(till: Till) -> Order:
    """Ring up a monthly subscription."""
    cart = Cart()
    cart.add(
        next(p for p in till.catalog.on_sale() if p.billing_interval is BillingInterval.MONTHLY)
    )
    return await till.checkout.place_order(cart.content)


async def show_subscription(till: Till) -> tuple[Order, Attempt]:
    order = await place_subscription(till)
    attempt = await till.checkout.open_session(order.id, till.accounts[0])
    return order, await till.checkout.mark_shown(attempt.id)


async def until_active(root: Path) -> str:
    """Wait until the first subscription is known to go on, and give its provider's name of it."""
    active = "SELECT subscription_id FROM subscriptions WHERE state = 'active'"
    await until(lambda: rows(root, active), within_s=15)
    return str(rows(root, active)[0][0])


def renew(customer: Customer, subscription_id: str) -> Any:
    """Let the month that was paid for be over, and the next one be charged."""
    return customer.control("POST", f"stripe/subscriptions/{subscription_id}/renew")


async def until_renewed(root: Path, times: int = 1) -> None:
    renewals = "SELECT id FROM payments WHERE renewal_of IS NOT NULL AND held_as IS NULL"
    await until(lambda: len(rows(root, renewals)) == times, within_s=15)


async def subscribed(till: Till, root: Path, customer: Customer) -> str:
    """Sell a subscription to its end, and give the provider's name of it."""
    _, attempt = await show_subscription(till)
    await elsewhere(customer.pay, attempt.url)
    return await until_active(root)
