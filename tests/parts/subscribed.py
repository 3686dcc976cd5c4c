"""A till that has sold a subscription, and what its books make of it."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from app.domain.attempt import Attempt
from app.domain.catalog import BillingInterval, Product, Tax
from app.domain.judgement import Standing
from app.domain.observation import Source
from app.domain.order import Order
from app.domain.renewal import Subscription
from app.domain.subscription import SubscriptionObservation
from app.settle_subscriptions import settle_subscription
from app.store.subscriptions import find_subscription
from tests.parts.clock import VirtualClock
from tests.parts.provider import FakeStrategy
from tests.parts.subscribing import FakeSubscribing, SubscribingProvider
from tests.parts.till import Counter, cart, product

VAT = Tax("standard", "VAT 19 %", Fraction(19, 100))
CLUB = replace(product(1190, name="Bean club", interval=BillingInterval.MONTHLY), tax=VAT)
MUG = replace(product(595, name="Mug"), tax=VAT)
SUB = "sub_fs_1"


class SubscriptionCounter(Counter):
    """A counter whose provider has subscriptions."""

    provider: SubscribingProvider
    strategy: FakeSubscribing

    def __init__(
        self, directory: Path, *, strategy: type[FakeStrategy] = FakeSubscribing, **options: Any
    ) -> None:
        clock = VirtualClock()
        provider = SubscribingProvider(clock)
        super().__init__(directory, clock=clock, provider=provider, strategy=strategy, **options)

    async def sell(self, *goods: Product) -> tuple[Order, Attempt]:
        """Sell up to the code on the screen."""
        order = await self.checkout.place_order(cart(*(goods or (CLUB, MUG))))
        attempt = await self.open(order)
        return order, await self.checkout.mark_shown(attempt.id)

    async def subscribe(self, *goods: Product) -> Subscription:
        """Sell a subscription, have it paid and looked at, and give it."""
        _, attempt = await self.sell(*goods)
        self.provider.pay(attempt.session_id or "")
        await self.look(attempt)
        return await self.subscriptions.look(1, Source.POLL)

    def subscription(self, row_id: int = 1) -> Subscription:
        found = self.store.read_now(lambda db: find_subscription(db, row_id))
        assert found is not None
        return found

    def seen(self, source: Source = Source.POLL) -> SubscriptionObservation:
        """Give what the provider says of the first subscription now."""
        return self.strategy.seen_of(self.provider.subscriptions[SUB], source)

    def told(self, seen: SubscriptionObservation) -> Standing:
        return self.store.write_now(lambda tx: settle_subscription(tx, self.store.till_id, seen))

    def ledger(self) -> dict[str, int]:
        """Give what lies on each account."""
        rows = self.rows("SELECT account, sum(amount_minor) FROM ledger_entries GROUP BY account")
        return {account: minor for account, minor in rows if minor}

    def facts(self, prefix: str = "subscription.") -> list[str]:
        rows = self.rows("SELECT name FROM journal WHERE name LIKE ? ORDER BY seq", f"{prefix}%")
        return [row[0].removeprefix("subscription.") for row in rows]

    def renewals(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "SELECT payment_id, amount_minor, held_as, order_id FROM payments "
            "WHERE renewal_of IS NOT NULL ORDER BY payment_id"
        )
