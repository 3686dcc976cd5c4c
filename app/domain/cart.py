"""The cart that the operator rings up, before it becomes an order.

Its content is a frozen value; the cart moves from one content to the next and counts a version
that changes only when the content really does.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from app.domain.catalog import Product
from app.domain.money import MAX_MINOR, checked_minor, rounded
from app.errors import CartRefused, Message

MAX_LINES: Final = 500
MAX_QUANTITY: Final = 9_999
MAX_NOTE: Final = 500
_MAX_UNDO: Final = 100


@dataclass(frozen=True, slots=True)
class Discount:
    """Money off: either `amount_minor`, or `rate` of the price (1/10 is ten per cent)."""

    amount_minor: int = 0
    rate: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if not isinstance(self.rate, Fraction):
            raise TypeError(f"a rate is an exact fraction, not {type(self.rate).__name__}")
        if checked_minor(self.amount_minor) < 0 or not 0 <= self.rate <= 1:
            raise CartRefused(Message("A discount takes between nothing and the whole price off"))

    def off(self, price_minor: int) -> int:
        """Say how much is taken off `price_minor`: never more than all of it."""
        return min(price_minor, self.amount_minor + rounded(self.rate * price_minor))


@dataclass(frozen=True, slots=True)
class CartLine:
    """`quantity` pieces of one product, with the discount on this line if there is one."""

    id: int
    product: Product
    quantity: int
    discount: Discount | None = None

    def __post_init__(self) -> None:
        if type(self.quantity) is not int:
            raise TypeError(f"a quantity is a whole number, not {type(self.quantity).__name__}")

    @property
    def gross_minor(self) -> int:
        """Give the price of the line before any discount."""
        return self.product.price.minor * self.quantity

    @property
    def discount_minor(self) -> int:
        """Give what the line's own discount takes off."""
        return self.discount.off(self.gross_minor) if self.discount else 0

    @property
    def net_of_discount_minor(self) -> int:
        """Give the price of the line after its own discount."""
        return self.gross_minor - self.discount_minor


@dataclass(frozen=True, slots=True)
class CartContent:
    """All that is in a cart at one moment."""

    lines: tuple[CartLine, ...] = ()
    discount: Discount | None = None
    tip_minor: int = 0
    note: str = ""

    @property
    def currency(self) -> str:
        """Give the one currency of the cart, or an empty text while it is empty."""
        return self.lines[0].product.price.currency if self.lines else ""

    def quantity_of(self, product_id: str) -> int:
        """Count the pieces of a product over all lines."""
        return sum(line.quantity for line in self.lines if line.product.id == product_id)


