"""What was seen of a session, by whatever way: the one thing that can make an order paid.

A webhook, a poll, a sweep and a manual check all become an `Observation`. The absence of an answer
is not an observation: it is an error, and the attempt is asked about again.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.money import Money


class Source(StrEnum):
    """By which way the news came."""

    WEBHOOK = "webhook"
    POLL = "poll"
    SWEEP = "sweep"
    MANUAL = "manual"
    CLOSE = "close"
    OPERATOR = "operator"


class SessionState(StrEnum):
    """What a provider can say of a session. `expired` covers one that was closed on request.

    `approved`: the customer agreed, and no money moves until the till takes it.
    """

    OPEN = "open"
    APPROVED = "approved"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class SeenPayment:
    """Money that the provider says it took, by the provider's own payment id."""

    payment_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at one session.

    `provider_account` is the provider's own account behind the credential that fetched or verified
    it; `live` is real money. `reference` is ours as the provider gives it back. `is_final` says
    that no money can come by this session any more. `decline` is the provider's code for the
    customer's newest try where that was refused, and empty where it was not (nobody tried, or
    another try is under way); None where this look says nothing of it. `subscription_id` is the
    provider's own name of the subscription that the session began, where it began one.
    """

    source: Source
    provider: str
    provider_account: str
    live: bool
    reference: str
    session_id: str
    state: SessionState
    observed_at: datetime
    payments: tuple[SeenPayment, ...] = ()
    is_final: bool = False
    decline: str | None = None
    event_id: str = ""
    subscription_id: str = ""
