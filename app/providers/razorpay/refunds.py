"""Razorpay's refunds: asked for under a key of their own, looked at, listed.

Source: Razorpay's API reference, Refunds; the key is the header `X-Refund-Idempotency`, at least
10 characters of A-Z a-z 0-9 - _.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.refund import RefundState, SeenRefund
from app.errors import Message, Protocol
from app.providers.listed import understood
from app.providers.razorpay.amounts import money_from
from app.providers.razorpay.client import RazorpayClient
from app.providers.razorpay.documents import note_of, text_of
from app.providers.strategy import RefundRequest

KEY_HEADER: Final = "X-Refund-Idempotency"
_STATES: Final = {
    "pending": RefundState.PENDING,
    "processed": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
}
_PAYMENT: Final = "payment_id"

_log = logging.getLogger(__name__)


def parameters_of(request: RefundRequest) -> dict[str, Any]:
    """Build what a refund is created with; plain JSON data, the same for the same request.

    For how long Razorpay remembers a key it does not say; in the notes it stays.
    """
    return {
        _PAYMENT: request.payment_id,
        "amount": request.amount.minor,
        "speed": "normal",
        "notes": {"reference": str(request.reference), "key": request.key},
    }


async def create(client: RazorpayClient, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
    """Give money back; under the same key once."""
    body = {name: value for name, value in parameters.items() if name != _PAYMENT}
    path = f"/v1/payments/{parameters[_PAYMENT]}/refund"
    return refund_from(await client.post(path, body, {KEY_HEADER: key}))


async def fetch(client: RazorpayClient, refund_id: str) -> SeenRefund:
    """Look at a refund."""
    return refund_from(await client.get(f"/v1/refunds/{refund_id}"))


async def documents_of(client: RazorpayClient, payment_id: str) -> AsyncIterator[dict[str, Any]]:
    """Give every refund of a payment as Razorpay has it, newest first."""
    async for page in client.pages(f"/v1/payments/{payment_id}/refunds"):
        for document in page:
            yield document


async def made_since(
    client: RazorpayClient, since: datetime, until: datetime | None
) -> AsyncIterator[SeenRefund]:
    """Give the account's refunds made since then and before `until`, newest first.

    One that cannot be read is logged and must not hide the others.
    """
    async for document in client.listed("/v1/refunds", since, until):
        if (seen := understood("refund", document, refund_from)) is not None:
            yield seen


def refund_from(refund: Mapping[str, Any]) -> SeenRefund:
    """Read a refund as it was fetched or delivered. Raises Protocol where it proves nothing."""
    state = _STATES.get(str(refund.get("status")))
    if state is None:
        raise Protocol(
            Message("Razorpay sent a refund in a state that the till does not know"),
            repr(refund.get("status")),
        )
    return SeenRefund(
        refund_id=text_of(refund, "id"),
        payment_id=text_of(refund, _PAYMENT),
        amount=money_from(refund.get("amount"), refund.get("currency")),
        state=state,
        key=note_of(refund, "key"),
    )
