"""The operator's word on a payment by hand: what is due, and what came of confirming it."""

from dataclasses import replace
from typing import Protocol

from app.domain.attempt import Attempt
from app.domain.confirmation import CONFIRMED, Confirmation
from app.domain.money import Money
from app.errors import ScantillError
from app.events import Fact
from app.orders import OrderDetail
from ui.pay.state import PaidModel
from ui.pay.taking import COUNTER, Taking, taking_of
from ui.tasks import as_ours


class TakesWord(Protocol):
    """What of the till's use cases is asked for here."""

    async def due(self, attempt_id: int) -> Money: ...

    async def confirm_paid(
        self, attempt_id: int, *, by: str, received: Money | None = None, reference: str = ""
    ) -> Confirmation: ...


class OperatorsWord:
    """Knows what is to be taken, and what was, as soon as anybody tells."""

    def __init__(self, checkout: TakesWord) -> None:
        self._checkout = checkout
        self._word: Confirmation | None = None
        self.taking: Taking | None = None

    async def learn_due(self, attempt: Attempt) -> ScantillError | None:
        """Learn what is to be taken; give what keeps it from being known, if anything does."""
        # What another way took is not due for this one.
        self.taking = None
        try:
            due = await self._checkout.due(attempt.id)
        except Exception as error:  # noqa: BLE001 - it is shown, whatever it is
            return as_ours(error)
        self.taking = taking_of(attempt.provider, attempt.amount, due)
        return None

    async def confirm(
        self, attempt_id: int, received: Money | None, reference: str
    ) -> ScantillError | None:
        """Have it written down; give what it was refused for, if it was."""
        try:
            self._word = await self._checkout.confirm_paid(
                attempt_id, by=COUNTER, received=received, reference=reference
            )
        except Exception as error:  # noqa: BLE001 - it is shown, whatever it is
            return as_ours(error)
        return None

    def hear(self, fact: Fact) -> None:
        """Take note of what was confirmed, whoever did it."""
        if fact.name == CONFIRMED:
            self._word = Confirmation.from_data(fact.at, dict(fact.data))

    def read(self, detail: OrderDetail) -> None:
        """Take note of what the books have."""
        if detail.confirmations:
            self._word = detail.confirmations[-1]

    def with_change(self, paid: PaidModel) -> PaidModel:
        """Say what the customer paid, rounded in cash, and what goes back."""
        word = self._word
        if word is None:
            return paid
        return replace(
            paid,
            total=paid.total + word.rounding,
            change=word.change if word.change.minor else None,
        )
