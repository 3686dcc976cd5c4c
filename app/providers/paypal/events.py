"""What PayPal's events say of orders, subscriptions, payments and disputes. Pure functions.

Source: PayPal's REST reference, Webhook event names.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.delivery import Delivery
from app.domain.money import Money
from app.domain.observation import Source
from app.domain.refund import RefundObservation, SeenRefund
from app.errors import Protocol
from app.providers.paypal import sales
from app.providers.paypal.amounts import money_from
from app.providers.paypal.client import PROVIDER
from app.providers.paypal.disputes import DISPUTE_EVENTS, observed, payment_of
from app.providers.paypal.documents import link_of
from app.providers.paypal.orders import (
    Look,
    capture_observation,
    observation_from,
    order_id_of,
    reference_of,
)
from app.providers.paypal.refunds import refund_from
from app.providers.paypal.subscriptions import is_agreed, was_just_begun
from app.providers.strategy import Recheck, Seen
from app.providers.subscribing import SubscriptionNews

_ORDER_EVENTS: Final = frozenset({"CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.COMPLETED"})
_CAPTURE_EVENTS: Final = frozenset(
    {
        "PAYMENT.CAPTURE.COMPLETED",
        "PAYMENT.CAPTURE.PENDING",
        "PAYMENT.CAPTURE.DENIED",
        "PAYMENT.CAPTURE.DECLINED",
    }
)
_REVERSED: Final = "CHECKOUT.PAYMENT-APPROVAL.REVERSED"
_REFUND_EVENTS: Final = frozenset(
    {
        "PAYMENT.CAPTURE.REFUNDED",
        "PAYMENT.CAPTURE.REVERSED",
        "PAYMENT.REFUND.PENDING",
        "PAYMENT.REFUND.FAILED",
    }
)
_BEGUN: Final = "BILLING.SUBSCRIPTION.ACTIVATED"
_SUBSCRIPTION_EVENTS: Final = frozenset(
    {
        "BILLING.SUBSCRIPTION.CANCELLED",
        "BILLING.SUBSCRIPTION.EXPIRED",
        "BILLING.SUBSCRIPTION.PAYMENT.FAILED",
        "BILLING.SUBSCRIPTION.RE-ACTIVATED",
        "BILLING.SUBSCRIPTION.SUSPENDED",
        "BILLING.SUBSCRIPTION.UPDATED",
    }
)
_SALE_EVENTS: Final = frozenset(
    {
        "PAYMENT.SALE.COMPLETED",
        "PAYMENT.SALE.DENIED",
        "PAYMENT.SALE.PENDING",
        "PAYMENT.SALE.REFUNDED",
        "PAYMENT.SALE.REVERSED",
    }
)
WANTED: Final = (
    "CHECKOUT.ORDER.APPROVED",
    _REVERSED,
    *sorted(_CAPTURE_EVENTS | _REFUND_EVENTS | DISPUTE_EVENTS),
    _BEGUN,
    *sorted(_SUBSCRIPTION_EVENTS | _SALE_EVENTS),
)
"""The events that the till asks to be told of."""


def seen_in(delivery: Delivery, *, at: datetime) -> Seen | None:
    """Read a delivery. What says something but not enough to judge money by is a Recheck."""
    resource = json.loads(delivery.body)["resource"]
    look = Look(
        Source.WEBHOOK, delivery.provider_account, delivery.live, at, event_id=delivery.event_id
    )
    if delivery.event_type in _ORDER_EVENTS:
        return _order(resource, look)
    if delivery.event_type == _REVERSED:
        # The approval ran out; whether the order is still one, a look tells.
        return Recheck(reference_of(resource), session_id=str(resource.get("order_id") or ""))
    if delivery.event_type in _CAPTURE_EVENTS:
        return _capture(resource, look)
    if delivery.event_type in _REFUND_EVENTS:
        return _refund(resource, look)
    if _is_of_the_session(delivery.event_type, resource):
        # It tells of no money: the first payment is there, or comes within minutes.
        return Recheck(
            str(resource.get("custom_id") or ""), session_id=str(resource.get("id") or "")
        )
    if delivery.event_type in _SUBSCRIPTION_EVENTS | {_BEGUN} and resource.get("id"):
        return SubscriptionNews(str(resource["id"]))
    if delivery.event_type in _SALE_EVENTS:
        return _sale(resource, look)
    if delivery.event_type in DISPUTE_EVENTS and payment_of(resource):
        return observed(resource, look)
    return None


def _is_of_the_session(event_type: str, subscription: Mapping[str, Any]) -> bool:
    """Say whether news of a subscription are of what began it: the till may have to act on that.

    That PayPal tells of an agreement, its list of events does not promise.
    """
    if event_type == _BEGUN:
        return was_just_begun(subscription)
    return event_type in _SUBSCRIPTION_EVENTS and is_agreed(subscription)


def _order(order: Mapping[str, Any], look: Look) -> Seen:
    try:
        return observation_from(order, look)
    except Protocol:
        return Recheck(reference_of(order), session_id=str(order.get("id") or ""))


def _capture(capture: Mapping[str, Any], look: Look) -> Seen:
    try:
        return capture_observation(capture, look)
    except Protocol:
        return Recheck(
            str(capture.get("custom_id") or ""), _amount(capture), session_id=order_id_of(capture)
        )


def _refund(refund: Mapping[str, Any], look: Look) -> Seen:
    """Read a refund; a reversal may come as the capture itself, which a look tells more of."""
    if not link_of(refund, "up").rpartition("/captures/")[1]:
        return Recheck(str(refund.get("custom_id") or ""), session_id=order_id_of(refund))
    return _given_back(refund_from(refund), look)


def _sale(sale: Mapping[str, Any], look: Look) -> Seen | None:
    """Read what is told of a subscription's payment; whether that was the first, a look tells.

    What was given back names the payment and not the subscription.
    """
    if sale.get("sale_id"):
        return _given_back(sales.refund_from(sale), look)
    subscription_id = sales.subscription_of(sale)
    if not subscription_id:
        return None
    return SubscriptionNews(subscription_id, str(sale.get("id") or ""))


def _given_back(refund: SeenRefund, look: Look) -> RefundObservation:
    return RefundObservation(
        source=look.source,
        provider=PROVIDER,
        provider_account=look.provider_account,
        live=look.live,
        refund=refund,
        observed_at=look.at,
        event_id=look.event_id,
    )


def _amount(capture: Mapping[str, Any]) -> Money | None:
    try:
        return money_from(capture.get("amount"))
    except Protocol:
        return None
