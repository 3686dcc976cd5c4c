"""What Razorpay's events say of sessions, refunds and disputes. Pure functions over deliveries.

Source: Razorpay's documents on webhook payloads. Razorpay sends all events of an account to each
address: a kind of account reads those of its own sessions, and leaves the others to the other.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.attempt import Reference
from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.refund import RefundObservation
from app.errors import Protocol
from app.providers.listed import dispute_told
from app.providers.razorpay import codes, links, subscriptions
from app.providers.razorpay.disputes import EVENTS as DISPUTE_EVENTS
from app.providers.razorpay.disputes import dispute_from
from app.providers.razorpay.documents import moment_from
from app.providers.razorpay.payments import seen_payment
from app.providers.razorpay.refunds import refund_from
from app.providers.razorpay.webhooks import entity_of
from app.providers.strategy import Recheck, Seen
from app.providers.subscribing import SubscriptionNews

REFUND_EVENTS: Final = ("refund.created", "refund.processed", "refund.failed")
LINK_EVENTS: Final = (
    "payment_link.paid",
    "payment_link.partially_paid",
    "payment_link.cancelled",
    "payment_link.expired",
    "payment.authorized",
    "payment.failed",
)
SUBSCRIPTION_EVENTS: Final = (
    "subscription.authenticated",
    "subscription.activated",
    "subscription.charged",
    "subscription.updated",
    "subscription.pending",
    "subscription.halted",
    "subscription.paused",
    "subscription.resumed",
    "subscription.cancelled",
    "subscription.completed",
)
_BEGINNINGS: Final = frozenset(SUBSCRIPTION_EVENTS[:3])
"""Those that tell of the first payment, where one was counted."""
CODE_EVENTS: Final = ("qr_code.credited", "qr_code.closed")
_OF_A_LINK: Final = re.compile(r"#(?P<id>[A-Za-z0-9]{14})")
"""How a payment by a link is described: with the link's id, without its prefix."""


def seen_of_links(delivery: Delivery, *, at: datetime) -> Seen | None:
    """Read a delivery for payment links. What does not suffice to judge money by is a Recheck."""
    event = json.loads(delivery.body)
    if delivery.event_type in SUBSCRIPTION_EVENTS:
        return _news_of(
            delivery.event_type, entity_of(event, "subscription"), entity_of(event, "payment")
        )
    if delivery.event_type not in LINK_EVENTS:
        return _beside(event, delivery, at)
    link, payment = entity_of(event, "payment_link"), entity_of(event, "payment")
    if not link:
        described = _OF_A_LINK.fullmatch(str(payment.get("description")))
        return Recheck("", session_id=f"plink_{described['id']}") if described else None
    reference = links.reference_of(link)
    if delivery.event_type != "payment_link.paid":
        # Whether money may still come by it, the tries tell that are not in here.
        return Recheck(reference, session_id=_id_of(link))
    try:
        return links.observation_from(link, [payment], now=at, **_look(delivery, at))
    except Protocol:
        return Recheck(reference, _amount_of(payment), session_id=_id_of(link))


def seen_of_codes(delivery: Delivery, *, at: datetime) -> Seen | None:
    """Read a delivery for UPI codes. What does not suffice to judge money by is a Recheck."""
    event = json.loads(delivery.body)
    if delivery.event_type not in CODE_EVENTS:
        return _beside(event, delivery, at)
    code, payment = entity_of(event, "qr_code"), entity_of(event, "payment")
    reference = codes.reference_of(code)
    if delivery.event_type == "qr_code.closed":
        return Recheck(reference, session_id=_id_of(code))
    try:
        seen = codes.observation_from(code, [payment], **_look(delivery, at))
    except Protocol:
        return Recheck(reference, _amount_of(payment), session_id=_id_of(code))
    return seen if seen.payments else Recheck(reference, session_id=_id_of(code))


def _news_of(
    event_type: str, subscription: Mapping[str, Any], payment: Mapping[str, Any]
) -> Seen | None:
    """Read an event of a subscription: up to its first payment it is about the session.

    Its payments are told by events of their own as well. Those do not name it, so that they say
    nothing here, and nothing is counted twice. That of a stranger is not worth the four calls of a
    look.
    """
    subscription_id = _id_of(subscription)
    if not subscription_id:
        return None
    reference, count = subscriptions.reference_of(subscription), subscription.get("paid_count")
    goes_on = type(count) is int and count > (1 if event_type in _BEGINNINGS else 0)
    if goes_on and Reference.parse(reference) is not None:
        return SubscriptionNews(subscription_id, _id_of(payment))
    return Recheck(reference, _amount_of(payment), session_id=subscription_id)


def _beside(event: dict[str, Any], delivery: Delivery, at: datetime) -> Seen | None:
    """Read what is beside a sale: refunds and disputes, of whichever session they are."""
    if delivery.event_type in REFUND_EVENTS:
        return RefundObservation(
            source=Source.WEBHOOK,
            provider=delivery.provider,
            provider_account=delivery.provider_account,
            live=delivery.live,
            refund=refund_from(entity_of(event, "refund")),
            observed_at=at,
            event_id=delivery.event_id,
        )
    if delivery.event_type in DISPUTE_EVENTS:
        told_at = moment_from(event.get("created_at")) or at
        dispute = dispute_from(entity_of(event, "dispute"))
        return dispute_told(dispute, delivery, told_at=told_at, at=at)
    return None


def _look(delivery: Delivery, at: datetime) -> dict[str, Any]:
    return {
        "source": Source.WEBHOOK,
        "provider_account": delivery.provider_account,
        "live": delivery.live,
        "at": at,
        "event_id": delivery.event_id,
    }


def _id_of(session: Mapping[str, Any]) -> str:
    return str(session.get("id") or "")


def _amount_of(payment: Mapping[str, Any]) -> Money | None:
    """Say what a payment seems to be about, where that can be read."""
    try:
        return seen_payment(payment).amount
    except Protocol:
        return None
