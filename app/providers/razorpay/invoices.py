"""Razorpay's invoices of a subscription: which payments it took. Asked for page by page.

Source: Razorpay's API reference, Subscriptions and Invoices. Each period has one, with an order to
pay it by; a payment names its invoice and no subscription.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from app.domain.observation import SeenPayment
from app.providers.razorpay.client import RazorpayClient
from app.providers.razorpay.documents import moment_from, objects_in, text_of
from app.providers.razorpay.payments import LATE_WITHIN, decline_of, is_captured, seen_payment

PATH: Final = "/v1/invoices"
_REFUSED: Final = "payment_failed"

Invoice = Mapping[str, Any]


async def invoices_of(client: RazorpayClient, subscription_id: str) -> list[Invoice]:
    """Ask for all invoices of a subscription, oldest first."""
    pages = client.pages(PATH, subscription_id=subscription_id)
    found: list[Invoice] = [invoice async for page in pages for invoice in page]
    return found[::-1]


def paid_of(invoices: Sequence[Invoice]) -> list[Invoice]:
    """Give those that were paid with money, in the order in which they were."""
    paid = [each for each in invoices if each.get("status") == "paid"]
    # An offer can make a period free, which then has an invoice and no payment.
    paid = [each for each in paid if each.get("payment_id") or each.get("amount_paid") != 0]
    return sorted(paid, key=lambda each: _seconds(each.get("paid_at")))


async def tries_of_first(
    client: RazorpayClient, invoices: Sequence[Invoice]
) -> list[Mapping[str, Any]] | None:
    """Read all payments that were tried to begin a subscription; None where nobody tried."""
    first = (paid_of(invoices) or list(invoices))[:1]
    return await _tries_of(client, first[0]) if first else None


async def taken_of(
    client: RazorpayClient, invoices: Sequence[Invoice], now: datetime
) -> list[SeenPayment]:
    """Give all money that was taken, oldest first.

    Of a new invoice the payment itself is read: a promise may still go back. Of one that is older
    the invoice's own word suffices, or years of a subscription would be a hundred calls.
    """
    taken = []
    for invoice in paid_of(invoices):
        paid_at = moment_from(invoice.get("paid_at"))
        if paid_at is not None and now - paid_at > LATE_WITHIN:
            taken.append(_word_of(invoice))
            continue
        payment = await client.get(f"/v1/payments/{text_of(invoice, 'payment_id')}")
        if is_captured(payment):
            taken.append(seen_payment(payment))
    return taken


async def refusal_of(client: RazorpayClient, invoices: Sequence[Invoice]) -> str:
    """Give Razorpay's reason for refusing what is due now."""
    due = [each for each in invoices if each.get("status") == "issued"][-1:]
    tries = await _tries_of(client, due[0]) if due else None
    return decline_of(tries or ()) or _REFUSED


async def _tries_of(client: RazorpayClient, invoice: Invoice) -> list[Mapping[str, Any]] | None:
    order = invoice.get("order_id")
    if isinstance(order, str) and order:
        return objects_in(await client.get(f"/v1/orders/{order}/payments"), "items")
    if invoice.get("status") == "paid":
        return [await client.get(f"/v1/payments/{text_of(invoice, 'payment_id')}")]
    return None


def _word_of(invoice: Invoice) -> SeenPayment:
    """Read the payment of an invoice as that tells it."""
    names = {"id": "payment_id", "amount": "amount_paid", "currency": "currency"}
    return seen_payment({name: invoice.get(said) for name, said in names.items()})


def _seconds(moment: Any) -> int:
    return moment if type(moment) is int else 0
