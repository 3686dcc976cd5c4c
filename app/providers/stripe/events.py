"""What Stripe's events say of sessions, refunds, disputes and subscriptions.

Pure functions over deliveries. Source: Stripe's API reference, event types.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.domain.refund import RefundObservation
from app.errors import Protocol
from app.providers.listed import dispute_told
from app.providers.strategy import Recheck, Seen
from app.providers.stripe.disputes import DISPUTE_EVENTS, dispute_from, moment_from
from app.providers.stripe.links import news_of_visit
from app.providers.stripe.refunds import refund_from
from app.providers.stripe.sessions import (
    PROVIDER,
    decline_of,
    link_of,
    money_from,
    observation_from,
    reference_of,
)
from app.providers.stripe.setups import is_setup
from app.providers.stripe.subscription_events import (
    INVOICE_EVENTS,
    SUBSCRIPTION_EVENTS,
    news_of_invoice,
    news_of_subscription,
)
from app.providers.stripe.webhooks import subject_of

_DECLINED: Final = "payment_intent.payment_failed"
_CHALLENGED: Final = "payment_intent.requires_action"
_FAILED: Final = "checkout.session.async_payment_failed"
_REFUND_EVENTS: Final = frozenset({"refund.created", "refund.updated", "refund.failed"})
_SESSION_EVENTS: Final = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.expired",
        _FAILED,
    }
)


def seen_in(delivery: Delivery, *, at: datetime) -> Seen | None:
    """Read a delivery. What says something but not enough to judge money by is a Recheck."""
    event = json.loads(delivery.body)
    subject = subject_of(event)
    if delivery.event_type in _SESSION_EVENTS:
        return _session(subject, delivery, at)
    if delivery.event_type == _DECLINED:
        return _decline(subject, delivery, at)
    if delivery.event_type == _CHALLENGED:
        # Stripe's events come in any order: whether this try is still the newest, a look tells.
        return Recheck(reference_of(subject))
    if delivery.event_type in _REFUND_EVENTS:
        return _refund(subject, delivery, at)
    if delivery.event_type in DISPUTE_EVENTS:
        return _dispute(subject, delivery, at, told_at=moment_from(event.get("created")) or at)
    if delivery.event_type in INVOICE_EVENTS:
        return news_of_invoice(subject)
    if delivery.event_type in SUBSCRIPTION_EVENTS:
        return news_of_subscription(subject)
    return None


def _session(session: Mapping[str, Any], delivery: Delivery, at: datetime) -> Seen | None:
    if is_setup(session):
        # No money is in it, and no order waits for it: `setup_told` reads it.
        return None
    link_id = link_of(session)
    try:
        seen = observation_from(
            session,
            source=Source.WEBHOOK,
            provider_account=delivery.provider_account,
            at=at,
            event_id=delivery.event_id,
            failed=delivery.event_type == _FAILED,
        )
    except Protocol:
        return Recheck(reference_of(session), _amount(session), link_id)
    if not link_id:
        return seen
    # That one visit came to nothing says nothing of the others.
    return news_of_visit(seen, link_id) or Recheck(reference_of(session), session_id=link_id)


def _amount(session: Mapping[str, Any]) -> Money | None:
    try:
        return money_from(session.get("amount_total"), session.get("currency"))
    except Protocol:
        return None


def _decline(intent: Mapping[str, Any], delivery: Delivery, at: datetime) -> Observation | None:
    decline = decline_of(intent)
    if not decline:
        return None
    return Observation(
        source=Source.WEBHOOK,
        provider=PROVIDER,
        provider_account=delivery.provider_account,
        live=delivery.live,
        reference=reference_of(intent),
        session_id="",
        state=SessionState.OPEN,
        observed_at=at,
        decline=decline,
        event_id=delivery.event_id,
    )


def _refund(refund: Mapping[str, Any], delivery: Delivery, at: datetime) -> Seen | None:
    """Read a refund; one of a charge without a payment intent is none of the till's."""
    if not refund.get("payment_intent"):
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


def _dispute(
    dispute: Mapping[str, Any], delivery: Delivery, at: datetime, *, told_at: datetime
) -> Seen | None:
    """Read a dispute; one of a charge without a payment intent is none of the till's."""
    if not dispute.get("payment_intent"):
        return None
    return dispute_told(dispute_from(dispute), delivery, told_at=told_at, at=at)
