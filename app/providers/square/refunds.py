"""Square's refunds: asked for, looked at, listed.

Source: Square's API reference, Refunds, version 2026-09-16.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.refund import RefundState, SeenRefund
from app.errors import Message, Protocol
from app.providers.listed import understood
from app.providers.square.amounts import money_from, written
from app.providers.square.client import SquareClient
from app.providers.square.documents import moment_from, object_of, stamp, text_of
from app.providers.strategy import RefundRequest

_REFUND_STATES: Final = {
    "PENDING": RefundState.PENDING,
    "COMPLETED": RefundState.SUCCEEDED,
    "REJECTED": RefundState.FAILED,
    "FAILED": RefundState.FAILED,
}
_REASON: Final = "Scantill "
"""What a refund of the till's says as its reason, before its key."""

_log = logging.getLogger(__name__)


def parameters_of(request: RefundRequest) -> dict[str, Any]:
    """Build what a refund is created with; plain JSON data, the same for the same request.

    Square wants the amount even of a full refund, and tells nobody how long it remembers a key: in
    the reason it stays.
    """
    return {
        "payment_id": request.payment_id,
        "amount_money": written(request.amount),
        "reason": f"{_REASON}{request.key}",
    }


async def create(client: SquareClient, parameters: Mapping[str, Any], *, key: str) -> SeenRefund:
    """Give money back; under the same key once."""
    answer = await client.post("refunds", body={**parameters, "idempotency_key": key})
    return refund_from(object_of(answer, "refund"))


async def fetch(client: SquareClient, refund_id: str) -> SeenRefund:
    """Look at a refund."""
    return refund_from(object_of(await client.get("refunds", refund_id), "refund"))


async def listed(client: SquareClient, payment_id: str) -> AsyncIterator[SeenRefund]:
    """Look at every refund of a payment, newest first.

    By what the payment names, each asked for by itself: Square's list of refunds has new ones late.
    """
    payment = object_of(await client.get("payments", payment_id), "payment")
    named = payment.get("refund_ids")
    for refund_id in reversed(named if isinstance(named, list) else []):
        yield await fetch(client, str(refund_id))


async def changed_since(
    client: SquareClient, since: datetime, until: datetime | None
) -> AsyncIterator[SeenRefund]:
    """Give the merchant's refunds that were made or changed since then and before `until`.

    One that is of no payment is none of the till's; one that cannot be read is logged and must not
    hide the others.
    """
    query = {"updated_at_begin_time": stamp(since), "sort_field": "UPDATED_AT"}
    if until is not None:
        query["updated_at_end_time"] = stamp(until)
    async for document in client.listed("refunds", "refunds", **query, sort_order="DESC"):
        changed = moment_from(document.get("updated_at"))
        is_later = until is not None and changed is not None and changed >= until
        if is_later or not document.get("payment_id"):
            continue
        if (seen := understood("refund", document, refund_from)) is not None:
            yield seen


def refund_from(refund: Mapping[str, Any]) -> SeenRefund:
    """Read a refund as it was fetched or delivered. Raises Protocol where it proves nothing."""
    state = _REFUND_STATES.get(str(refund.get("status")))
    if state is None:
        raise Protocol(
            Message("Square sent a refund in a state that the till does not know"),
            repr(refund.get("status")),
        )
    reason = str(refund.get("reason") or "")
    return SeenRefund(
        refund_id=text_of(refund, "id"),
        payment_id=text_of(refund, "payment_id"),
        amount=money_from(refund.get("amount_money")),
        state=state,
        key=reason.removeprefix(_REASON) if reason.startswith(_REASON) else "",
    )
