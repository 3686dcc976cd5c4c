"""Square's disputes: read from events and from the API.

Source: Square's API reference, The Dispute object, and its document on how disputes work. Square
withholds a disputed amount until the bank has decided, charges nothing for that, and has no entries
of its own for it: they follow from the state.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.dispute import DisputeEntry, DisputeState, SeenDispute
from app.domain.money import Money
from app.errors import Message, Protocol
from app.providers.listed import understood
from app.providers.square.amounts import money_from
from app.providers.square.client import SquareClient
from app.providers.square.documents import moment_from, text_of

_STATES: Final = {
    "INQUIRY_EVIDENCE_REQUIRED": DisputeState.INQUIRY,
    "INQUIRY_PROCESSING": DisputeState.INQUIRY_UNDER_REVIEW,
    "INQUIRY_CLOSED": DisputeState.CLOSED,
    "EVIDENCE_REQUIRED": DisputeState.NEEDS_RESPONSE,
    "PROCESSING": DisputeState.UNDER_REVIEW,
    "WON": DisputeState.WON,
    "LOST": DisputeState.LOST,
    "ACCEPTED": DisputeState.LOST,
}
_REASONS: Final = {
    "CUSTOMER_REQUESTS_CREDIT": "credit_not_processed",
    "DUPLICATE": "duplicate",
    "NOT_AS_DESCRIBED": "product_unacceptable",
    "NOT_RECEIVED": "product_not_received",
    "NO_KNOWLEDGE": "unrecognized",
}
"""Square's reasons that the till has words for."""
_WITHHELD: Final = frozenset({"EVIDENCE_REQUIRED", "PROCESSING", "WON", "LOST", "ACCEPTED"})
"""States that a dispute reaches only after its amount was withheld."""

_log = logging.getLogger(__name__)


def dispute_from(dispute: Mapping[str, Any]) -> SeenDispute:
    """Read a dispute as it was fetched or delivered. Raises Protocol where it proves nothing.

    A state or a reason that is not known is kept by Square's own word.
    """
    amount = money_from(dispute.get("amount_money"))
    if amount.minor <= 0:
        raise Protocol(Message("Square sent an amount that is none"), str(amount))
    paid = dispute.get("disputed_payment")
    word, reason = str(dispute.get("state")), str(dispute.get("reason") or "")
    # Older answers name it by another field.
    dispute_id = text_of({"id": dispute.get("id") or dispute.get("dispute_id")}, "id")
    return SeenDispute(
        dispute_id=dispute_id,
        payment_id=text_of(paid if isinstance(paid, Mapping) else {}, "payment_id"),
        amount=amount,
        reason=_REASONS.get(reason, reason),
        state=_STATES.get(word, DisputeState.UNKNOWN),
        word=word,
        due_at=moment_from(dispute.get("due_at")),
        entries=_entries(dispute_id, word, amount),
    )


async def disputes_since(
    client: SquareClient, since: datetime
) -> AsyncIterator[tuple[SeenDispute, datetime | None]]:
    """Give the merchant's disputes opened since then, newest first, each with its last change.

    Square's list knows no times and no order: it is read whole. One that cannot be read is logged
    and must not hide the others.
    """
    found = []
    async for dispute in client.listed("disputes", "disputes"):
        opened = moment_from(dispute.get("created_at"))
        if opened is None or opened >= since:
            found.append((opened or since, dispute))
    for _, dispute in sorted(found, key=lambda each: each[0], reverse=True):
        if (seen := understood("dispute", dispute, dispute_from)) is not None:
            yield seen, moment_from(dispute.get("updated_at"))


def _entries(dispute_id: str, word: str, amount: Money) -> tuple[DisputeEntry, ...]:
    if word not in _WITHHELD:
        return ()
    nothing = Money(0, amount.currency)
    withheld = DisputeEntry(f"{dispute_id}-withheld", amount.minor, nothing)
    if word != "WON":
        return (withheld,)
    return (withheld, DisputeEntry(f"{dispute_id}-returned", -amount.minor, nothing))
