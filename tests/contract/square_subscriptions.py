"""Square's rigs of the suite of subscriptions: what was paid is an order of its own, or the link's.

Square's staff say the former, and sellers have seen both.
"""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

from app.clock import SystemClock
from app.providers.kinds.square import Square
from app.providers.strategy import PaymentStrategy
from app.sandbox import SANDBOX_KEYS, SANDBOX_PATHS
from tests.contract.square_rig import SquareRig
from tests.contract.subscription_ways import Delivered, SubscriptionWays, listening

_KEYS = SANDBOX_KEYS["square"]


class SquareSubscriptions(SquareRig):
    """Lists know at once, by our reference alone; no news names a subscription and a payment."""

    subscription_ways = SubscriptionWays(names_payments=False, lists_sessions=False)
    pays_link = False

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.control("POST", "square/subscriptions", pays_link=self.pays_link)

    def strategy(self) -> PaymentStrategy:
        return Square(
            "main",
            _KEYS["access_token"],
            _KEYS["location_id"],
            clock=SystemClock(),
            api_base=self.origin + SANDBOX_PATHS["square"],
            lists_after=timedelta(0),
        )

    def let_interval_pass(self, subscription_id: str, *, succeeds: bool = True) -> None:
        self._act(subscription_id, "renew", succeeded=succeeds)

    def make_good(self, subscription_id: str) -> None:
        self._act(subscription_id, "renew", succeeded=True)

    def end_at_dashboard(self, subscription_id: str) -> None:
        self._act(subscription_id, "cancel")

    def listening(self, strategy: PaymentStrategy) -> AbstractAsyncContextManager[Delivered]:
        return listening(strategy)

    def _act(self, subscription_id: str, what: str, **order: bool) -> None:
        self.control("POST", f"square/subscriptions/{subscription_id}/{what}", **order)


class SquareSubscriptionsOfLinks(SquareSubscriptions):
    """What was paid is the link's own order."""

    pays_link = True
