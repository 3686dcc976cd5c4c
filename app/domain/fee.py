"""Fees: what a provider keeps for itself, as it reports it afterwards; never an estimate."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.money import Money


class FeeKind(StrEnum):
    """What a fee was taken for. `unreported` marks what the provider never told a fee of."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    UNREPORTED = "unreported"


@dataclass(frozen=True, slots=True)
class SeenFee:
    """A fee by the provider's own entry, so that it counts once.

    `amount` may be zero, is negative where a fee is given back, and may be in another currency
    than the payment: the one that the provider settles in.
    """

    fee_id: str
    payment_id: str
    kind: FeeKind
    amount: Money
