"""Values of the domain as tests need them: valid by default, with what matters named."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.domain.attempt import Attempt, AttemptState, Reference
from app.domain.cart import Cart, CartContent
from app.domain.catalog import BillingInterval, Product, Shop
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.order import Order, OrderState, Snapshot, snapshot_of
from tests.parts.clock import START

TILL = "t11111"
ORDER_ID = "0rder0000001"
COFFEE = Product(id="coffee", name="Coffee", price=Money(390, "EUR"))
CAKE = Product(id="cake", name="Cake", price=Money(420, "EUR"))
BEANS = Product(
    id="beans",
    name="Bean club",
    price=Money(1500, "EUR"),
    billing_interval=BillingInterval.MONTHLY,
)


def content_of(*sold: tuple[Product, int] | Product) -> CartContent:
    cart = Cart()
    for item in sold:
        product, quantity = item if isinstance(item, tuple) else (item, 1)
        cart.add(product, quantity)
    return cart.content


def snapshot(*sold: tuple[Product, int] | Product, shop: Shop | None = None) -> Snapshot:
    return snapshot_of(content_of(*(sold or (COFFEE,))), shop or Shop(name="Amsel"))


def order(content: Snapshot | None = None, **changes: Any) -> Order:
    values: dict[str, Any] = {
        "id": ORDER_ID,
        "number": 1,
        "state": OrderState.OPEN,
        "version": 1,
        "snapshot": content or snapshot(),
        "created_at": START,
    }
    return Order(**values | changes)


def attempt(of: Order | None = None, **changes: Any) -> Attempt:
    of = of or order()
    number = changes.get("number", 1)
    values: dict[str, Any] = {
        "id": number,
        "order_id": of.id,
        "number": number,
        "account": "stripe_checkout",
        "provider": "stripe",
        "provider_account": "acct_1",
        "live": False,
        "reference": Reference(TILL, of.id, number),
        "amount": of.total,
        "state": AttemptState.OPEN,
        "version": 1,
        "created_at": START,
        "deadline_at": START + timedelta(minutes=15),
        "session_id": f"cs_{number}",
        "url": "https://checkout.stripe.com/c/pay/cs_1",
    }
    return Attempt(**values | changes)


def seen(
    state: SessionState = SessionState.PAID,
    payments: Sequence[tuple[str, int]] | None = None,
    *,
    currency: str = "EUR",
    **changes: Any,
) -> Observation:
    """An observation of the first attempt of `order()`; PAID is with its exact amount."""
    if payments is None:
        payments = [("pi_1", 390)] if state is SessionState.PAID else []
    values: dict[str, Any] = {
        "source": Source.POLL,
        "provider": "stripe",
        "provider_account": "acct_1",
        "live": False,
        "reference": f"{TILL}-{ORDER_ID}-1",
        "session_id": "cs_1",
        "state": state,
        "observed_at": START,
        "payments": tuple(SeenPayment(id, Money(minor, currency)) for id, minor in payments),
    }
    return Observation(**values | changes)
