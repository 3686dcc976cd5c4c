"""A subscription as its own record: what it costs, how it stands, and what was seen of it.

The first payment belongs to the order that started it. What the provider takes after that, at each
interval, is a renewal: money of the subscription, matched by payment id like any other.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import SeenPayment, Source


class SubscriptionState(StrEnum):
    """How a subscription stands at the provider.

    `past_due`: a renewal was refused, and the provider tries again or waits for the customer.
    """

    PENDING = "pending"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """What a plan is made of where a provider wants one before a subscription: one version of it.

    `amount` is what each interval costs, in whole minor units.
    """

    name: str
    amount: Money
    interval: BillingInterval

    @property
    def digest(self) -> str:
        """Name these terms: 32 hexadecimal digits, others for other terms."""
        text = "\n".join(
            (self.amount.currency, str(self.amount.minor), self.interval.value, self.name)
        )
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class SubscriptionObservation:
    """One look at one subscription.

    `reference` is ours as the provider gives it back, where it does. `payments` is all that it
    took, oldest first; `first_payment_id` names the one that started it, empty before there is
    one. `amount` is what each interval costs. `current_until` is when the next payment is due;
    `ends_at` is when it ends by itself, where that was asked for. `decline` is the provider's code
    for the newest renewal where that was refused, and empty where it was not. `tells_end` says that
    a look tells of an end that was asked for; where it does not, what was agreed to stays.
    `read_to` is the provider's own word for up to where all payments are final: where a later look
    is given that, its `payments` are those after it.
    """

    source: Source
    provider: str
    provider_account: str
    live: bool
    reference: str
    subscription_id: str
    state: SubscriptionState
    observed_at: datetime
    amount: Money | None = None
    interval: BillingInterval | None = None
    payments: tuple[SeenPayment, ...] = ()
    first_payment_id: str = ""
    current_until: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    decline: str = ""
    tells_end: bool = True
    read_to: str = ""
