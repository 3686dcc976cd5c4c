"""Square's orders, each with a payment link: parameters out, observations in. Pure functions.

An order is what a session is known by. Its state says nothing of money: a paid one is OPEN and
stays so. What was taken is on its payments. Source: Square's API reference, Checkout and Orders,
version 2026-09-16.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from app.domain.money import Money
from app.domain.observation import Observation, SessionState, Source
from app.errors import Message, Protocol
from app.providers.square.amounts import money_from, written
from app.providers.square.documents import each_of, text_of
from app.providers.square.payments import PROVIDER, UNDER_WAY, decline_of, seen_payment, status_of
from app.providers.strategy import SessionRequest

_PLACEHOLDER: Final = "{CHECKOUT_SESSION_ID}"


def link_parameters(request: SessionRequest, location_id: str) -> dict[str, Any]:
    """Build what a payment link is created with; plain JSON data, the same for the same request.

    The note is copied to the payment, by which its events carry our reference.
    """
    reference = str(request.reference)
    options: dict[str, Any] = {
        "ask_for_shipping_address": False,
        # Neither may change what is to be paid.
        "enable_coupon": False,
        "enable_loyalty": False,
    }
    if request.success_url:
        options["redirect_url"] = _without_placeholder(request.success_url)
    return {
        "order": {
            "location_id": location_id,
            "reference_id": reference,
            "line_items": [
                {
                    "name": line.name,
                    "quantity": "1",
                    "base_price_money": written(Money(line.amount_minor, request.amount.currency)),
                }
                for line in request.lines
            ],
        },
        "checkout_options": options,
        "payment_note": reference,
    }


def observation_from(
    order: Mapping[str, Any],
    payments: Sequence[Mapping[str, Any]],
    *,
    source: Source,
    provider_account: str,
    live: bool,
    at: datetime,
    looked_for_tries: bool,
) -> Observation:
    """Read an order with all its payments. Raises Protocol where it proves nothing.

    `looked_for_tries` says that refused tries would be among the payments.
    """
    state, is_final = _state(order, payments)
    is_open = state is SessionState.OPEN
    return Observation(
        source=source,
        provider=PROVIDER,
        provider_account=provider_account,
        live=live,
        reference=reference_of(order),
        session_id=text_of(order, "id"),
        state=state,
        observed_at=at,
        payments=tuple(seen_payment(each) for each in payments if status_of(each) == "COMPLETED"),
        is_final=is_final,
        decline=decline_of(payments) if is_open and looked_for_tries else None,
    )


def reference_of(order: Mapping[str, Any]) -> str:
    """Give our reference as Square gives it back, or an empty text."""
    return str(order.get("reference_id") or "")


def paying(order: Mapping[str, Any]) -> list[str]:
    """Give the ids of the payments that an order names."""
    return [str(tender.get("payment_id") or text_of(tender, "id")) for tender in _tenders(order)]


def _tenders(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(each_of(order, "tenders"))


def _state(
    order: Mapping[str, Any], payments: Sequence[Mapping[str, Any]]
) -> tuple[SessionState, bool]:
    """Judge by the payments; only where none has taken or may take money, by the order."""
    taken = [seen_payment(each).amount for each in payments if status_of(each) == "COMPLETED"]
    if taken:
        return SessionState.PAID, _covers(order, taken)
    if any(status_of(each) in UNDER_WAY for each in payments):
        return SessionState.PROCESSING, False
    match order.get("state"):
        case "CANCELED":
            return SessionState.EXPIRED, True
        case "DRAFT" | "OPEN":
            return SessionState.OPEN, False
        case "COMPLETED":
            # Complete without a payment: money is still to be looked for.
            return SessionState.PROCESSING, False
    raise Protocol(
        Message("Square sent an order in a state that the till does not know"),
        repr(order.get("state")),
    )


def _covers(order: Mapping[str, Any], taken: list[Money]) -> bool:
    """Say whether an order is paid in full, so that its link takes nothing more."""
    total = money_from(order.get("total_money"))
    same = [amount.minor for amount in taken if amount.currency == total.currency]
    return sum(same) >= total.minor


def _without_placeholder(url: str) -> str:
    """Leave out what only Stripe fills in; Square says itself which order it was."""
    parts = urlsplit(url)
    if _PLACEHOLDER not in parts.query:
        return url
    query = parse_qsl(parts.query, keep_blank_values=True)
    return parts._replace(
        query=urlencode([(name, value) for name, value in query if value != _PLACEHOLDER])
    ).geturl()
