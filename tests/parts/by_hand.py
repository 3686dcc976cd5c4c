"""A till that takes money by hand beside its provider: cash with coins, and two card machines."""

from pathlib import Path
from typing import Any

from app.domain.attempt import Attempt
from app.domain.cash import CashSteps
from app.domain.money import Money
from app.domain.order import Order
from app.providers.kinds.cash import Cash
from app.providers.kinds.terminal import Terminal
from app.providers.strategy import PaymentStrategy
from tests.parts.till import Counter, cart, product

OPERATOR = "Mia"
COINS = CashSteps({"CHF": "0.05"})


class HandCounter(Counter):
    """The accounts `cash`, `terminal` and `machine2` beside the fake provider's."""

    def __init__(self, directory: Path, *, coins: CashSteps = COINS, **more: Any) -> None:
        self.coins = coins
        super().__init__(directory, **more)

    def _strategies(self) -> dict[str, PaymentStrategy]:
        return super()._strategies() | {
            "cash": Cash("cash", clock=self.clock, round_to=self.coins),
            "terminal": Terminal("terminal", clock=self.clock),
            "machine2": Terminal("machine2", clock=self.clock),
        }

    async def sell(
        self, account: str, minor: int = 1233, currency: str = "CHF"
    ) -> tuple[Order, Attempt]:
        """Ring up one piece and open its payment by hand."""
        order = await self.checkout.place_order(cart(product(minor, currency=currency)))
        return order, await self.checkout.open_session(order.id, account)

    async def take_cash(self, attempt: Attempt, minor: int) -> Any:
        received = Money(minor, attempt.amount.currency)
        return await self.checkout.confirm_paid(attempt.id, by=OPERATOR, received=received)

    async def take_card(self, attempt: Attempt, reference: str) -> Any:
        return await self.checkout.confirm_paid(attempt.id, by=OPERATOR, reference=reference)

    def ledger(self) -> dict[str, int]:
        rows = self.rows(
            "SELECT account, sum(amount_minor) FROM ledger_entries GROUP BY account "
            "HAVING sum(amount_minor) <> 0"
        )
        return dict(rows)
