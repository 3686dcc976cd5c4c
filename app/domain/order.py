"""An order: the frozen snapshot of a cart, and the lifecycle it moves along.

Prices, names and taxes are copied from the catalog when the order is made; a later change of the
catalog does not touch it. Exceptions (late, surplus, underpaid ...) are the second axis and stand
in `app.domain.exceptions`.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.domain.cart import CartContent
from app.domain.catalog import BillingInterval, Shop
from app.domain.money import Money
from app.domain.pricing import Totals, price


class OrderState(StrEnum):
    """The lifecycle axis."""

    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ORDER_MOVES: Final[dict[OrderState, frozenset[OrderState]]] = {
    OrderState.OPEN: frozenset({OrderState.PAID, OrderState.CANCELLED, OrderState.EXPIRED}),
    OrderState.CANCELLED: frozenset({OrderState.PAID}),
    OrderState.EXPIRED: frozenset({OrderState.PAID}),
    OrderState.PAID: frozenset(),
}
"""Which moves exist. From cancelled or expired to paid only when a person accepts late money."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line as it was sold; amounts in minor units, `total_minor` after all discounts."""

    product_id: str
    name: str
    sku: str
    quantity: int
    unit_minor: int
    discount_minor: int
    total_minor: int
    tax_id: str
    tax_minor: int
    billing_interval: str = BillingInterval.ONETIME.value

    @property
    def is_recurring(self) -> bool:
        """Say whether the line is charged again every interval."""
        return self.billing_interval != BillingInterval.ONETIME


@dataclass(frozen=True, slots=True)
class OrderTax:
    """A tax over the order: `rate` as the exact text "n/d", amounts in minor units."""

    tax_id: str
    name: str
    rate: str
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Seller:
    """The shop as it stood when the order was made."""

    name: str
    address: str
    tax_number: str
    receipt_footer: str
    success_url: str = ""
    cancel_url: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was agreed at the counter: it never changes. Amounts in minor units of `currency`."""

    seller: Seller
    currency: str
    prices_include_tax: bool
    lines: tuple[OrderLine, ...]
    taxes: tuple[OrderTax, ...]
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    tip_minor: int
    rounding_minor: int
    total_minor: int
    note: str = ""

    @property
    def total(self) -> Money:
        """Give what the order costs."""
        return Money(self.total_minor, self.currency)

    def to_document(self) -> dict[str, Any]:
        """Give the snapshot as plain data, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "Snapshot":
        """Read back what `to_document` gave."""
        fields = dict(document)
        fields["seller"] = Seller(**fields["seller"])
        fields["lines"] = tuple(OrderLine(**line) for line in fields["lines"])
        fields["taxes"] = tuple(OrderTax(**tax) for tax in fields["taxes"])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Order:
    """A snapshot with its place in the books. `receipt_number` is given when it is paid."""

    id: str
    number: int
    state: OrderState
    version: int
    snapshot: Snapshot
    created_at: datetime
    closed_at: datetime | None = None
    receipt_number: int | None = None

    @property
    def total(self) -> Money:
        """Give what the order costs."""
        return self.snapshot.total


def owed(total: Money, accepted_minor: int) -> Money:
    """Say what is still to be paid: the total less what was accepted, never below zero.

    What was written off counts as accepted.
    """
    return Money(max(0, total.minor - accepted_minor), total.currency)


def snapshot_of(content: CartContent, shop: Shop) -> Snapshot:
    """Freeze a cart into what is agreed. Raises ValueError for an empty cart."""
    if not content.lines:
        raise ValueError("an order has at least one line")
    totals = price(content, prices_include_tax=shop.prices_include_tax)
    return Snapshot(
        seller=Seller(
            name=shop.name,
            address=shop.address,
            tax_number=shop.tax_number,
            receipt_footer=shop.receipt_footer,
            success_url=shop.success_url,
            cancel_url=shop.cancel_url,
        ),
        currency=content.currency,
        prices_include_tax=shop.prices_include_tax,
        lines=_order_lines(totals),
        taxes=tuple(
            OrderTax(
                tax_id=total.tax.id,
                name=total.tax.name,
                rate=str(total.tax.rate),
                net_minor=total.net_minor,
                tax_minor=total.tax_minor,
            )
            for total in totals.taxes
        ),
        subtotal_minor=totals.subtotal_minor,
        discount_minor=totals.discount_minor,
        tax_minor=totals.tax_minor,
        tip_minor=totals.tip_minor,
        rounding_minor=totals.rounding_minor,
        total_minor=totals.total_minor,
        note=content.note,
    )


def _order_lines(totals: Totals) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(
            product_id=priced.line.product.id,
            name=priced.line.product.name,
            sku=priced.line.product.sku,
            quantity=priced.line.quantity,
            unit_minor=priced.line.product.price.minor,
            discount_minor=priced.discount_minor,
            total_minor=priced.total_minor,
            tax_id=priced.line.product.tax.id,
            tax_minor=priced.tax_minor,
            billing_interval=priced.line.product.billing_interval.value,
        )
        for priced in totals.lines
    )
