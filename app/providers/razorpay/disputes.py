"""Razorpay's disputes: read from events and from the API.

Source: Razorpay's API reference, Disputes. Nothing is withdrawn before a dispute is lost, and
Razorpay names no fee for one.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.dispute import DisputeEntry, DisputeState, SeenDispute
from app.domain.money import Money
from app.errors import Message, Protocol
from app.providers.listed import understood
from app.providers.razorpay.amounts import money_from
from app.providers.razorpay.client import RazorpayClient
from app.providers.razorpay.documents import moment_from, text_of

EVENTS: Final = tuple(
    f"payment.dispute.{word}"
    for word in ("created", "under_review", "action_required", "won", "lost", "closed")
)
_INQUIRIES: Final = frozenset({"fraud", "retrieval"})
"""Phases in which a bank only asks."""
_STATES: Final = {
    "open": DisputeState.NEEDS_RESPONSE,
    "under_review": DisputeState.UNDER_REVIEW,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "closed": DisputeState.CLOSED,
}
_ASKED: Final = {
    "open": DisputeState.INQUIRY,
    "under_review": DisputeState.INQUIRY_UNDER_REVIEW,
}

_log = logging.getLogger(__name__)


def dispute_from(dispute: Mapping[str, Any]) -> SeenDispute:
    """Read a dispute as it was fetched or delivered. Raises Protocol where it proves nothing.

    A state that is not known is kept by Razorpay's own word.
    """
    amount = money_from(dispute.get("amount"), dispute.get("currency"))
    if amount.minor <= 0:
        raise Protocol(Message("Razorpay sent an amount that is none"), str(amount))
    word = str(dispute.get("status"))
    state = _STATES.get(word, DisputeState.UNKNOWN)
    if dispute.get("phase") in _INQUIRIES:
        state = _ASKED.get(word, state)
    dispute_id = text_of(dispute, "id")
    return SeenDispute(
        dispute_id=dispute_id,
        payment_id=text_of(dispute, "payment_id"),
        amount=amount,
        reason=str(dispute.get("reason_code") or ""),
        state=state,
        word=word,
        due_at=moment_from(dispute.get("respond_by")),
        entries=_entries(dispute_id, dispute, amount.currency),
    )


async def disputes_since(client: RazorpayClient, since: datetime) -> AsyncIterator[SeenDispute]:
    """Give the disputes opened since then, newest first.

    One that cannot be read is logged and must not hide the others.
    """
    async for document in client.listed("/v1/disputes", since, None):
        if (seen := understood("dispute", document, dispute_from)) is not None:
            yield seen


def _entries(
    dispute_id: str, dispute: Mapping[str, Any], currency: str
) -> tuple[DisputeEntry, ...]:
    """Give what was deducted, which Razorpay tells as a sum and not as an entry of its own."""
    deducted = money_from(dispute.get("amount_deducted") or 0, currency)
    if not deducted.minor:
        return ()
    return (DisputeEntry(f"{dispute_id}-deducted", deducted.minor, Money(0, currency)),)
