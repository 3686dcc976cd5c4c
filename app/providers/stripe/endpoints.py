"""Registering the till's webhook address with Stripe, where the till may do so by itself.

Source: Stripe's API reference, Webhook Endpoints. Used with the simulator, whose account is the
till's own; with a real account the owner registers the address in Stripe's dashboard.
"""

from typing import Any, Final, cast

import stripe

from app.errors import Message, Protocol
from app.providers.stripe.errors import in_our_words
from app.providers.stripe.setups import SETUP_EVENTS
from app.providers.stripe.subscription_events import INVOICE_EVENTS, SUBSCRIPTION_EVENTS

EVENTS: Final = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.payment_failed",
    "payment_intent.requires_action",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    *INVOICE_EVENTS,
    *SUBSCRIPTION_EVENTS,
)
"""What the till is told of, and what it asks Stripe's list of events for: that takes 20 types."""


async def register(
    client: stripe.StripeClient,
    url: str,
    *,
    owner: str,
    events: tuple[str, ...] = (*EVENTS, *SETUP_EVENTS),
) -> str:
    """Have events sent to `url`, instead of to any earlier address of `owner`; give the secret.

    They come in the version that is read here, whatever version the account is at.
    """
    endpoints = client.v1.webhook_endpoints
    with in_our_words():
        known = await endpoints.list_async({"limit": 100})
        for endpoint in known.data:
            if endpoint.to_dict().get("metadata", {}).get("owner") == owner:
                await endpoints.delete_async(endpoint.id)
        made = await endpoints.create_async(
            {
                "url": url,
                "enabled_events": cast(Any, list(events)),
                "api_version": cast(Any, stripe.api_version),
                "metadata": {"owner": owner},
            }
        )
        secret = made.to_dict().get("secret")
    if not isinstance(secret, str) or not secret:
        raise Protocol(Message("Stripe registered the address without giving a secret"))
    return secret
