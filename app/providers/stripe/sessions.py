"""Stripe's Checkout Sessions: parameters out, observations in. Pure functions.

Source: Stripe's API reference, Checkout Sessions, version 2026-10-28.endive.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.catalog import BillingInterval
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.domain.presentation import PresentedLine
from app.errors import Message, Protocol
from app.providers.strategy import SessionRequest

PROVIDER: Final = "stripe"
EXPAND: Final = ("payment_intent", "invoice.payments")

INTERVALS: Final = {
    BillingInterval.WEEKLY.value: "week",
    BillingInterval.MONTHLY.value: "month",
    BillingInterval.YEARLY.value: "year",
}
_DEAD_INTENT: Final = frozenset({"requires_payment_method", "canceled"})
_DEAD_INVOICE: Final = frozenset({"void", "uncollectible"})


def session_parameters(request: SessionRequest, *, expires_at: int) -> dict[str, Any]:
    """Build what a session is created with; plain JSON data, the same for the same request."""
    asked = asked_for(request)
    return {
        **asked,
        "mode": "subscription" if "subscription_data" in asked else "payment",
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "client_reference_id": str(request.reference),
        "expires_at": expires_at,
    }


def asked_for(request: SessionRequest) -> dict[str, Any]:
    """Build what is the same for whatever leads to a session: its lines, and our reference."""
    marked = {"reference": str(request.reference)}
    recurring = any(line.is_recurring for line in request.lines)
    return {
        "line_items": [_line_item(line, request.amount.currency) for line in request.lines],
        "metadata": marked,
        "subscription_data" if recurring else "payment_intent_data": {"metadata": marked},
    }


def observation_from(
    session: Mapping[str, Any],
    *,
    source: Source,
    provider_account: str,
    at: datetime,
    event_id: str = "",
    failed: bool = False,
) -> Observation:
    """Read a session as it was fetched or delivered. Raises Protocol where it proves nothing.

    `failed` says that Stripe's event called the delayed payment failed.
    """
    state, is_final = _state(session, failed=failed)
    payments = _payments(session) if state is SessionState.PAID else ()
    return Observation(
        source=source,
        provider=PROVIDER,
        provider_account=provider_account,
        live=session.get("livemode") is True,
        reference=reference_of(session),
        session_id=text_of(session, "id"),
        state=state,
        observed_at=at,
        payments=payments,
        is_final=is_final,
        decline=decline_of(session.get("payment_intent")) if state is SessionState.OPEN else None,
        event_id=event_id,
        subscription_id=_subscription_of(session),
    )


def reference_of(session: Mapping[str, Any]) -> str:
    """Give our reference as Stripe gives it back, or an empty text."""
    metadata = session.get("metadata")
    kept = metadata.get("reference") if isinstance(metadata, Mapping) else None
    # Whoever opens a payment link may add a client reference of their own to its address.
    given = None if link_of(session) else session.get("client_reference_id")
    return str(given or kept or "")


def link_of(session: Mapping[str, Any]) -> str:
    """Give the id of the payment link that a session was opened by, or an empty text."""
    link = session.get("payment_link")
    return str((link.get("id") if isinstance(link, Mapping) else link) or "")


def decline_of(intent: Any) -> str | None:
    """Give Stripe's code for the customer's newest try where it was refused, else an empty text.

    An intent that waits for the bank's challenge or is processed has a newer try than the one that
    was refused. None for an intent that is absent or not expanded. Source: Stripe's "How
    PaymentIntents work", statuses.
    """
    if not isinstance(intent, Mapping):
        return None
    if intent.get("status") != "requires_payment_method":
        return ""
    error = intent.get("last_payment_error")
    if not isinstance(error, Mapping):
        return ""
    return str(error.get("decline_code") or error.get("code") or "declined")


def money_from(amount: Any, currency: Any) -> Money:
    """Read an amount of Stripe's. Raises Protocol for anything but an integer and a currency."""
    try:
        return Money(amount, str(currency).upper())
    except (TypeError, ValueError) as error:
        raise Protocol(Message("Stripe sent an amount that is none"), str(error)) from error


def text_of(document: Mapping[str, Any], key: str) -> str:
    """Give a text of Stripe's that must be there. Raises Protocol where it is not."""
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise Protocol(Message("Stripe sent an object without {key}", key=key))
    return value


def _subscription_of(session: Mapping[str, Any]) -> str:
    subscription = session.get("subscription")
    found = subscription.get("id") if isinstance(subscription, Mapping) else subscription
    return str(found or "")


def _line_item(line: PresentedLine, currency: str) -> dict[str, Any]:
    price: dict[str, Any] = {
        "currency": currency.lower(),
        "unit_amount": line.amount_minor,
        "product_data": {"name": line.name},
    }
    if line.is_recurring:
        price["recurring"] = {"interval": INTERVALS[line.billing_interval], "interval_count": 1}
    return {"quantity": 1, "price_data": price}


def _state(session: Mapping[str, Any], *, failed: bool) -> tuple[SessionState, bool]:
    match session.get("status"), session.get("payment_status"):
        case "open", _:
            return SessionState.OPEN, False
        case "expired", _:
            return SessionState.EXPIRED, True
        case "complete", "paid" | "no_payment_required":
            return SessionState.PAID, True
        case "complete", "unpaid":
            if _status_of(session.get("invoice")) == "paid":
                # A first payment that was refused and tried again: the session is told nothing.
                return SessionState.PAID, True
            if (
                failed
                or _status_of(session.get("payment_intent")) in _DEAD_INTENT
                or _status_of(session.get("invoice")) in _DEAD_INVOICE
            ):
                return SessionState.FAILED, True
            return SessionState.PROCESSING, False
        case _:
            raise Protocol(
                Message("Stripe sent a session in a state that the till does not know"),
                f"{session.get('status')!r}, {session.get('payment_status')!r}",
            )


def _status_of(expanded: Any) -> Any:
    return expanded.get("status") if isinstance(expanded, Mapping) else None


def _payments(session: Mapping[str, Any]) -> tuple[SeenPayment, ...]:
    """Give the money that was taken: by payment intent, or by the first invoice's payments."""
    currency = session.get("currency")
    intent = session.get("payment_intent")
    if isinstance(intent, Mapping):
        taken = intent.get("amount_received", session.get("amount_total"))
        return (SeenPayment(text_of(intent, "id"), money_from(taken, currency)),)
    if isinstance(intent, str) and intent:
        return (SeenPayment(intent, money_from(session.get("amount_total"), currency)),)
    invoice = session.get("invoice")
    listed = invoice.get("payments") if isinstance(invoice, Mapping) else None
    payments = listed.get("data") if isinstance(listed, Mapping) else None
    paid = tuple(
        SeenPayment(intent_of_payment(entry), money_from(entry.get("amount_paid"), currency))
        for entry in (payments if isinstance(payments, list) else ())
        if not isinstance(entry, Mapping) or entry.get("status") == "paid"
    )
    if not paid:
        raise Protocol(Message("Stripe calls a session paid without saying by which payment"))
    return paid


def intent_of_payment(paid: Any) -> str:
    """Name the payment intent by which an invoice was paid. Raises Protocol where it says none."""
    payment = paid.get("payment") if isinstance(paid, Mapping) else None
    intent = payment.get("payment_intent") if isinstance(payment, Mapping) else None
    return text_of(intent if isinstance(intent, Mapping) else {"id": intent}, "id")
