"""Refunds: money given back, as records of their own beside the payment they belong to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from app.domain.money import Money
from app.domain.observation import Source


class RefundState(StrEnum):
    """Where a refund stands. `requested` is ours before the provider has answered."""

    REQUESTED = "requested"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


REFUND_MOVES: Final[dict[RefundState, frozenset[RefundState]]] = {
    RefundState.REQUESTED: frozenset(RefundState) - {RefundState.REQUESTED},
    RefundState.PENDING: frozenset({RefundState.SUCCEEDED, RefundState.FAILED}),
    RefundState.SUCCEEDED: frozenset({RefundState.FAILED}),
    RefundState.FAILED: frozenset(),
}
"""Which moves exist. A bank may send back what had succeeded, so even that can fail."""


@dataclass(frozen=True, slots=True)
class SeenRefund:
    """A refund as the provider has it, by the provider's own ids.

    `key` is what the till asked for it under, as the provider keeps it with the refund; it is empty
    where somebody else asked, or where the provider keeps no such thing.
    """

    refund_id: str
    payment_id: str
    amount: Money
    state: RefundState
    key: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund in the books. One that somebody made at the provider has no `press` and `number`.

    `press` tells one press of the button from the next; `number` is its place among those of its
    payment's reference. `refund_id` is empty until the provider has answered. `words` are the
    provider's where it refused.
    """

    id: int
    provider: str
    refund_id: str
    payment_id: str
    amount: Money
    state: RefundState
    seen_at: datetime
    press: str = ""
    number: int | None = None
    asked_by: str = ""
    reason: str = ""
    words: str = ""

    @property
    def is_over(self) -> bool:
        """Say whether nothing more is awaited of it."""
        return self.state in (RefundState.SUCCEEDED, RefundState.FAILED)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """How much of one payment was given back, and how much is on its way, in minor units."""

    succeeded_minor: int = 0
    under_way_minor: int = 0

    def left_of(self, amount: Money) -> Money:
        """Say how much of a payment could still be given back: nothing, never less."""
        gone = self.succeeded_minor + self.under_way_minor
        return Money(max(0, amount.minor - gone), amount.currency)


@dataclass(frozen=True, slots=True)
class RefundObservation:
    """One look at one refund, whoever asked for it: the till, or somebody in the dashboard."""

    source: Source
    provider: str
    provider_account: str
    live: bool
    refund: SeenRefund
    observed_at: datetime
    event_id: str = ""
