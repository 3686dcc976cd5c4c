"""What the customer's display shows: values only, free of Qt, and nothing private.

No name of a customer, nobody of the staff, no number of an order, no id of a provider and no
reason for a declined card; of the provider only the page's URL and host, while its code stands.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.cart import CartContent, CartLine
from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.pricing import Totals
from app.domain.renewal import Agreed


class Face(StrEnum):
    """What the display says. NOT_PAID is shown only where that is known, else CHECKING.

    Those of a card are about one that is kept for later: nothing is charged.
    """

    IDLE = "idle"
    CART = "cart"
    PREPARING = "preparing"
    CODE = "code"
    CASH = "cash"
    MACHINE = "machine"
    PROCESSING = "processing"
    CHECKING = "checking"
    NOT_PAID = "not_paid"
    PAID = "paid"
    CARD_CHECKING = "card_checking"
    CARD_SAVED = "card_saved"
    CARD_NOT_SAVED = "card_not_saved"


class Ending(StrEnum):
    """Why nothing was paid, or no card saved."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DisplayLine:
    """A line of the cart: `total` is after the line's own `discount`."""

    name: str
    quantity: int
    each: Money
    discount: Money
    total: Money
    interval: BillingInterval = BillingInterval.ONETIME


@dataclass(frozen=True, slots=True)
class DisplayCart:
    """The cart with its figures: subtotal - discount + tax + tip = total.

    `tax` is what comes on top of the prices. `newest` is the row that changed last, if one did.
    """

    lines: tuple[DisplayLine, ...]
    subtotal: Money
    discount: Money
    tax: Money
    tip: Money
    total: Money
    newest: int | None = None

    @property
    def pieces(self) -> int:
        """Count what is in the cart."""
        return sum(line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class DisplayCode:
    """What the QR says and until when it stands; `was_declined`: the last try was refused.

    `ends_at` is in seconds of `Clock.elapsed`. `is_for_card`: a card is given, and nothing paid.
    """

    url: str
    host: str
    ends_at: float | None = None
    was_declined: bool = False
    is_for_card: bool = False


@dataclass(frozen=True, slots=True)
class DisplayModel:
    """All that the display shows at one moment. `change` is what the customer gets back in cash.

    `recurring` is what the customer agrees to for each interval after this payment.
    """

    face: Face
    shop: str
    amount: Money | None = None
    cart: DisplayCart | None = None
    code: DisplayCode | None = None
    ending: Ending | None = None
    change: Money | None = None
    recurring: Agreed | None = None

    def __post_init__(self) -> None:
        if (self.code is not None) is not (self.face is Face.CODE):
            raise ValueError("a code stands on its own face, and that face needs one")


def display_cart(
    content: CartContent,
    totals: Totals,
    currency: str,
    *,
    prices_include_tax: bool,
    newest: int | None = None,
) -> DisplayCart:
    """Take from a cart what its customer may see."""

    def money(minor: int) -> Money:
        return Money(minor, currency)

    own_discounts = sum(line.discount_minor for line in content.lines)
    return DisplayCart(
        lines=tuple(map(_display_line, content.lines)),
        subtotal=money(totals.subtotal_minor - own_discounts),
        discount=money(totals.discount_minor - own_discounts),
        tax=money(0 if prices_include_tax else totals.tax_minor),
        tip=money(totals.tip_minor),
        total=money(totals.total_minor),
        newest=newest,
    )


def _display_line(line: CartLine) -> DisplayLine:
    product = line.product
    currency = product.price.currency
    return DisplayLine(
        name=product.name,
        quantity=line.quantity,
        each=product.price,
        discount=Money(line.discount_minor, currency),
        total=Money(line.net_of_discount_minor, currency),
        interval=product.billing_interval,
    )


def changed_row(before: CartContent, after: CartContent) -> int | None:
    """Say which row of `after` is new or changed, the last one where there are several."""
    known = {line.id: line for line in before.lines}
    rows = [row for row, line in enumerate(after.lines) if known.get(line.id) != line]
    return rows[-1] if rows else None
