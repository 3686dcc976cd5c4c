"""Razorpay's fees: what a payment says that was kept of it, tax included.

Source: Razorpay's API reference, Payments. The fee is null until it is known; a refund at normal
speed costs nothing and brings no fee back.
"""

from collections.abc import Mapping
from typing import Any

from app.domain.fee import FeeKind, SeenFee
from app.providers.razorpay.amounts import money_from
from app.providers.razorpay.client import RazorpayClient
from app.providers.razorpay.documents import text_of
from app.providers.razorpay.refunds import documents_of


async def fees_of(client: RazorpayClient, payment_id: str) -> tuple[SeenFee, ...] | None:
    """Ask for the fee of a payment and, where money went back, of its refunds.

    None while it is not known, and for a payment in foreign money, where Razorpay does not say in
    which of the two currencies its fee is.
    """
    payment = await client.get(f"/v1/payments/{payment_id}")
    currency = payment.get("currency")
    if payment.get("fee") is None or payment.get("base_currency") not in {None, currency}:
        return None
    fees = [_fee(payment_id, payment_id, FeeKind.PAYMENT, payment["fee"], currency)]
    if payment.get("amount_refunded"):
        async for refund in documents_of(client, payment_id):
            if _is_free(refund):
                fees.append(_fee(text_of(refund, "id"), payment_id, FeeKind.REFUND, 0, currency))
    return tuple(fees)


def _fee(entry: str, payment_id: str, kind: FeeKind, amount: Any, currency: Any) -> SeenFee:
    """Make a fee: Razorpay has no entries of their own for fees, one stands with what it is for."""
    return SeenFee(f"{entry}-fee", payment_id, kind, money_from(amount, currency))


def _is_free(refund: Mapping[str, Any]) -> bool:
    return "normal" in (refund.get("speed_processed"), refund.get("speed_requested"))
