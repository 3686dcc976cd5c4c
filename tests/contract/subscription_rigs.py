"""The rigs of the suite of subscriptions, by kind: each in a file of its own, one line for each."""

from collections.abc import Callable
from pathlib import Path

from tests.contract.paypal_subscriptions import PayPalSubscriptions
from tests.contract.razorpay_subscriptions import RazorpaySubscriptions
from tests.contract.square_subscriptions import SquareSubscriptions, SquareSubscriptionsOfLinks
from tests.contract.stripe_subscriptions import StripeLinksSubscriptions, StripeSubscriptions
from tests.contract.subscription_ways import SubscriptionRig

SUBSCRIPTION_RIGS: dict[str, Callable[[Path], SubscriptionRig]] = {
    "paypal": PayPalSubscriptions,
    "razorpay": RazorpaySubscriptions,
    "square": SquareSubscriptions,
    "square, by the link's order": SquareSubscriptionsOfLinks,
    "stripe_checkout": StripeSubscriptions,
    "stripe_links": StripeLinksSubscriptions,
}
