"""Ringing up again what an order held."""

from app.domain.cart import Cart
from app.domain.catalog import Catalog
from app.domain.money import Money
from app.domain.order import Snapshot


def refill(cart: Cart, snapshot: Snapshot, catalog: Catalog) -> None:
    """Ring up again what an order held, as far as the catalog still sells it at that price.

    Discounts and tips are not brought back: the cart is filled only where there were none, and
    where prices mean the same as they did.
    """
    if snapshot.discount_minor or snapshot.tip_minor:
        return
    if snapshot.prices_include_tax is not catalog.shop.prices_include_tax:
        return
    for line in snapshot.lines:
        product = catalog.product(line.product_id)
        price = Money(line.unit_minor, snapshot.currency)
        if product is not None and product.active and product.price == price:
            cart.add(product, line.quantity)
