"""The cart as the window shows it: its lines and figures, and whether anybody could take it."""

from dataclasses import dataclass

from app.domain.cart import Cart, CartContent
from app.domain.money import Money
from app.domain.pricing import Totals, price
from app.routing import LeftOut
from ui.till import Till


@dataclass(frozen=True, slots=True)
class CartModel:
    """The cart as the panel shows it.

    `refusals` says of each account why it does not take this cart; it is empty where one does.
    """

    content: CartContent
    totals: Totals
    currency: str
    prices_include_tax: bool
    can_undo: bool
    refusals: tuple[LeftOut, ...] = ()

    @property
    def total(self) -> Money:
        """Give what is to be charged."""
        return Money(self.totals.total_minor, self.currency)


def cart_model_of(cart: Cart, till: Till) -> CartModel:
    """Give the cart as it is now."""
    shop = till.catalog.shop
    content = cart.content
    totals = price(content, prices_include_tax=shop.prices_include_tax)
    return CartModel(
        content=content,
        totals=totals,
        currency=content.currency or shop.currency,
        prices_include_tax=shop.prices_include_tax,
        can_undo=cart.can_undo,
        # What costs nothing needs no account.
        refusals=till.ways.refusals(content, shop) if totals.total_minor else (),
    )
