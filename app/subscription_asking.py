"""How a provider is asked about a subscription."""

import typing

from app.domain.observation import Source
from app.domain.subscription import SubscriptionObservation
from app.errors import CheckoutRefused, Message, Protocol
from app.failpoints import reach
from app.gateway import Gateway
from app.providers.strategy import PaymentStrategy
from app.providers.subscribing import ReadsOn, Subscribes


class SubscribingStrategy(PaymentStrategy, Subscribes, typing.Protocol):
    """A provider with subscriptions."""


class Stranger(Protocol):
    """An answer that is about another subscription than was asked about."""


def subscribing(strategy: PaymentStrategy) -> SubscribingStrategy:
    """Give a strategy as one with subscriptions. Raises CheckoutRefused where it has none."""
    if isinstance(strategy, Subscribes):
        return strategy
    raise CheckoutRefused(
        Message("{account} has no subscriptions", account=strategy.account),
        action=Message("Put back the account that it was begun with."),
    )


async def fetched(
    gateway: Gateway,
    strategy: SubscribingStrategy,
    subscription_id: str,
    source: Source,
    read_to: str = "",
) -> SubscriptionObservation:
    """Look at a subscription: from `read_to` on, where its provider can do that."""

    async def call() -> SubscriptionObservation:
        if read_to and isinstance(strategy, ReadsOn):
            return await strategy.fetch_subscription_on(
                subscription_id, read_to=read_to, source=source
            )
        return await strategy.fetch_subscription(subscription_id, source=source)

    seen = await gateway.asked(strategy.account, call)
    reach("subscription.called")
    return seen
