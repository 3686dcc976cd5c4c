"""PayPal's orders: parameters out, observations in. Pure functions.

Source: PayPal's REST reference, Orders v2. The customer's approval moves no money: a capture does,
and only captures say what was paid.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.errors import Message, Protocol
from app.providers.paypal.amounts import amount_of, money_from
from app.providers.paypal.client import PROVIDER
from app.providers.paypal.documents import objects_in, plain_url, strange, text_of
from app.providers.strategy import SessionRequest

PAGE_LINKS: Final = ("payer-action", "approve")
TAKEN: Final = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
"""States of a capture in which the money was the shop's, whatever became of it since."""

_OPEN: Final = frozenset({"CREATED", "SAVED", "PAYER_ACTION_REQUIRED"})
_FAILED: Final = frozenset({"DECLINED", "FAILED"})
_PENDING: Final = "PENDING"


@dataclass(frozen=True, slots=True)
class Look:
    """By which way an order was seen, whose it is, and when."""

    source: Source
    provider_account: str
    live: bool
    at: datetime
    event_id: str = ""


def order_parameters(request: SessionRequest) -> dict[str, Any]:
    """Build what an order is created with; plain JSON data, the same for the same request."""
    reference, currency = str(request.reference), request.amount.currency
    total = amount_of(request.amount)
    context = {
        "return_url": plain_url(request.success_url),
        "cancel_url": plain_url(request.cancel_url),
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
    }
    return {
        "intent": "CAPTURE",
        "purchase_units": [
            {
                "custom_id": reference,
                "invoice_id": reference,
                "amount": {**total, "breakdown": {"item_total": total}},
                "items": [
                    {
                        "name": line.name,
                        "quantity": "1",
                        "unit_amount": amount_of(Money(line.amount_minor, currency)),
                    }
                    for line in request.lines
                ],
            }
        ],
        "payment_source": {
            "paypal": {
                "experience_context": {name: value for name, value in context.items() if value}
            }
        },
    }


def observation_from(order: Mapping[str, Any], look: Look) -> Observation:
    """Read an order as it was fetched or delivered. Raises Protocol where it proves nothing."""
    state, is_final, payments = _judged(order)
    return Observation(
        source=look.source,
        provider=PROVIDER,
        provider_account=look.provider_account,
        live=look.live,
        reference=reference_of(order),
        session_id=text_of(order, "id"),
        state=state,
        observed_at=look.at,
        payments=payments,
        is_final=is_final,
        event_id=look.event_id,
    )


def capture_observation(capture: Mapping[str, Any], look: Look) -> Observation:
    """Read a capture on its own, as events and its own API have it.

    Raises Protocol where it does not say which order of which reference it belongs to.
    """
    state, is_final, payments = _money_of((capture,))
    return Observation(
        source=look.source,
        provider=PROVIDER,
        provider_account=look.provider_account,
        live=look.live,
        reference=text_of(capture, "custom_id"),
        session_id=text_of({"order_id": order_id_of(capture)}, "order_id"),
        state=state,
        observed_at=look.at,
        payments=payments,
        is_final=is_final,
        event_id=look.event_id,
    )


def closed(seen: Observation) -> Observation:
    """Say what an order is once the till takes no money for it any more.

    PayPal has no way to close one. It need not: where nothing was captured, nothing will be.
    """
    if seen.state in (SessionState.OPEN, SessionState.APPROVED):
        return replace(seen, state=SessionState.EXPIRED, is_final=True)
    return seen


def reference_of(order: Mapping[str, Any]) -> str:
    """Give our reference as PayPal gives it back, or an empty text."""
    for unit in objects_in(order, "purchase_units"):
        if unit.get("custom_id"):
            return str(unit["custom_id"])
        for capture in captures_of(order):
            if capture.get("custom_id"):
                return str(capture["custom_id"])
    return ""


def amount_asked(order: Mapping[str, Any]) -> Money:
    """Give what an order asks for. Raises Protocol where it does not say."""
    units = list(objects_in(order, "purchase_units"))
    if len(units) != 1:
        raise Protocol(Message("PayPal sent an order that is not the till's"))
    return money_from(units[0].get("amount"))


def captures_of(order: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Give the captures of an order, first to last."""
    return tuple(
        capture
        for unit in objects_in(order, "purchase_units")
        for capture in objects_in(unit.get("payments"), "captures")
    )


def order_id_of(capture: Mapping[str, Any]) -> str:
    """Give the order that a capture belongs to, or an empty text."""
    data = capture.get("supplementary_data")
    related = data.get("related_ids") if isinstance(data, Mapping) else None
    return str(related.get("order_id") or "") if isinstance(related, Mapping) else ""


_Judged = tuple[SessionState, bool, tuple[SeenPayment, ...]]


def _judged(order: Mapping[str, Any]) -> _Judged:
    status = order.get("status")
    if status in _OPEN:
        return SessionState.OPEN, False, ()
    if status == "APPROVED":
        return SessionState.APPROVED, False, ()
    if status == "VOIDED":
        return SessionState.EXPIRED, True, ()
    if status == "COMPLETED":
        return _money_of(captures_of(order))
    raise strange("an order", status)


def _money_of(captures: tuple[Mapping[str, Any], ...]) -> _Judged:
    """Judge by captures alone: a completed order is no proof of money."""
    states = [capture.get("status") for capture in captures]
    for state in states:
        if state not in TAKEN | _FAILED | {_PENDING}:
            raise strange("a capture", state)
    payments = tuple(
        SeenPayment(text_of(capture, "id"), money_from(capture.get("amount")))
        for capture in captures
        if capture.get("status") in TAKEN
    )
    if payments:
        return SessionState.PAID, _PENDING not in states, payments
    if _PENDING in states:
        return SessionState.PROCESSING, False, ()
    if not states:
        raise Protocol(Message("PayPal calls an order complete without saying by which payment"))
    return SessionState.FAILED, True, ()
