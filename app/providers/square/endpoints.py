"""Registering the till's webhook address with Square, where the till may do so by itself.

Source: Square's API reference, Webhook Subscriptions and Events. Used with the simulator, whose
account is the till's own; with a real account the owner registers the address in Square's
developer console.
"""

from typing import Final

from app.providers.square.client import SquareClient
from app.providers.square.documents import object_of, text_of

EVENTS: Final = (
    "payment.created",
    "payment.updated",
    "refund.created",
    "refund.updated",
    "dispute.created",
    "dispute.state.updated",
    "subscription.created",
    "subscription.updated",
    "invoice.payment_made",
    "invoice.scheduled_charge_failed",
)
_WAY: Final = ("webhooks", "subscriptions")


async def register(client: SquareClient, url: str, *, owner: str) -> str:
    """Have events sent to `url`, instead of to any earlier address of `owner`; give the key."""
    name = f"Scantill {owner}"
    earlier = [
        text_of(subscription, "id")
        async for subscription in client.listed("subscriptions", *_WAY, include_disabled="true")
        if subscription.get("name") == name
    ]
    for subscription_id in earlier:
        await client.delete(*_WAY, subscription_id)
    wanted = {"name": name, "event_types": list(EVENTS), "notification_url": url}
    made = await client.post(*_WAY, body={"subscription": wanted})
    return text_of(object_of(made, "subscription"), "signature_key")


async def keep_events(client: SquareClient) -> None:
    """Have Square keep its events from now on, so that missed ones can be looked for."""
    await client.put("events", "enable")
