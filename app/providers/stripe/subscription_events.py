"""What Stripe's events say of subscriptions. Pure functions.

Source: Stripe's API reference, event types. No event says by which payment an invoice was paid.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.domain.money import Money
from app.errors import Protocol
from app.providers.strategy import Recheck
from app.providers.stripe.sessions import money_from
from app.providers.subscribing import SubscriptionNews

INVOICE_EVENTS: Final = ("invoice.paid", "invoice.payment_failed")
SUBSCRIPTION_EVENTS: Final = (
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
)


def news_of_invoice(invoice: Mapping[str, Any]) -> Recheck | SubscriptionNews | None:
    """Read an invoice: the first is the order's, each further one its subscription's.

    None for one that is of no subscription: it is none of the till's.
    """
    parent = invoice.get("parent")
    details = parent.get("subscription_details") if isinstance(parent, Mapping) else None
    if not isinstance(details, Mapping):
        return None
    metadata = details.get("metadata")
    reference = str(metadata.get("reference") or "") if isinstance(metadata, Mapping) else ""
    if invoice.get("billing_reason") == "subscription_create" and reference:
        return Recheck(reference, _amount_of(invoice))
    return _news_of(details.get("subscription"))


def news_of_subscription(subscription: Mapping[str, Any]) -> SubscriptionNews | None:
    """Read a subscription: what has changed, the next look tells."""
    return _news_of(subscription.get("id"))


def _news_of(subscription: Any) -> SubscriptionNews | None:
    found = subscription.get("id") if isinstance(subscription, Mapping) else subscription
    return SubscriptionNews(str(found)) if found else None


def _amount_of(invoice: Mapping[str, Any]) -> Money | None:
    try:
        return money_from(invoice.get("amount_due"), invoice.get("currency"))
    except Protocol:
        return None
