"""PayPal's disputes: read from events and from the API.

Source: PayPal's REST reference, Customer Disputes v1. PayPal says how a dispute stands and what it
ended in, not what it holds back meanwhile: money that moved is told once the buyer was given it.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.dispute import DisputeEntry, DisputeObservation, DisputeState, SeenDispute
from app.domain.money import Money
from app.errors import Message, Protocol
from app.providers.paypal.amounts import money_from
from app.providers.paypal.client import PROVIDER, PayPalClient
from app.providers.paypal.documents import moment_from, objects_in, pages_of, text_of, time_text
from app.providers.paypal.orders import Look

DISPUTE_EVENTS: Final = frozenset(
    {"CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED"}
)
_INQUIRY: Final = "INQUIRY"
_S: Final = DisputeState
_STATES: Final = {
    "OPEN": (_S.INQUIRY, _S.NEEDS_RESPONSE),
    "WAITING_FOR_SELLER_RESPONSE": (_S.INQUIRY, _S.NEEDS_RESPONSE),
    "WAITING_FOR_BUYER_RESPONSE": (_S.INQUIRY_UNDER_REVIEW, _S.UNDER_REVIEW),
    "UNDER_REVIEW": (_S.INQUIRY_UNDER_REVIEW, _S.UNDER_REVIEW),
}
"""What a status comes to: of an inquiry between the two, and of a claim or chargeback."""
_OUTCOMES: Final = {
    "RESOLVED_BUYER_FAVOUR": _S.LOST,
    "RESOLVED_BUYER_FAVOR": _S.LOST,
    "ACCEPTED": _S.LOST,
    "RESOLVED_SELLER_FAVOUR": _S.WON,
    "RESOLVED_SELLER_FAVOR": _S.WON,
    "RESOLVED_WITH_PAYOUT": _S.WON,
    "CANCELED_BY_BUYER": _S.CLOSED,
    "DENIED": _S.CLOSED,
    "NONE": _S.CLOSED,
}
_A_PAGE: Final = 50

_log = logging.getLogger(__name__)


def dispute_from(dispute: Mapping[str, Any]) -> SeenDispute:
    """Read a dispute as it was fetched or delivered. Raises Protocol where it proves nothing.

    A state or a reason that is not known is kept by PayPal's own word.
    """
    amount = money_from(dispute.get("dispute_amount"))
    if amount.minor <= 0:
        raise Protocol(Message("PayPal sent an amount that is none"), str(amount))
    state, word = _state(dispute)
    dispute_id = text_of(dispute, "dispute_id")
    return SeenDispute(
        dispute_id=dispute_id,
        payment_id=text_of({"payment": payment_of(dispute)}, "payment"),
        amount=amount,
        reason=str(dispute.get("reason") or ""),
        state=state,
        word=word,
        due_at=moment_from(dispute.get("seller_response_due_date")),
        entries=_entries(dispute, dispute_id, state),
    )


def observed(dispute: Mapping[str, Any], look: Look) -> DisputeObservation:
    """Make a look at a dispute. Raises Protocol where it proves nothing."""
    told_at = moment_from(dispute.get("update_time")) or moment_from(dispute.get("create_time"))
    return DisputeObservation(
        source=look.source,
        provider=PROVIDER,
        provider_account=look.provider_account,
        live=look.live,
        dispute=dispute_from(dispute),
        told_at=told_at or look.at,
        observed_at=look.at,
        event_id=look.event_id,
    )


def payment_of(dispute: Mapping[str, Any]) -> str:
    """Give the payment that a dispute is about, or an empty text."""
    for transaction in objects_in(dispute, "disputed_transactions"):
        return str(transaction.get("seller_transaction_id") or "")
    return ""


async def disputes_since(client: PayPalClient, since: datetime) -> AsyncIterator[Mapping[str, Any]]:
    """Give the disputes opened since then, newest first, each whole: the list leaves much out.

    One without a payment is none of the till's; one that cannot be read is logged and must not
    hide the others.
    """
    query = {"start_time": time_text(since).replace("Z", ".000Z"), "page_size": str(_A_PAGE)}
    async for page in pages_of(client, "/v1/customer/disputes", query):
        for item in objects_in(page, "items"):
            whole = await client.get(f"/v1/customer/disputes/{text_of(item, 'dispute_id')}")
            if not payment_of(whole):
                continue
            try:
                dispute_from(whole)
            except Protocol as error:
                _log.error("dispute %r cannot be understood: %s", item.get("dispute_id"), error)
                continue
            yield whole


def _state(dispute: Mapping[str, Any]) -> tuple[DisputeState, str]:
    status = str(dispute.get("status"))
    if status == "RESOLVED":
        outcome = dispute.get("dispute_outcome")
        code = str(outcome.get("outcome_code") if isinstance(outcome, Mapping) else "NONE")
        return _OUTCOMES.get(code, _S.UNKNOWN), code
    both = _STATES.get(status)
    if both is None:
        return _S.UNKNOWN, status
    return both[dispute.get("dispute_life_cycle_stage") != _INQUIRY], status


def _entries(
    dispute: Mapping[str, Any], dispute_id: str, state: DisputeState
) -> tuple[DisputeEntry, ...]:
    outcome = dispute.get("dispute_outcome")
    if state is not _S.LOST or not isinstance(outcome, Mapping):
        return ()
    if outcome.get("amount_refunded") is None:
        return ()
    gone = money_from(outcome["amount_refunded"])
    return (DisputeEntry(f"{dispute_id}-refunded", gone.minor, Money(0, gone.currency)),)