class Cart:
    """The cart at the counter: every change is checked, counted and can be undone.

    A change that is refused raises CartRefused and leaves the cart as it was. While a QR is
    payable the cart is locked.
    """

    def __init__(self, content: CartContent | None = None) -> None:
        self._content = content or CartContent()
        self._past: list[CartContent] = []
        self._version = 0
        self._locked = False
        self._next_line_id = 1 + max((line.id for line in self._content.lines), default=0)

    @property
    def content(self) -> CartContent:
        """Give what is in the cart now, as a value."""
        return self._content

    @property
    def version(self) -> int:
        """Count the real changes so far."""
        return self._version

    @property
    def can_undo(self) -> bool:
        """Say whether there is a change to take back."""
        return bool(self._past) and not self._locked

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to sell."""
        return not self._content.lines

    @property
    def is_locked(self) -> bool:
        """Say whether a payable QR holds the cart as it is."""
        return self._locked

    def lock(self) -> None:
        """Hold the content as it is while a customer can pay for it."""
        self._locked = True

    def unlock(self) -> None:
        """Allow changes again."""
        self._locked = False

    def add(self, product: Product, quantity: int = 1) -> CartLine:
        """Add pieces of a product: to its undiscounted line, or as a new line at the end."""
        if not product.active:
            raise CartRefused(Message("{name} is not on sale", name=product.name))
        if quantity < 1:
            raise CartRefused(Message("At least one piece is added"))
        if self._content.lines and self._content.currency != product.price.currency:
            raise CartRefused(
                Message(
                    "{name} is priced in {currency}",
                    name=product.name,
                    currency=product.price.currency,
                ),
                Message(
                    "The cart is in {currency}; one cart has one currency.",
                    currency=self._content.currency,
                ),
                action=Message("Sell it on its own."),
            )
        for line in self._content.lines:
            if line.product.as_sold == product.as_sold and line.discount is None:
                return self.set_quantity(line.id, line.quantity + quantity)
        new = CartLine(self._next_line_id, product, quantity)
        self._change(replace(self._content, lines=(*self._content.lines, new)))
        self._next_line_id += 1
        return new

    def set_quantity(self, line_id: int, quantity: int) -> CartLine:
        """Set how many pieces a line has, at least one. Use `remove` to take the line away."""
        if quantity < 1:
            raise CartRefused(
                Message("A line has at least one piece"), action=Message("Remove the line instead.")
            )
        return self._change_line(line_id, lambda line: replace(line, quantity=quantity))

    def discount_line(self, line_id: int, discount: Discount | None) -> CartLine:
        """Give a line its discount, or take it away.

        A subscription takes none: the provider would repeat it with every renewal.
        """
        line = self.line(line_id)
        if discount is not None and line.product.is_recurring:
            raise CartRefused(
                Message("{name} is a subscription and takes no discount", name=line.product.name),
                Message("It would be repeated with every renewal."),
            )
        return self._change_line(line_id, lambda line: replace(line, discount=discount))

    def remove(self, line_id: int) -> None:
        """Take a line away."""
        self.line(line_id)
        left = tuple(line for line in self._content.lines if line.id != line_id)
        self._change(replace(self._content, lines=left))

    def discount_cart(self, discount: Discount | None) -> None:
        """Give the whole cart a discount, or take it away; subscriptions are left out of it."""
        self._change(replace(self._content, discount=discount))

    def set_tip(self, tip_minor: int) -> None:
        """Set the tip in minor units; zero takes it away."""
        if checked_minor(tip_minor) < 0:
            raise CartRefused(Message("A tip is not below zero"))
        self._change(replace(self._content, tip_minor=tip_minor))

    def set_note(self, note: str) -> None:
        """Set the note that goes with the order."""
        if len(note) > MAX_NOTE:
            raise CartRefused(Message("A note has at most {most} characters", most=MAX_NOTE))
        self._change(replace(self._content, note=note))

    def clear(self) -> None:
        """Empty the cart; undo brings it back."""
        self._change(CartContent())

    def undo(self) -> None:
        """Take back the last real change; nothing happens where there is none."""
        if self._past:
            before = self._past[-1]
            self._replace_content(before)
            self._past.pop()

    def start_over(self) -> None:
        """Begin the next sale: empty, unlocked, with nothing to undo."""
        self._locked = False
        if self._content != CartContent():
            self._replace_content(CartContent())
        self._past.clear()

    def forget_past(self) -> None:
        """Leave nothing to undo: what was in the cart could not be sold as it was."""
        self._past.clear()

    def line(self, line_id: int) -> CartLine:
        """Find a line by its id; raises CartRefused where it is gone."""
        for line in self._content.lines:
            if line.id == line_id:
                return line
        raise CartRefused(Message("That line is no longer in the cart"))

    def _change_line(self, line_id: int, edit: Callable[[CartLine], CartLine]) -> CartLine:
        edited = edit(self.line(line_id))
        lines = tuple(edited if line.id == line_id else line for line in self._content.lines)
        self._change(replace(self._content, lines=lines))
        return edited

    def _change(self, content: CartContent) -> None:
        if content == self._content:
            return
        _check_limits(content)
        before = self._content
        self._replace_content(content)
        self._past = [*self._past[-_MAX_UNDO + 1 :], before]

    def _replace_content(self, content: CartContent) -> None:
        if self._locked:
            raise CartRefused(
                Message("The cart is being paid for"),
                Message("The customer can pay the code on the screen as it stands."),
                action=Message("Cancel the payment first, then change the cart."),
            )
        self._content = content
        self._version += 1


def _check_limits(content: CartContent) -> None:
    if len(content.lines) > MAX_LINES:
        raise CartRefused(Message("A cart has at most {most} lines", most=MAX_LINES))
    if any(line.quantity > MAX_QUANTITY for line in content.lines):
        raise CartRefused(Message("A line has at most {most} pieces", most=MAX_QUANTITY))
    # Twice the sum leaves room for taxes of up to 100 % on top.
    if 2 * sum(line.gross_minor for line in content.lines) + content.tip_minor > MAX_MINOR:
        raise CartRefused(Message("The cart is worth more than the till can count"))
