"""On what terms an account has subscriptions: each is some real provider's way of doing it."""

from dataclasses import dataclass
from typing import Final

from app.domain.renewal import EndWanted


@dataclass(frozen=True, slots=True)
class Terms:
    """How an account charges again, every `period_s`, and what it lets be ended.

    `keeps_plans`: it wants a plan first. `mixes`: other things may be in the cart. `tells_end`: a
    look tells of an end that was asked for.
    """

    name: str
    ends: frozenset[EndWanted] = frozenset(EndWanted)
    keeps_plans: bool = False
    mixes: bool = False
    tells_end: bool = True
    period_s: float = 3_600.0


CHECKOUT: Final = Terms("like Stripe", mixes=True)
APPROVING: Final = Terms("like PayPal", ends=frozenset({EndWanted.NOW}), keeps_plans=True)
BY_LINK: Final = Terms("like Square", ends=frozenset({EndWanted.PERIOD_END}), keeps_plans=True)
BY_MANDATE: Final = Terms("like Razorpay", keeps_plans=True, tells_end=False)
WHERE_THE_BANK_TAKES: Final = (CHECKOUT, CHECKOUT, BY_LINK, BY_MANDATE)
"""What an account may be like that takes the money itself; else it is the one that approves."""
