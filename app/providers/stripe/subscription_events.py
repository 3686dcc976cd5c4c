"""What Stripe's events say of subscriptions. Pure functions.

Source: Stripe's API reference, event types. No event says by which payment an invoice was paid.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.domain.attempt import Reference
from app.domain.money import Money
from app.errors import Protocol
from app.providers.strategy import Recheck
from app.providers.stripe.sessions import money_from, reference_of
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
    reference = reference_of(details)
    if invoice.get("billing_reason") == "subscription_create" and Reference.parse(reference):
        return Recheck(reference, _taken_by(invoice))
    return _news_of(details.get("subscription"), reference)


def news_of_subscription(
    subscription: Mapping[str, Any],
) -> Recheck | SubscriptionNews | None:
    """Read a subscription: what has changed, the next look tells."""
    return _news_of(subscription.get("id"), reference_of(subscription))


def _news_of(subscription: Any, reference: str) -> Recheck | SubscriptionNews | None:
    """Name a subscription; a stranger's is not worth the calls of a look."""
    if Reference.parse(reference) is None:
        return Recheck(reference)
    found = subscription.get("id") if isinstance(subscription, Mapping) else subscription
    return SubscriptionNews(str(found)) if found else None


def _taken_by(invoice: Mapping[str, Any]) -> Money | None:
    """Give what an invoice took; before that an order that is not known needs no person."""
    if not invoice.get("amount_paid"):
        return None
    try:
        return money_from(invoice.get("amount_paid"), invoice.get("currency"))
    except Protocol:
        return None
