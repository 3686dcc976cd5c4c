"""Stripe's Checkout in set-up mode: parameters out, looks in. Pure functions.

Source: Stripe's API reference, Checkout Sessions and Setup Intents, version 2026-10-28.endive. Its
session in this mode has a setup intent instead of money.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.delivery import Delivery
from app.domain.observation import Source
from app.errors import Message, Protocol
from app.providers.saving import SeenSetup, SetupNews, SetupRequest, SetupState
from app.providers.stripe.sessions import PROVIDER, reference_of, text_of
from app.providers.stripe.webhooks import subject_of

EXPAND: Final = ("setup_intent.payment_method",)
SETUP_EVENTS: Final = (
    "setup_intent.succeeded",
    "setup_intent.setup_failed",
    "setup_intent.canceled",
)
_STATES: Final = {
    "requires_payment_method": SetupState.FAILED,
    "requires_confirmation": SetupState.PROCESSING,
    "requires_action": SetupState.PROCESSING,
    "processing": SetupState.PROCESSING,
    "canceled": SetupState.FAILED,
    "succeeded": SetupState.SAVED,
}
"""What a complete session's setup intent means."""


def setup_parameters(request: SetupRequest, *, expires_at: int) -> dict[str, Any]:
    """Build what a set-up's session is created with; plain JSON data."""
    marked = {"reference": request.reference}
    known = {"customer": request.customer_id}
    return {
        "mode": "setup",
        "currency": request.currency.lower(),
        "allowed_payment_method_types": ["card"],
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "client_reference_id": request.reference,
        "metadata": marked,
        "setup_intent_data": {"metadata": marked},
        "expires_at": expires_at,
        **(known if request.customer_id else {"customer_creation": "always"}),
    }


def is_setup(session: Mapping[str, Any]) -> bool:
    """Say whether a session keeps a card and takes no money."""
    return session.get("mode") == "setup"


def setup_from(
    session: Mapping[str, Any], *, source: Source, provider_account: str, at: datetime
) -> SeenSetup:
    """Read a session with its setup intent. Raises Protocol where it proves nothing."""
    if not is_setup(session):
        raise Protocol(Message("Stripe sent a session that keeps no card"))
    intent = session.get("setup_intent")
    if not isinstance(intent, Mapping):
        raise Protocol(Message("Stripe sent a session without its setup intent"))
    state = _state(session, intent)
    is_saved = state is SetupState.SAVED
    return SeenSetup(
        source=source,
        provider=PROVIDER,
        provider_account=provider_account,
        live=session.get("livemode") is True,
        reference=reference_of(session),
        setup_id=text_of(session, "id"),
        state=state,
        observed_at=at,
        decline="" if is_saved else _decline(intent),
        **(_kept(session, intent) if is_saved else {}),
    )


def setup_told(delivery: Delivery) -> SetupNews | None:
    """Read which set-up an event tells of: its session, or its intent by our reference."""
    if delivery.event_type not in SETUP_EVENTS and not delivery.event_type.startswith("checkout."):
        return None
    subject = subject_of(json.loads(delivery.body))
    if delivery.event_type in SETUP_EVENTS:
        reference = reference_of(subject)
        return SetupNews(reference=reference) if reference else None
    if not is_setup(subject):
        return None
    return SetupNews(text_of(subject, "id"), reference_of(subject))


def _state(session: Mapping[str, Any], intent: Mapping[str, Any]) -> SetupState:
    match session.get("status"):
        case "open":
            return SetupState.OPEN
        case "expired":
            return SetupState.EXPIRED
        case "complete" if intent.get("status") in _STATES:
            return _STATES[str(intent.get("status"))]
    raise Protocol(
        Message("Stripe sent a session in a state that the till does not know"),
        f"{session.get('status')!r}, {intent.get('status')!r}",
    )


def _kept(session: Mapping[str, Any], intent: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is known of a card that was kept. Raises Protocol where it is nobody's."""
    method = intent.get("payment_method")
    if not isinstance(method, Mapping):
        raise Protocol(Message("Stripe calls a card saved without saying which"))
    card = method.get("card")
    card = card if isinstance(card, Mapping) else {}
    customer = intent.get("customer") or session.get("customer")
    found = customer if isinstance(customer, Mapping) else {"customer": customer}
    return {
        "customer_id": text_of(found, "id" if isinstance(customer, Mapping) else "customer"),
        "method_id": text_of(method, "id"),
        "brand": str(card.get("brand") or method.get("type") or ""),
        "last4": str(card.get("last4") or ""),
        "expiry_month": _whole(card.get("exp_month")),
        "expiry_year": _whole(card.get("exp_year")),
    }


def _decline(intent: Mapping[str, Any]) -> str:
    """Give Stripe's code for the newest card where its bank refused it."""
    error = intent.get("last_setup_error")
    if intent.get("status") != "requires_payment_method" or not isinstance(error, Mapping):
        return ""
    return str(error.get("decline_code") or error.get("code") or "declined")


def _whole(value: Any) -> int | None:
    return value if type(value) is int else None
