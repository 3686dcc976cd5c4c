"""Where providers may differ and both are right: what a rig's provider tells and does."""

from dataclasses import dataclass
from datetime import UTC, datetime

DUE = datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC)
"""When an answer to a dispute is due."""


@dataclass(frozen=True, slots=True)
class Ways:
    """A provider's ways.

    `tells_of_challenges` says that a try which the bank asks about is seen, and
    `is_over_after_a_late_no` that a payment which fails in the end ends its session. A dispute that
    waits for an answer is called `dispute_word`, costs `dispute_fee_minor`, and is about a payment
    made twice, `dispute_reason`; what is held back for it is told where it `tells_of_holds`. The
    fee of 10.00 is `fee_minor`, and is told at once unless `fees_come_later`.
    """

    tells_of_challenges: bool = True
    is_over_after_a_late_no: bool = True
    tells_fees_of_refunds: bool = True
    dispute_word: str = "needs_response"
    dispute_fee_minor: int = 1500
    dispute_reason: str = "duplicate"
    tells_of_holds: bool = True
    fee_minor: int = 59
    fees_come_later: bool = True
