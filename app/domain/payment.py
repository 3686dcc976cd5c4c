"""A payment as the books hold it: whose money it is, what it counts for, what a person decided."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.exceptions import ExceptionKind
from app.domain.money import Money


class ResolvedAs(StrEnum):
    """What a person made of held money: counted for its order, for another one, or for none."""

    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that a provider took. `order_id` is empty where no order of ours was found.

    `reference` is ours as the provider had it. `held_as` says why it does not count for an order;
    it stays where the money was kept. `renewal_of` is the row of the subscription that it renewed:
    such money is of no order.
    """

    id: int
    provider: str
    payment_id: str
    account: str
    provider_account: str
    live: bool
    reference: str
    order_id: str
    attempt_id: int | None
    amount: Money
    held_as: ExceptionKind | None = None
    resolved_as: ResolvedAs | None = None
    renewal_of: int | None = None

    @property
    def is_held(self) -> bool:
        """Say whether the money still waits for a person."""
        return self.held_as is not None and self.resolved_as is None

    @property
    def is_kept(self) -> bool:
        """Say whether the shop keeps the money without an order for it."""
        return self.resolved_as is ResolvedAs.KEPT
