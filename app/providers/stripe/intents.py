"""Stripe's Payment Intents as sessions of a page of our own: parameters out, observations in.

Pure functions. Source: Stripe's API reference, Payment Intents, version 2026-10-28.endive, and its
document "How PaymentIntents work".
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.attempt import Reference
from app.domain.capabilities import Capabilities, Method
from app.domain.money import Money
from app.domain.observation import Observation, SeenPayment, SessionState, Source
from app.errors import Message, Protocol, Rejected
from app.providers.strategy import SessionRequest
from app.providers.stripe.amounts import AMOUNT_STEP, CURRENCIES, MAXIMUM_MINOR, MINIMUM_MINOR
from app.providers.stripe.endpoints import EVENTS
from app.providers.stripe.sessions import PROVIDER, decline_of, money_from, reference_of, text_of

PAGE: Final = "elements"
"""In the metadata of our own intents: those of Checkout sessions bear our reference, too."""

_OF_CHECKOUT: Final = ("checkout.", "invoice.", "customer.")
INTENT_EVENTS: Final = (
    *(name for name in EVENTS if not name.startswith(_OF_CHECKOUT)),
    "payment_intent.succeeded",
    "payment_intent.processing",
    "payment_intent.canceled",
)
LIFETIME: Final = timedelta(hours=12)
"""An intent never expires by itself; its address is shown for no longer."""
TAKES: Final = Capabilities(
    currencies=CURRENCIES,
    minimum_minor=MINIMUM_MINOR,
    maximum_minor=MAXIMUM_MINOR,
    amount_step=AMOUNT_STEP,
    max_lines=100,
    max_lines_recurring=1,
    session_lifetime=LIFETIME,
    key_lifetime=timedelta(hours=23),
    page_hosts=frozenset(),
    methods=frozenset({Method.CARD, Method.WALLET, Method.BANK}),
    reports_fees=True,
)
"""What Stripe takes by a payment intent; where its page is, is known once the door listens."""
OPEN: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})

_DELAYED: Final = frozenset(
    {
        *("acss_debit", "au_becs_debit", "bacs_debit", "boleto", "customer_balance", "konbini"),
        *("multibanco", "nz_bank_account", "oxxo", "sepa_debit", "us_bank_account"),
    }
)
"""Ways to pay whose money is decided days later."""
_STATES: Final = {
    **dict.fromkeys(OPEN, SessionState.OPEN),
    "processing": SessionState.PROCESSING,
    "requires_capture": SessionState.PROCESSING,
    "succeeded": SessionState.PAID,
    "canceled": SessionState.EXPIRED,
}


def intent_parameters(request: SessionRequest, *, is_minimal: bool) -> dict[str, Any]:
    """Build what an intent is created with; plain JSON data, the same for the same request.

    A double that knows little is asked for no more than it needs. Raises Rejected for what is to be
    charged again: an intent is charged once.
    """
    if any(line.is_recurring for line in request.lines):
        raise Rejected(
            Message("Stripe Elements takes no subscriptions"),
            action=Message("Take Stripe Checkout or a Stripe payment link for them."),
        )
    parameters: dict[str, Any] = {
        "amount": request.amount.minor,
        "currency": request.amount.currency.lower(),
        "metadata": {"reference": str(request.reference), "page": PAGE},
    }
    if not is_minimal:
        parameters["automatic_payment_methods"] = {"enabled": True}
    return parameters


def is_own(intent: Mapping[str, Any]) -> bool:
    """Say whether it was made for a page of a till's, not by a Checkout session or a stranger."""
    metadata = intent.get("metadata")
    is_marked = isinstance(metadata, Mapping) and metadata.get("page") == PAGE
    return is_marked and Reference.parse(reference_of(intent)) is not None


def has_failed_slowly(intent: Mapping[str, Any]) -> bool:
    """Say whether the newest try was of a kind whose money is decided later, and failed.

    Stripe lets the customer try again then. At the counter it is over: nobody waits for days.
    """
    error = intent.get("last_payment_error")
    method = error.get("payment_method") if isinstance(error, Mapping) else None
    return isinstance(method, Mapping) and method.get("type") in _DELAYED


def observation_from(
    intent: Mapping[str, Any],
    *,
    source: Source,
    provider_account: str,
    at: datetime,
    event_id: str = "",
) -> Observation:
    """Read an intent as it was fetched or delivered. Raises Protocol where it proves nothing."""
    status = str(intent.get("status"))
    state = _STATES.get(status)
    if state is None:
        raise Protocol(
            Message("Stripe sent a payment in a state that the till does not know"), repr(status)
        )
    if state is SessionState.EXPIRED and has_failed_slowly(intent):
        state = SessionState.FAILED
    intent_id = text_of(intent, "id")
    paid = state is SessionState.PAID
    return Observation(
        source=source,
        provider=PROVIDER,
        provider_account=provider_account,
        live=intent.get("livemode") is True,
        reference=reference_of(intent),
        session_id=intent_id,
        state=state,
        observed_at=at,
        payments=(SeenPayment(intent_id, _taken(intent)),) if paid else (),
        is_final=status in {"succeeded", "canceled"},
        decline=decline_of(intent) if state is SessionState.OPEN else None,
        event_id=event_id,
    )


def amount_of(intent: Mapping[str, Any]) -> Money | None:
    """Give what an intent asks for, or None where that cannot be read."""
    try:
        return money_from(intent.get("amount"), intent.get("currency"))
    except Protocol:
        return None


def _taken(intent: Mapping[str, Any]) -> Money:
    """Give what was taken. A double may say so on the charge alone."""
    charge = intent.get("latest_charge")
    if "amount_received" not in intent and isinstance(charge, Mapping):
        return money_from(charge.get("amount"), charge.get("currency"))
    return money_from(intent.get("amount_received"), intent.get("currency"))
