"""The disputes of a simulated bank: opened, answered, won and lost, each step told by an event."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from app.domain.delivery import Delivery
from app.domain.dispute import OVER, DisputeState
from app.domain.observation import SeenPayment
from tests.parts.provider_disputes import FakeDispute, FakeDisputes

if TYPE_CHECKING:
    from tests.simulation.provider import Bank

_S = DisputeState
_TROUBLE: Final = 1500
"""What a bank takes for a dispute, and gives back with one that is won."""
_NEXT: Final = {
    _S.INQUIRY: (_S.NEEDS_RESPONSE, _S.CLOSED),
    _S.NEEDS_RESPONSE: (_S.UNDER_REVIEW, _S.LOST),
    _S.UNDER_REVIEW: (_S.WON, _S.LOST),
}


class DayDisputes(FakeDisputes):
    """Tells each event on its way; `sums` are what was ever gone for each dispute, oldest first."""

    def __init__(self, bank: "Bank", hear: Callable[[Delivery], None]) -> None:
        super().__init__(bank)
        self._bank = bank
        self._hear = hear
        self.sums: dict[str, list[int]] = {}

    def raise_one(self, payments: Sequence[SeenPayment], percent: int, *, asks: bool) -> str:
        """Have a payer's bank dispute some of a payment, or ask about it first."""
        disputed = {dispute.payment_id for dispute in self.all.values()}
        for payment in payments:
            if payment.payment_id not in disputed and payment.amount.currency == "EUR":
                minor = max(1, payment.amount.minor * percent // 100)
                state = _S.INQUIRY if asks else _S.NEEDS_RESPONSE
                return self.open(payment.payment_id, minor, state=state).id
        return "there is nothing to dispute"

    def pursue(self, payments: Sequence[SeenPayment], way: int) -> str:
        """Have the disputes of a payment go one step further."""
        ids = {payment.payment_id for payment in payments}
        moved = [
            self._step(dispute, way) for dispute in self.all.values() if dispute.payment_id in ids
        ]
        return ", ".join(filter(None, moved)) or "there is no open dispute"

    def _step(self, dispute: FakeDispute, way: int) -> str:
        if dispute.state in OVER:
            return ""
        state = _NEXT[dispute.state][way % 2]
        self.move(dispute.id, state)
        if state is _S.NEEDS_RESPONSE:
            self.move_money(dispute.id, dispute.amount.minor, fee=_TROUBLE)
        elif state is _S.WON:
            self.move_money(dispute.id, -self.gone_for(dispute.id), fee=-_TROUBLE)
        return f"{dispute.id} is {state.value}"

    def gone_for(self, dispute_id: str) -> int:
        return sum(entry.withdrawn_minor for entry in self.all[dispute_id].entries)

    def _tell(self, dispute: FakeDispute) -> None:
        super()._tell(dispute)
        self.sums.setdefault(dispute.id, [0]).append(self.gone_for(dispute.id))
        self._hear(self._bank.events[-1])
