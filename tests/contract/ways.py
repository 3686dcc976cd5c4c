"""What the contract suite has to know of a provider beyond its capabilities."""

from dataclasses import dataclass
from datetime import UTC, datetime

DUE = datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC)
"""When an answer to a dispute is due."""


@dataclass(frozen=True)
class Ways:
    """What the providers differ in and are all right, beyond what their capabilities say.

    Whether a look tells of tries that were refused, of tries that the bank asks about, and of money
    that is promised and not taken yet; whether a session is over with a promise that is not kept;
    whether fees of refunds are told.
    """

    tells_declines: bool = True
    tells_of_challenges: bool = True
    tells_promises: bool = True
    ends_with_its_promise: bool = True
    tells_fees_of_refunds: bool = True


@dataclass(frozen=True)
class DisputeWays:
    """How a provider disputes 10.00, and what it keeps of a payment of 10.00, in minor units.

    Whether it withdraws the money at once or when the dispute is lost, and its fee for that; what
    it calls a payment made twice; whether it may tell what it keeps of a payment only later.
    """

    withdraws_at_once: bool = True
    word: str = "needs_response"
    reason: str = "duplicate"
    fee_minor: int = 1500
    payment_fee_minor: int = 59
    fees_come_later: bool = True
