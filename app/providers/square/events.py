"""What Square's events say of money and of subscriptions. Pure functions over deliveries.

Source: Square's API reference, webhook events. A payment's event names its order; our reference is
the note that the payment link gave it.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.delivery import Delivery
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.refund import RefundObservation
from app.errors import Protocol
from app.providers.listed import dispute_told
from app.providers.square.disputes import dispute_from
from app.providers.square.documents import moment_from
from app.providers.square.payments import (
    PROVIDER,
    REFUSED,
    decline_of,
    is_by_kept_card,
    reference_of,
    seen_payment,
    status_of,
)
from app.providers.square.refunds import refund_from
from app.providers.strategy import Recheck, Seen
from app.providers.subscribing import SubscriptionNews

_SUBJECTS: Final = {
    "payment.created": "payment",
    "payment.updated": "payment",
    "order.updated": "order_updated",
    "refund.created": "refund",
    "refund.updated": "refund",
    "dispute.created": "dispute",
    "dispute.state.updated": "dispute",
    "subscription.created": "subscription",
    "subscription.updated": "subscription",
    "invoice.payment_made": "invoice",
    "invoice.scheduled_charge_failed": "invoice",
}
"""Under which name an event's object stands."""


def seen_in(delivery: Delivery, *, at: datetime) -> Seen | None:
    """Read a delivery. What says something but not enough to judge money by is a Recheck."""
    subject = _subject(json.loads(delivery.body), delivery.event_type)
    if subject is None:
        return None
    match _SUBJECTS[delivery.event_type]:
        case "payment":
            return _payment(subject, delivery, at)
        case "order_updated":
            return _order(subject)
        case "refund":
            return _refund(subject, delivery, at)
        case "subscription":
            return _subscription(subject, "id")
        case "invoice":
            return _subscription(subject, "subscription_id")
        case _:
            return _dispute(subject, delivery, at)


def _subject(event: Mapping[str, Any], event_type: str) -> Mapping[str, Any] | None:
    name = _SUBJECTS.get(event_type)
    data = event.get("data")
    about = data.get("object") if isinstance(data, Mapping) else None
    if name is None or not isinstance(about, Mapping):
        return None
    # Square's examples have a dispute under its name, its schemas under another.
    subject = about.get(name, about.get("object") if name == "dispute" else None)
    return subject if isinstance(subject, Mapping) else None


def _payment(payment: Mapping[str, Any], delivery: Delivery, at: datetime) -> Seen | None:
    """Read a payment.

    Taken money is told at once, and so is a refused try; one that is under way, and one that is
    not understood, a look has to tell: events come in any order. So does one by a card that Square
    keeps: it may be a subscription's, begun or renewed. One without an order is none of the till's.
    """
    order_id, reference = str(payment.get("order_id") or ""), reference_of(payment)
    if not order_id:
        return None
    try:
        taken = seen_payment(payment)
    except Protocol:
        return Recheck(reference, session_id=order_id)
    try:
        status = status_of(payment)
    except Protocol:
        return Recheck(reference, taken.amount, order_id)
    if is_by_kept_card(payment):
        return Recheck(reference, session_id=order_id)
    if reference and status == "COMPLETED":
        return _observed(delivery, reference, order_id, at, taken)
    if reference and status in REFUSED:
        return _observed(delivery, reference, order_id, at, None, decline_of([payment]))
    return Recheck(reference, session_id=order_id)


def _observed(
    delivery: Delivery,
    reference: str,
    order_id: str,
    at: datetime,
    taken: SeenPayment | None,
    decline: str | None = None,
) -> Observation:
    """Make a look of an event. Whether the link takes more only the order says: never final."""
    return Observation(
        source=Source.WEBHOOK,
        provider=PROVIDER,
        provider_account=delivery.provider_account,
        live=delivery.live,
        reference=reference,
        session_id=order_id,
        state=SessionState.OPEN if taken is None else SessionState.PAID,
        observed_at=at,
        payments=() if taken is None else (taken,),
        decline=decline,
        event_id=delivery.event_id,
    )


def _order(order: Mapping[str, Any]) -> Recheck | None:
    order_id = str(order.get("order_id") or "")
    return Recheck("", session_id=order_id) if order_id else None


def _subscription(subject: Mapping[str, Any], name: str) -> SubscriptionNews | None:
    """Read a subscription or an invoice; one that is of no subscription is none of the till's."""
    subscription_id = str(subject.get(name) or "")
    return SubscriptionNews(subscription_id) if subscription_id else None


def _refund(refund: Mapping[str, Any], delivery: Delivery, at: datetime) -> Seen | None:
    """Read a refund; one that is of no payment is none of the till's."""
    if not refund.get("payment_id"):
        return None
    return RefundObservation(
        source=Source.WEBHOOK,
        provider=PROVIDER,
        provider_account=delivery.provider_account,
        live=delivery.live,
        refund=refund_from(refund),
        observed_at=at,
        event_id=delivery.event_id,
    )


def _dispute(dispute: Mapping[str, Any], delivery: Delivery, at: datetime) -> Seen:
    told_at = moment_from(dispute.get("updated_at")) or at
    return dispute_told(dispute_from(dispute), delivery, told_at=told_at, at=at)
