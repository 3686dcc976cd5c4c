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
    """A refund as the provider has it, by the provider's own ids."""

    refund_id: str
    payment_id: str
    amount: Money
    state: RefundState


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
