"""Square's fees: what a payment and its refunds say that Square kept.

Source: Square's API reference, ProcessingFee. They come some time after the payment, and may be
adjusted, as further entries of the same list.
"""

from collections.abc import Mapping
from typing import Any

from app.domain.fee import FeeKind, SeenFee
from app.providers.square.amounts import money_from
from app.providers.square.client import SquareClient
from app.providers.square.documents import each_of, object_of


async def fees_of(client: SquareClient, payment_id: str) -> tuple[SeenFee, ...] | None:
    """Ask for the fees of a payment and, where money went back, of its refunds.

    None while the payment's own fee is not there.
    """
    payment = object_of(await client.get("payments", payment_id), "payment")
    fees = _fees(payment, payment_id, payment_id, FeeKind.PAYMENT)
    if not fees:
        return None
    named = payment.get("refund_ids")
    for refund_id in map(str, named if isinstance(named, list) else ()):
        refund = object_of(await client.get("refunds", refund_id), "refund")
        fees += _fees(refund, refund_id, payment_id, FeeKind.REFUND)
    return tuple(fees)


def _fees(
    document: Mapping[str, Any], own_id: str, payment_id: str, kind: FeeKind
) -> list[SeenFee]:
    """Read the fees of a payment or a refund; they have no ids but their places."""
    return [
        SeenFee(f"{own_id}-fee-{place}", payment_id, kind, money_from(fee.get("amount_money")))
        for place, fee in enumerate(each_of(document, "processing_fee"), 1)
    ]
