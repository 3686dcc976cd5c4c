"""Invoices of subscriptions: one for each period, paid at once or after all."""

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import events
from app.sandbox.square.workbench import INVOICE, Workbench


def send(bench: Workbench, subscription: Record, order: Record, *, is_paid: bool) -> Record:
    """Make the invoice of a period, and tell how its charge ended; the caller commits."""
    now = bench.stamp()
    id = "inv:0-" + bench.new_id(INVOICE, "Ch", 28)
    total = order.body["total_money"]
    request = {
        "uid": bench.unique(INVOICE),
        "request_type": "BALANCE",
        "due_date": now[:10],
        "automatic_payment_source": "CARD_ON_FILE",
        "card_id": subscription.body["card_id"],
        "computed_amount_money": total,
    }
    body = {
        "id": id,
        "version": 0,
        "location_id": subscription.body["location_id"],
        "order_id": order.id,
        "primary_recipient": {"customer_id": subscription.body["customer_id"]},
        "payment_requests": [request],
        "timezone": subscription.body["timezone"],
        "created_at": now,
        "subscription_id": subscription.id,
    }
    invoice = bench.keep(subscription.account, INVOICE, id, body)
    subscription.body["invoice_ids"] = [id, *subscription.body["invoice_ids"]]
    _write(bench, invoice, is_paid=is_paid)
    _tell(bench, invoice, "invoice.created")
    _tell_result(bench, invoice)
    return invoice


def charge_again(bench: Workbench, invoice: Record, *, is_paid: bool) -> None:
    """Note how another try to charge an invoice ended; the caller commits."""
    _write(bench, invoice, is_paid=is_paid)
    _tell_result(bench, invoice)


def is_paid(invoice: Record) -> bool:
    return bool(invoice.body["status"] == "PAID")


def _write(bench: Workbench, invoice: Record, *, is_paid: bool) -> None:
    (request,) = invoice.body["payment_requests"]
    total = request["computed_amount_money"]
    nothing = {**total, "amount": 0}
    request["total_completed_amount_money"] = total if is_paid else nothing
    changes: JsonObject = {
        "status": "PAID" if is_paid else "UNPAID",
        "updated_at": bench.stamp(),
        "version": invoice.body["version"] + 1,
    }
    invoice.body.update(changes)
    bench.books.save(invoice)


def _tell_result(bench: Workbench, invoice: Record) -> None:
    is_good = is_paid(invoice)
    _tell(bench, invoice, "invoice.payment_made" if is_good else "invoice.scheduled_charge_failed")


def _tell(bench: Workbench, invoice: Record, type: str) -> None:
    about = events.About("invoice", invoice.id, "invoice", invoice.body)
    events.record(bench, invoice.account, type, about, Cause())
