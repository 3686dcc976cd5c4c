"""What the suite of subscriptions asks of a rig, and what it has to know of a provider."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from app.domain.subscription import SubscriptionState
from app.providers.strategy import PaymentStrategy, RegistersWebhooks, WebhookRequest
from tests.contract.rigs import Rig
from tests.integration.sandbox.shop import Receiver

Delivered = Callable[[], list[WebhookRequest]]
"""Gives all that was delivered so far, oldest first."""


@dataclass(frozen=True)
class SubscriptionWays:
    """What the providers differ in and are all right, beyond what their capabilities say.

    Whether a subscription gives our reference back; what it is after a renewal was refused, whether
    a look tells that it was, and whether the money may come after all; whether the news of a
    renewal name its payment; whether fees of renewals are told; whether renewals can be given back;
    whether the provider's list of sessions has those that began one; whether a closed session can
    begin none any more, or is only watched on.
    """

    gives_reference: bool = True
    refused: SubscriptionState = SubscriptionState.PAST_DUE
    tells_declines: bool = True
    makes_good: bool = True
    names_payments: bool = True
    tells_fees: bool = True
    refunds: bool = True
    lists_sessions: bool = True
    closes: bool = True


class SubscriptionRig(Rig, Protocol):
    """A rig whose customers subscribe."""

    @property
    def subscription_ways(self) -> SubscriptionWays: ...

    def let_interval_pass(self, subscription_id: str, *, succeeds: bool = True) -> None:
        """Let the interval that was paid for be over, and what is due then be paid or refused.

        One that ends with its interval ends.
        """
        ...

    def make_good(self, subscription_id: str) -> None:
        """Have what was refused be paid after all: by another card, at the next try."""
        ...

    def end_at_dashboard(self, subscription_id: str) -> None:
        """End it at once, as the owner does at the provider's own dashboard."""
        ...

    def listening(self, strategy: PaymentStrategy) -> AbstractAsyncContextManager[Delivered]:
        """Have the events that come be delivered to this test."""
        ...


@asynccontextmanager
async def listening(strategy: PaymentStrategy) -> AsyncIterator[Delivered]:
    """Have a simulator's events be delivered to a door of the test's own."""
    receiver = Receiver()

    def delivered() -> list[WebhookRequest]:
        return [
            WebhookRequest(
                {name.lower(): value for name, value in headers.items()}, body, datetime.now(UTC)
            )
            for headers, body in list(receiver.received)
        ]

    try:
        assert isinstance(strategy, RegistersWebhooks)
        await strategy.register_webhook(receiver.url, owner="t")
        yield delivered
    finally:
        receiver.close()
