"""PayPal's rig of the suite of subscriptions: its customers agree once, and the till begins them.

From then on time takes the rest.
"""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta

import httpx

from app.providers.strategy import PaymentStrategy
from app.sandbox import SANDBOX_KEYS, SANDBOX_PATHS
from tests.contract.paypal_rig import PayPalRig
from tests.contract.subscription_ways import Delivered, SubscriptionWays, listening

_A_MONTH = timedelta(days=31)


class PayPalSubscriptions(PayPalRig):
    """PayPal beside the simulator, over real sockets; its subscriptions are monthly."""

    subscription_ways = SubscriptionWays(closes=False)

    def pay(self, session_id: str) -> None:
        self._agree_to(session_id, "balance", "approved")

    def let_interval_pass(self, subscription_id: str, *, succeeds: bool = True) -> None:
        self._agree_to(subscription_id, "balance" if succeeds else "declines", "paid")
        self.let_pass(_A_MONTH)

    def make_good(self, subscription_id: str) -> None:
        self.let_interval_pass(subscription_id)

    def end_at_dashboard(self, subscription_id: str) -> None:
        base = f"{self._origin}{SANDBOX_PATHS['paypal']}/v1"
        keys = SANDBOX_KEYS["paypal"]
        given = httpx.post(
            f"{base}/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(keys["client_id"], keys["client_secret"]),
        )
        ended = httpx.post(
            f"{base}/billing/subscriptions/{subscription_id}/cancel",
            json={"reason": "ended by the owner"},
            headers={"Authorization": f"Bearer {given.json()['access_token']}"},
        )
        assert ended.status_code == 204, ended.text

    def lose_the_next_answer(self) -> None:
        self._fault("/paypal/v1/billing/*", 1, drop="after_effect")

    def listening(self, strategy: PaymentStrategy) -> AbstractAsyncContextManager[Delivered]:
        return listening(strategy)

    def _agree_to(self, subscription_id: str, funding: str, outcome: str) -> None:
        done = self.control("POST", f"sessions/{subscription_id}/pay", funding=funding)
        assert done["outcome"] == outcome
