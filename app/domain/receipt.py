"""The receipt of a paid order: its content, before any paper, screen or language."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.confirmation import Confirmation
from app.domain.money import Money
from app.domain.order import Order, OrderLine, OrderState, OrderTax, Seller


class ReceiptMark(StrEnum):
    """What is written across a receipt that is not an ordinary first print."""

    NONE = ""
    TRAINING = "TRAINING"
    TEST = "TEST"


@dataclass(frozen=True, slots=True)
class Tender:
    """One way in which a part was paid: the account's name, the amount, the provider's id."""

    account: str
    amount: Money
    payment_id: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """All that stands on a receipt. Amounts in minor units of `total.currency`."""

    number: int
    order_number: int
    paid_at: datetime
    seller: Seller
    lines: tuple[OrderLine, ...]
    subtotal_minor: int
    discount_minor: int
    taxes: tuple[OrderTax, ...]
    prices_include_tax: bool
    tip_minor: int
    rounding_minor: int
    total: Money
    tenders: tuple[Tender, ...]
    mark: ReceiptMark = ReceiptMark.NONE
    is_copy: bool = False
    written_off_minor: int = 0
    confirmations: tuple[Confirmation, ...] = ()


def receipt_of(
    order: Order,
    tenders: tuple[Tender, ...],
    *,
    mark: ReceiptMark = ReceiptMark.NONE,
    is_copy: bool = False,
    written_off_minor: int = 0,
    confirmations: tuple[Confirmation, ...] = (),
) -> Receipt:
    """Write the receipt of a paid order. Raises ValueError where order or tenders do not fit.

    `written_off_minor` is what a person gave up of the total, or took above it (then negative).
    `confirmations` tell of tenders by hand what was received, rounded and given as change.
    """
    if order.state is not OrderState.PAID or order.receipt_number is None:
        raise ValueError(f"order {order.number} is {order.state.value}: there is no receipt")
    written_off = Money(written_off_minor, order.total.currency)
    paid = sum((t.amount for t in tenders), written_off)
    if order.closed_at is None or paid != order.total:
        raise ValueError(f"the tenders of order {order.number} do not sum to {order.total}")
    snapshot = order.snapshot
    return Receipt(
        number=order.receipt_number,
        order_number=order.number,
        paid_at=order.closed_at,
        seller=snapshot.seller,
        lines=snapshot.lines,
        subtotal_minor=snapshot.subtotal_minor,
        discount_minor=snapshot.discount_minor,
        taxes=snapshot.taxes,
        prices_include_tax=snapshot.prices_include_tax,
        tip_minor=snapshot.tip_minor,
        rounding_minor=snapshot.rounding_minor,
        total=order.total,
        tenders=tenders,
        mark=mark,
        is_copy=is_copy,
        written_off_minor=written_off_minor,
        confirmations=confirmations,
    )
