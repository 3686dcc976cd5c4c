"""Stripe's disputes: read from events and from the API.

Source: Stripe's API reference, The Dispute object, version 2026-10-28.endive, and its documents on
how disputes work.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import stripe

from app.domain.dispute import DisputeEntry, DisputeState, SeenDispute
from app.domain.money import Money
from app.errors import Message, Protocol
from app.providers.listed import understood
from app.providers.stripe.errors import in_our_words
from app.providers.stripe.sessions import money_from, text_of

DISPUTE_EVENTS: Final = frozenset(
    {
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    }
)
_STATES: Final = {
    "warning_needs_response": DisputeState.INQUIRY,
    "warning_under_review": DisputeState.INQUIRY_UNDER_REVIEW,
    "warning_closed": DisputeState.CLOSED,
    "prevented": DisputeState.CLOSED,
    "needs_response": DisputeState.NEEDS_RESPONSE,
    "under_review": DisputeState.UNDER_REVIEW,
    "appeal_needs_response": DisputeState.APPEALED,
    "appeal_under_review": DisputeState.APPEALED,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}
_LAST_MOMENT: Final = 253_402_300_799
"""The end of the year 9999, the last that a date can have."""

_log = logging.getLogger(__name__)


def dispute_from(dispute: Mapping[str, Any]) -> SeenDispute:
    """Read a dispute as it was fetched or delivered. Raises Protocol where it proves nothing.

    A state or a reason that is not known is kept by Stripe's own word.
    """
    amount = money_from(dispute.get("amount"), dispute.get("currency"))
    if amount.minor <= 0:
        raise Protocol(Message("Stripe sent an amount that is none"), str(amount))
    intent = dispute.get("payment_intent")
    word = str(dispute.get("status"))
    evidence = dispute.get("evidence_details")
    listed = dispute.get("balance_transactions")
    return SeenDispute(
        dispute_id=text_of(dispute, "id"),
        payment_id=text_of(intent if isinstance(intent, Mapping) else {"id": intent}, "id"),
        amount=amount,
        reason=str(dispute.get("reason") or ""),
        state=_STATES.get(word, DisputeState.UNKNOWN),
        word=word,
        due_at=moment_from(evidence.get("due_by")) if isinstance(evidence, Mapping) else None,
        entries=tuple(
            _entry(entry, amount) for entry in (listed if isinstance(listed, list) else ())
        ),
    )


def moment_from(seconds: Any) -> datetime | None:
    """Read a time of Stripe's, whole seconds; None where it is none."""
    if type(seconds) is not int or not 0 < seconds <= _LAST_MOMENT:
        return None
    return datetime.fromtimestamp(seconds, UTC)


async def disputes_since(
    client: stripe.StripeClient, since: datetime
) -> AsyncIterator[tuple[SeenDispute, bool]]:
    """Give the disputes opened since then, newest first, each with whether it is about real money.

    One of a charge without a payment intent is none of the till's; one that cannot be read is
    logged and must not hide the others.
    """
    with in_our_words():
        page = await client.v1.disputes.list_async(
            {"created": {"gte": int(since.timestamp())}, "limit": 100}
        )
    while True:
        with in_our_words():
            found = [dispute.to_dict() for dispute in page.data]
            has_more = page.has_more
        for dispute in found:
            if not dispute.get("payment_intent"):
                continue
            if (seen := understood("dispute", dispute, dispute_from)) is not None:
                yield seen, dispute.get("livemode") is True
        if not has_more:
            return
        with in_our_words():
            page = await page.next_page_async()


def _entry(entry: Any, disputed: Money) -> DisputeEntry:
    """Read a balance transaction of a dispute.

    Where Stripe settles in another currency, its amounts there are not the dispute's: then an
    entry moves all that is disputed, in or out by its sign.
    """
    transaction = entry if isinstance(entry, Mapping) else {}
    currency = transaction.get("currency")
    settled = money_from(transaction.get("amount"), currency)
    withdrawn_minor = -settled.minor
    if settled.currency != disputed.currency and settled.minor:
        withdrawn_minor = disputed.minor if settled.minor < 0 else -disputed.minor
    return DisputeEntry(
        entry_id=text_of(transaction, "id"),
        withdrawn_minor=withdrawn_minor,
        fee=money_from(transaction.get("fee"), currency),
    )
