"""PayPal's sales: the payments of subscriptions, as PayPal's older API and events have them.

Source: PayPal's REST reference, Payments v1 (deprecated but for this) and Webhook event names. That
the newer API takes a sale's id for a capture's is what PayPal's support says, not its reference.
"""

from collections.abc import Mapping
from typing import Any

from app.domain.attempt import Reference
from app.domain.money import Money
from app.domain.refund import RefundState, SeenRefund
from app.errors import Message, Protocol, Rejected
from app.providers.paypal.amounts import money_from
from app.providers.paypal.client import PayPalClient
from app.providers.paypal.documents import strange, text_of

_REFUNDED = {
    "completed": RefundState.SUCCEEDED,
    "pending": RefundState.PENDING,
    "failed": RefundState.FAILED,
    "cancelled": RefundState.FAILED,
}


async def payment_of(client: PayPalClient, payment_id: str) -> dict[str, Any]:
    """Give a payment as a capture; one that PayPal has as a sale only is put into that form."""
    try:
        return await client.get(f"/v2/payments/captures/{payment_id}")
    except Rejected as refused:
        if refused.status != 404:
            raise
        try:
            sale = await client.get(f"/v1/payments/sale/{payment_id}")
        except Rejected:
            raise refused from None
    fee = sale.get("transaction_fee")
    breakdown = {"paypal_fee": _amount(fee), "gross_amount": _amount(sale.get("amount"))}
    return {
        **sale,
        "status": str(sale.get("state") or "").upper(),
        **({"seller_receivable_breakdown": breakdown} if fee is not None else {}),
    }


def subscription_of(sale: Mapping[str, Any]) -> str:
    """Give the subscription that a sale was taken for, or an empty text."""
    return str(sale.get("billing_agreement_id") or "")


def refund_from(resource: Mapping[str, Any]) -> SeenRefund:
    """Read a refund of a sale as an event has it: with a sum below zero, in some of them.

    Raises Protocol where it proves nothing.
    """
    word = str(resource.get("state") or resource.get("status") or "").lower()
    state = _REFUNDED.get(word)
    if state is None:
        raise strange("a refund of a sale", word)
    amount = _amount(resource.get("amount"))
    kept = str(resource.get("custom") or "")
    return SeenRefund(
        refund_id=text_of(resource, "id"),
        payment_id=text_of(resource, "sale_id"),
        amount=_positive({**amount, "value": str(amount["value"]).removeprefix("-")}),
        state=state,
        key="" if Reference.parse(kept) else kept,
    )


def _amount(amount: Any) -> dict[str, Any]:
    """Put an amount of the older API into the form of the newer: other names for the same two."""
    told = amount if isinstance(amount, Mapping) else {}
    return {
        "currency_code": told.get("currency_code", told.get("currency")),
        "value": told.get("value", told.get("total")),
    }


def _positive(amount: Mapping[str, Any]) -> Money:
    money = money_from(amount)
    if money.minor <= 0:
        raise Protocol(Message("PayPal sent an amount that is none"), str(money))
    return money
