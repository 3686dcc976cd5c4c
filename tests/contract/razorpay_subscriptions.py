"""Razorpay's rig of the suite of subscriptions."""

from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, Final

from app.providers.strategy import PaymentStrategy
from app.sandbox.razorpay import SANDBOX_KEY_ID, SANDBOX_KEY_SECRET
from tests.contract.razorpay_rigs import LinkRig
from tests.contract.subscription_ways import Delivered, SubscriptionWays, listening

_TRIED_AGAIN: Final = timedelta(days=1)
"""When Razorpay charges once more what a bank refused."""


class RazorpaySubscriptions(LinkRig):
    """Subscriptions of the kind that has payment links: the simulator renews as time passes."""

    subscription_ways = SubscriptionWays()

    def let_interval_pass(self, subscription_id: str, *, succeeds: bool = True) -> None:
        self._refuse(subscription_id, not succeeds)
        now = self.control("GET", "clock")["now"]
        end = self._api("GET", subscription_id)["current_end"]
        self.let_pass(timedelta(seconds=end - now + 1))

    def make_good(self, subscription_id: str) -> None:
        self._refuse(subscription_id, False)
        self.try_again()

    def try_again(self) -> None:
        """Let the time come at which the bank is asked once more."""
        self.let_pass(_TRIED_AGAIN)

    def end_at_dashboard(self, subscription_id: str) -> None:
        self.at_dashboard(subscription_id, "cancel")

    def at_dashboard(self, subscription_id: str, move: str) -> None:
        """Do with it what the owner can, who has no other way than the API has."""
        self._api("POST", f"{subscription_id}/{move}")

    def listening(self, strategy: PaymentStrategy) -> AbstractAsyncContextManager[Delivered]:
        return listening(strategy)

    def _refuse(self, subscription_id: str, fails: bool) -> None:
        self.control("POST", f"razorpay/subscriptions/{subscription_id}", fails=fails)

    def _api(self, method: str, path: str) -> Any:
        answer = self._http.request(
            method,
            f"/razorpay/v1/subscriptions/{path}",
            auth=(SANDBOX_KEY_ID, SANDBOX_KEY_SECRET),
        )
        assert answer.status_code == 200, answer.text
        return answer.json()
