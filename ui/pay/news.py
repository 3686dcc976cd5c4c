"""What news of a payment says: which reading is the newer, and what a sale came to."""

from app.domain.attempt import Attempt
from app.domain.money import Money
from app.domain.order import Order
from app.events import Fact
from ui.pay.state import PaidModel


def is_newer(attempt: Attempt, known: Attempt) -> bool:
    """Compare two readings of one attempt; that it is being closed is never taken back."""
    if known.close_reason is not None and attempt.close_reason is None:
        return False
    return attempt.version >= known.version


def newest(known: Attempt | None, attempt: Attempt) -> bool:
    """Say whether a reading is to be shown in place of what is known."""
    if known is None or attempt.number > known.number:
        return True
    return attempt.id == known.id and is_newer(attempt, known)


def seller_of(order: Order | None, shop: str) -> str:
    """Name the shop as the order has it: the catalog may have been changed since."""
    return order.snapshot.seller.name if order is not None else shop


def paid_model(fact: Fact) -> PaidModel:
    """Read what the Paid screen shows from an `order.paid` fact."""
    data = fact.data
    total = Money(data["total_minor"], data["currency"])
    return PaidModel(total, data["number"], data["receipt_number"])
