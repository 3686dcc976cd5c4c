"""Subscriptions of a till that does what a test tells it: real domain objects, no store."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.domain.attempt import Reference
from app.domain.catalog import BillingInterval
from app.domain.exceptions import ExceptionKind
from app.domain.money import Money
from app.domain.order import Order
from app.domain.payment import Payment
from app.domain.renewal import EndWanted, Subscription
from app.domain.subscription import SubscriptionState
from app.orders import Subscribed

if TYPE_CHECKING:
    from tests.ui.fakes import FakeTill


class FakeSubscriptions:
    """What `ends` says can be asked for is done at once, unless `error` or `is_silent` is set."""

    def __init__(self, till: "FakeTill") -> None:
        self._till = till
        self.all: dict[int, Subscribed] = {}
        self.ends: tuple[EndWanted, ...] = (EndWanted.PERIOD_END, EndWanted.NOW)
        self.error: Exception | None = None
        self.is_silent = False
        self.asked: list[tuple[int, bool, str, str]] = []

    # --- what tests do ----------------------------------------------------------------------

    def begin(self, order: Order, **changes: Any) -> Subscription:
        """Have an order begin a monthly subscription of its total."""
        now = self._till.clock.now()
        subscription = Subscription(
            id=len(self.all) + 1,
            account="stripe_checkout",
            provider="stripe",
            provider_account="acct_1",
            live=False,
            subscription_id=f"sub_1{order.number:06}",
            reference=Reference("abcdef", order.id, 1),
            order_id=order.id,
            attempt_id=1,
            state=SubscriptionState.ACTIVE,
            version=2,
            amount=order.total,
            interval=BillingInterval.MONTHLY,
            started_at=now,
            looked_at=now,
            current_until=now + timedelta(days=30),
        )
        self.all[subscription.id] = Subscribed(replace(subscription, **changes))
        return self.all[subscription.id].subscription

    def renew(self, subscription: Subscription, *, held_as: ExceptionKind | None = None) -> Payment:
        """Have the provider take a further payment."""
        subscribed = self.all[subscription.id]
        payment = Payment(
            id=100 + len(subscribed.renewals),
            provider=subscription.provider,
            payment_id=f"pi_renewal_{subscription.id}_{len(subscribed.renewals) + 1}",
            account=subscription.account,
            provider_account=subscription.provider_account,
            live=False,
            reference=str(subscription.reference),
            order_id="",
            attempt_id=None,
            amount=Money(subscription.amount.minor, subscription.amount.currency),
            held_as=held_as,
        )
        self.all[subscription.id] = replace(subscribed, renewals=(*subscribed.renewals, payment))
        return payment

    def of(self, order_id: str) -> tuple[Subscribed, ...]:
        return tuple(one for one in self.all.values() if one.subscription.order_id == order_id)

    # --- what the window asks ---------------------------------------------------------------

    def ends_of(self, subscription: Subscription) -> tuple[EndWanted, ...]:
        return () if subscription.is_over or subscription.is_ending else self.ends

    async def cancel(
        self, row_id: int, *, at_period_end: bool, by: str, reason: str
    ) -> Subscription:
        self.asked.append((row_id, at_period_end, by, reason))
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        subscribed = self.all[row_id]
        wanted = EndWanted.PERIOD_END if at_period_end else EndWanted.NOW
        now = replace(subscribed.subscription, end_wanted=wanted, end_wanted_by=by)
        if not self.is_silent and at_period_end:
            now = replace(now, ends_at=now.current_until)
        elif not self.is_silent:
            now = replace(now, state=SubscriptionState.ENDED, ended_at=self._till.clock.now())
        self.all[row_id] = replace(subscribed, subscription=now)
        return now
