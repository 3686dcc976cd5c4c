"""Stripe's refunds: asked for, looked at, listed.

Source: Stripe's API reference, Refunds, version 2026-10-28.endive.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final, cast

import stripe

from app.domain.refund import RefundState, SeenRefund
from app.errors import Message, Protocol
from app.providers.listed import understood
from app.providers.strategy import RefundRequest
from app.providers.stripe.errors import in_our_words
from app.providers.stripe.listing import span, through
from app.providers.stripe.sessions import money_from, text_of

_REFUND_STATES: Final = {
    "succeeded": RefundState.SUCCEEDED,
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}

_log = logging.getLogger(__name__)


def parameters_of(request: RefundRequest) -> dict[str, Any]:
    """Build what a refund is created with; plain JSON data, the same for the same request.

    Stripe forgets a key after a day; in the metadata it stays.
    """
    return {
        "payment_intent": request.payment_id,
        "amount": request.amount.minor,
        "metadata": {"reference": str(request.reference), "key": request.key},
    }


async def create(
    client: stripe.StripeClient, parameters: Mapping[str, Any], *, key: str
) -> SeenRefund:
    """Give money back; under the same key once."""
    with in_our_words():
        refund = await client.v1.refunds.create_async(
            cast(Any, dict(parameters)), {"idempotency_key": key}
        )
        document = refund.to_dict()
    return refund_from(document)


async def fetch(client: stripe.StripeClient, refund_id: str) -> SeenRefund:
    """Look at a refund."""
    with in_our_words():
        document = (await client.v1.refunds.retrieve_async(refund_id)).to_dict()
    return refund_from(document)


async def listed(client: stripe.StripeClient, payment_id: str) -> AsyncIterator[SeenRefund]:
    """Look at every refund of a payment intent, newest first."""
    with in_our_words():
        page = await client.v1.refunds.list_async({"payment_intent": payment_id, "limit": 100})
    async for document in through(page):
        yield refund_from(document)


async def made_since(
    client: stripe.StripeClient, since: datetime, until: datetime | None
) -> AsyncIterator[SeenRefund]:
    """Give the account's refunds made since then and before `until`, newest first.

    One of a charge without a payment intent is none of the till's; one that cannot be read is
    logged and must not hide the others.
    """
    with in_our_words():
        page = await client.v1.refunds.list_async(
            {"created": cast(Any, span(since, until)), "limit": 100}
        )
    async for document in through(page):
        if not document.get("payment_intent"):
            continue
        if (seen := understood("refund", document, refund_from)) is not None:
            yield seen


def refund_from(refund: Mapping[str, Any]) -> SeenRefund:
    """Read a refund as it was fetched or delivered. Raises Protocol where it proves nothing."""
    state = _REFUND_STATES.get(str(refund.get("status")))
    if state is None:
        raise Protocol(
            Message("Stripe sent a refund in a state that the till does not know"),
            repr(refund.get("status")),
        )
    intent, metadata = refund.get("payment_intent"), refund.get("metadata")
    return SeenRefund(
        refund_id=text_of(refund, "id"),
        payment_id=text_of(intent if isinstance(intent, Mapping) else {"id": intent}, "id"),
        amount=money_from(refund.get("amount"), refund.get("currency")),
        state=state,
        key=str(metadata.get("key") or "") if isinstance(metadata, Mapping) else "",
    )
