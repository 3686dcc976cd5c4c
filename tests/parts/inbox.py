"""The inbox's worker as tests use it."""

import asyncio
from typing import Any

from app.domain.attempt import Attempt
from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.order import Order
from app.domain.refund import RefundObservation, RefundState, SeenRefund
from app.store.inbox import receive
from app.webhooks.inbox_worker import InboxWorker
from tests.parts.clock import START
from tests.parts.till import Counter


class Door:
    """The worker with what it pokes."""

    def __init__(self, till: Counter) -> None:
        self.till = till
        self.poked: list[int] = []
        self.heard = 0
        self.worker = InboxWorker(
            till.store,
            {till.strategy.account: till.strategy},
            clock=till.clock,
            recheck=self.poked.append,
            heard=self._count,
        )

    def _count(self) -> None:
        self.heard += 1

    def take_in(self, *deliveries: Delivery) -> None:
        for delivery in deliveries:
            self.till.store.write_now(lambda tx, d=delivery: receive(tx, d))  # type: ignore[misc]

    def settle(self) -> int:
        return asyncio.run(self.worker.settle_round())

    def standings(self) -> list[tuple[Any, ...]]:
        return self.till.rows("SELECT event_id, standing FROM inbox ORDER BY id")


def paid_sale(till: Counter) -> tuple[Order, Attempt, Delivery]:
    order, attempt = asyncio.run(till.show())
    till.provider.pay(attempt.session_id or "")
    return order, attempt, till.provider.events[-1]


def refund_of(payment_id: str) -> RefundObservation:
    return RefundObservation(
        source=Source.WEBHOOK,
        provider="fakepay",
        provider_account="acct_fake",
        live=False,
        refund=SeenRefund("re_1", payment_id, Money(100, "EUR"), RefundState.FAILED),
        observed_at=START,
    )
