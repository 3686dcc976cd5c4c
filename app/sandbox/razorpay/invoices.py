"""Invoices of subscriptions: one for each period, issued with an order, paid by one payment."""

from typing import Any, Final

from app.sandbox.books import JsonObject, Record
from app.sandbox.razorpay import charges, currencies, short_urls
from app.sandbox.razorpay.listings import page
from app.sandbox.razorpay.objects import NO_TAX
from app.sandbox.razorpay.parameters import InvoiceFilter, NoFilter, read
from app.sandbox.razorpay.workbench import Call, Workbench, collection

KIND: Final = "razorpay.invoice"
SCHEMA = """
CREATE INDEX IF NOT EXISTS razorpay_invoices_by_subscription
    ON objects (account, json_extract(body, '$.subscription_id'))
    WHERE kind = 'razorpay.invoice';
"""
_CUSTOMER = (
    "id name email contact gstin billing_address shipping_address customer_name customer_email"
    " customer_contact"
).split()


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    read(NoFilter, call.params)
    return _presented(bench, bench.need(call.account, KIND, call.id))


def listing(bench: Workbench, call: Call) -> JsonObject:
    asked = read(InvoiceFilter, call.params)
    wanted = {"subscription_id": asked.subscription_id, "payment_id": asked.payment_id}
    found = page(bench, call.account, KIND, asked, only=wanted)
    records = [bench.need(call.account, KIND, body["id"]) for body in found["items"]]
    return collection([_presented(bench, record) for record in records])


def due(bench: Workbench, subscription: Record, plan: JsonObject, amount: int) -> Record:
    """The invoice that is to be paid next, issued when somebody first tries; the caller commits."""
    issued = bench.books.get(KIND, subscription.private.get("invoice") or "")
    if issued is not None:
        return issued
    item, now = plan["item"], bench.now()
    order = charges.new_order(
        bench,
        subscription.account,
        amount=amount,
        currency=item["currency"],
        receipt="",
        notes=None,
    )
    body = {
        "id": bench.id_for(KIND, "inv_"),
        "entity": "invoice",
        "receipt": None,
        "invoice_number": None,
        "customer_id": None,
        "customer_details": dict.fromkeys(_CUSTOMER),
        "order_id": order.id,
        "subscription_id": subscription.id,
        "line_items": [_line(bench, item, subscription.body["quantity"])],
        "payment_id": None,
        "status": "issued",
        "expire_by": None,
        "issued_at": now,
        "paid_at": None,
        "cancelled_at": None,
        "expired_at": None,
        "sms_status": None,
        "email_status": None,
        "date": now,
        "terms": None,
        "partial_payment": False,
        "gross_amount": amount,
        "tax_amount": 0,
        "taxable_amount": amount,
        "amount": amount,
        "amount_paid": 0,
        "amount_due": amount,
        "currency": item["currency"],
        "currency_symbol": currencies.symbol(item["currency"]),
        "description": None,
        "notes": [],
        "comment": None,
        "short_url": "",
        "view_less": True,
        "billing_start": None,
        "billing_end": None,
        "type": "invoice",
        "group_taxes_discounts": False,
        "created_at": now,
        "idempotency_key": None,
    }
    subscription.private["invoice"] = body["id"]
    bench.books.save(subscription)
    private = {"slug": subscription.private["slug"]}
    return bench.keep(subscription.account, KIND, body, private)


def order_of(bench: Workbench, invoice: Record) -> Record | None:
    """The invoice's order, with one more try to pay it."""
    order = bench.books.get(charges.ORDER, invoice.body["order_id"])
    if order is not None and order.body["status"] != "paid":
        order.body.update(status="attempted", attempts=order.body["attempts"] + 1)
        bench.books.save(order)
    return order


def pay(bench: Workbench, subscription: Record, payment: Record) -> bool:
    """Note what an invoice was paid by; False where it was paid before. The caller commits."""
    invoice = bench.books.get(KIND, payment.body["invoice_id"] or "")
    if invoice is None or invoice.body["status"] == "paid":
        return False
    amount = payment.body["amount"]
    invoice.body.update(
        status="paid",
        payment_id=payment.id,
        paid_at=bench.now(),
        amount_paid=amount,
        amount_due=max(0, invoice.body["amount"] - amount),
        currency=payment.body["currency"],
    )
    bench.books.save(invoice)
    order = bench.books.get(charges.ORDER, invoice.body["order_id"])
    if order is not None:
        order.body.update(
            status="paid", amount_paid=amount, amount_due=max(0, order.body["amount"] - amount)
        )
        bench.books.save(order)
    subscription.private["invoice"] = None
    return True


def bill(bench: Workbench, payment: Record, start: int, end: int) -> None:
    """Note the period that an invoice is for; the caller commits."""
    invoice = bench.books.get(KIND, payment.body["invoice_id"] or "")
    if invoice is not None:
        invoice.body.update(billing_start=start, billing_end=end)
        bench.books.save(invoice)


def _presented(bench: Workbench, invoice: Record) -> JsonObject:
    """The invoice as its API shows it now; its page is that of its subscription."""
    return {**invoice.body, "short_url": short_urls.url(bench, invoice.private["slug"])}


def _line(bench: Workbench, item: JsonObject, quantity: int) -> dict[str, Any]:
    amount = item["amount"]
    return {
        "id": bench.ids("li_", 14),
        "item_id": None,
        "ref_id": None,
        "ref_type": None,
        "name": item["name"],
        "description": item["description"],
        "amount": amount,
        "unit_amount": amount,
        "gross_amount": amount * quantity,
        "net_amount": amount * quantity,
        "currency": item["currency"],
        "type": "plan",
        "quantity": quantity,
        **NO_TAX,
        "taxable_amount": amount * quantity,
    }
