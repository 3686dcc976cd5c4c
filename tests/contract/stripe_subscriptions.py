"""Stripe's rigs of the suite of subscriptions: its sessions' and its payment links'."""

from contextlib import AbstractAsyncContextManager
from typing import Final

from app.providers.kinds.stripe_links import StripeLinks
from app.providers.strategy import PaymentStrategy
from tests.contract.rigs import StripeRig
from tests.contract.subscription_ways import Delivered, SubscriptionWays, listening

_GOOD_CARD: Final = "4242424242424242"
_FAILS_LATER: Final = "4000000000000341"
"""Stripe's test card that can be kept and not charged; docs.stripe.com/testing."""


class StripeSubscriptions(StripeRig):
    """Stripe Checkout: the simulator renews when it is told to."""

    subscription_ways = SubscriptionWays(names_payments=False)

    def let_interval_pass(self, subscription_id: str, *, succeeds: bool = True) -> None:
        card = _GOOD_CARD if succeeds else _FAILS_LATER
        self._control("POST", f"stripe/subscriptions/{subscription_id}/card", card=card)
        self._control("POST", f"stripe/subscriptions/{subscription_id}/renew")

    def make_good(self, subscription_id: str) -> None:
        self._control("POST", f"stripe/subscriptions/{subscription_id}/card", card=_GOOD_CARD)
        self._control("POST", f"stripe/subscriptions/{subscription_id}/retry")

    def end_at_dashboard(self, subscription_id: str) -> None:
        self._control("POST", f"stripe/subscriptions/{subscription_id}/cancel")

    def listening(self, strategy: PaymentStrategy) -> AbstractAsyncContextManager[Delivered]:
        return listening(strategy)


class StripeLinksSubscriptions(StripeSubscriptions):
    """Stripe Payment Links: the session that the link opened began it."""

    kind = StripeLinks
    made = "links"
