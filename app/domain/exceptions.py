"""The second axis of an order: what went otherwise and waits for a person.

Each exception has an amount and stays on the list "needs a person" until someone resolves it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.money import Money


class ExceptionKind(StrEnum):
    """What went otherwise."""

    PAID_LATE = "paid_late"
    UNDERPAID = "underpaid"
    OVERPAID = "overpaid"
    SURPLUS = "surplus"
    MISMATCH = "mismatch"
    DISPUTED = "disputed"
    UNKNOWN = "unknown"
    REFUND_FAILED = "refund_failed"


@dataclass(frozen=True, slots=True)
class OrderException:
    """One entry of the list. `order_id` is empty where no order of ours was found.

    `provider` tells whose payment it is, where it is about one: ids are unique only with it.
    `amount` is what is left to be resolved. `action` is what a person chose, and stands there
    before `resolved_at` while money is being given back; `resolution` says why.
    """

    id: int
    kind: ExceptionKind
    amount: Money
    order_id: str
    attempt_id: int | None
    payment_id: str
    detail: str
    opened_at: datetime
    resolved_at: datetime | None = None
    action: str = ""
    resolved_by: str = ""
    resolution: str = ""
    provider: str = ""
