"""`invoice`, its lines and its payments, for `mode=subscription`."""

from collections.abc import Sequence

from app.sandbox.books import JsonObject
from app.sandbox.stripe.objects.listed import listed

DRAFT_S = 3600
"""How long a renewal's invoice stays a draft; docs.stripe.com/billing/subscriptions/overview."""


def invoice(
    *,
    id: str,
    created: int,
    amount: int,
    currency: str,
    customer: JsonObject,
    lines: Sequence[JsonObject],
    subscription: JsonObject,
    shop_name: str,
    reason: str,
    period: tuple[int, int],
) -> JsonObject:
    """A draft: `finalize`, `pay` and `close` make more of it. `period` is what went before."""
    return {
        "id": id,
        "object": "invoice",
        "account_country": "US",
        "account_name": shop_name,
        "account_tax_ids": None,
        "amount_due": amount,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": amount,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": created + DRAFT_S,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": created,
        "currency": currency,
        "custom_fields": None,
        "customer": customer["id"],
        "customer_account": None,
        "customer_address": None,
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": None,
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": listed(lines, f"/v1/invoices/{id}/lines"),
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": {
            "quote_details": None,
            "subscription_details": {
                "metadata": subscription["metadata"],
                "subscription": subscription["id"],
            },
            "type": "subscription_details",
        },
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": period[1],
        "period_start": period[0],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": amount,
        "subtotal_excluding_tax": amount,
        "test_clock": None,
        "total": amount,
        "total_discount_amounts": [],
        "total_excluding_tax": amount,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": None,
    }


def finalize(invoice: JsonObject, *, number: str, at: int) -> None:
    invoice.update(status="open", number=number, effective_at=at, ending_balance=0)
    invoice.update(automatically_finalizes_at=None, webhooks_delivered_at=at)
    invoice["status_transitions"] = {**invoice["status_transitions"], "finalized_at": at}


def pay(invoice: JsonObject, *, at: int) -> None:
    invoice.update(status="paid", amount_paid=invoice["amount_due"], amount_remaining=0)
    invoice.update(auto_advance=False, next_payment_attempt=None)
    invoice["status_transitions"] = {**invoice["status_transitions"], "paid_at": at}


def close(invoice: JsonObject, status: str, *, at: int) -> None:
    """Have nobody pay it: `void` or `uncollectible`."""
    moment = {"void": "voided_at", "uncollectible": "marked_uncollectible_at"}[status]
    invoice.update(status=status, auto_advance=False, next_payment_attempt=None)
    invoice["status_transitions"] = {**invoice["status_transitions"], moment: at}


def invoice_line(
    *, id: str, invoice: str, item: JsonObject, start: int, end: int, subscription: JsonObject
) -> JsonObject:
    """`item` is a line of the session that began it, whole or what of it comes again."""
    price = item["price"]
    recurring = next(
        (s for s in subscription["items"]["data"] if s["price"]["id"] == price["id"]), None
    )
    return {
        "id": id,
        "object": "line_item",
        "amount": item["amount_total"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice,
        "livemode": False,
        "metadata": subscription["metadata"],
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": None
            if recurring is None
            else {
                "invoice_item": None,
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": recurring["id"],
            },
            "type": "invoice_item_details" if recurring is None else "subscription_item_details",
        },
        "period": {"end": end, "start": start},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "quantity_decimal": str(item["quantity"]),
        "subscription": subscription["id"],
        "subtotal": item["amount_subtotal"],
        "taxes": [],
    }


def invoice_payment(
    *, id: str, created: int, amount: int, currency: str, invoice: str, intent: str
) -> JsonObject:
    """What is to pay an invoice: `settle_payment` says that it did."""
    return {
        "id": id,
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": amount,
        "created": created,
        "currency": currency,
        "invoice": invoice,
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent, "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }


def settle_payment(payment: JsonObject, *, at: int) -> None:
    payment.update(status="paid", amount_paid=payment["amount_requested"])
    payment["status_transitions"] = {"canceled_at": None, "paid_at": at}
