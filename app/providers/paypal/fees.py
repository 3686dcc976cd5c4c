"""PayPal's fees: what the breakdowns of a capture and of its refunds say.

Source: PayPal's REST reference, Payments v2: `seller_receivable_breakdown` and
`seller_payable_breakdown`. With a refund PayPal gives some of its fee back, or none.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.domain.fee import FeeKind, SeenFee
from app.domain.money import Money
from app.providers.paypal import reports, sales
from app.providers.paypal.amounts import money_from
from app.providers.paypal.client import PayPalClient
from app.providers.paypal.documents import text_of


async def fees_of(
    client: PayPalClient, capture_id: str, *, now: datetime
) -> tuple[SeenFee, ...] | None:
    """Ask for the fees of a capture and, where money went back, of its refunds.

    None while the capture is pending: then there is no breakdown.
    """
    capture = await sales.payment_of(client, capture_id)
    taken = _fee_in(capture, "seller_receivable_breakdown")
    if taken is None:
        return None
    fees = [SeenFee(f"{capture_id}-fee", capture_id, FeeKind.PAYMENT, taken)]
    if capture.get("status") in ("REFUNDED", "PARTIALLY_REFUNDED"):
        for refund in reversed(await reports.refunds_of(client, capture_id, now=now)):
            given = _fee_in(refund, "seller_payable_breakdown")
            if given is not None:
                back = Money(-given.minor, given.currency)
                fee_id = f"{text_of(refund, 'id')}-fee"
                fees.append(SeenFee(fee_id, capture_id, FeeKind.REFUND, back))
    return tuple(fees)


def _fee_in(document: Mapping[str, Any], name: str) -> Money | None:
    breakdown = document.get(name)
    if not isinstance(breakdown, Mapping):
        return None
    fee = breakdown.get("paypal_fee")
    if fee is None:
        # Nothing was kept: the breakdown names what there is.
        return Money(0, money_from(breakdown.get("gross_amount")).currency)
    return money_from(fee)
