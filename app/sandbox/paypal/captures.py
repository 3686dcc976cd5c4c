"""Captures: the payments themselves, as their own API and the order they belong to show them."""

from typing import Final

from app.sandbox.books import JsonObject, Record
from app.sandbox.paypal import events
from app.sandbox.paypal.errors import unprocessable
from app.sandbox.paypal.money import minor_of, money
from app.sandbox.paypal.terms import receivable
from app.sandbox.paypal.workbench import Call, Workbench

KIND = "paypal.capture"
TAKEN = ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED")
"""The states in which the money has been the shop's."""
PENDING_REASONS: Final = (
    "ECHECK",
    "INTERNATIONAL_WITHDRAWAL",
    "OTHER",
    "PENDING_REVIEW",
    "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION",
    "TRANSACTION_APPROVED_AWAITING_FUNDING",
    "UNILATERAL",
    "VERIFICATION_REQUIRED",
)
SCHEMA = """
CREATE INDEX IF NOT EXISTS paypal_invoices ON objects
    (account, json_extract(body, '$.invoice_id')) WHERE kind = 'paypal.capture';
"""

_ELSEWHERE = ("supplementary_data", "payee")


def retrieve(bench: Workbench, call: Call) -> tuple[int, JsonObject]:
    return 200, presented(bench, bench.need(call.account, KIND, call.id))


def add(
    bench: Workbench, order: Record, minor: int, currency: str, pending: str | None = None
) -> Record:
    """Capture so much of an order's approval; `pending` says why the money is not there yet.

    The caller saves the order and commits.
    """
    unit = order.body["purchase_units"][0]
    body: JsonObject = {
        "id": bench.new_code(KIND),
        "status": "PENDING",
        "amount": money(minor, currency),
        "final_capture": True,
        "seller_protection": {
            "status": "ELIGIBLE",
            "dispute_categories": ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"],
        },
        **{name: unit[name] for name in ("invoice_id", "custom_id") if name in unit},
        "supplementary_data": {"related_ids": {"order_id": order.id}},
        "payee": unit["payee"],
        "create_time": bench.time(),
        "update_time": bench.time(),
    }
    capture = bench.put(order.account, KIND, body, {"order": order.id, "refunded_minor": 0})
    order.private["captures"].append(capture.id)
    if pending is None:
        complete(bench, capture)
        return capture
    body["status_details"] = {"reason": pending}
    capture.private["began_pending"] = True
    bench.books.save(capture)
    words = f"Payment pending for {_said(capture)}"
    tell(bench, capture, "PAYMENT.CAPTURE.PENDING", words)
    return capture


def add_sale(
    bench: Workbench,
    subscription: Record,
    id: str,
    minor: int,
    currency: str,
    pending: str | None = None,
) -> Record:
    """Let a subscription's payment be a capture too, as which it can be read and refunded.

    That PayPal takes a sale's id there is what its support says; its reference does not.
    """
    body: JsonObject = {
        "id": id,
        "status": "PENDING" if pending else "COMPLETED",
        "amount": money(minor, currency),
        "final_capture": True,
        "seller_protection": {"status": "ELIGIBLE"},
        **(
            {"status_details": {"reason": pending}}
            if pending
            else {"seller_receivable_breakdown": receivable(bench, minor, currency)}
        ),
        "payee": {"email_address": "shop@example.com", "merchant_id": subscription.account},
        "create_time": bench.time(),
        "update_time": bench.time(),
    }
    if "custom_id" in subscription.body:
        body["custom_id"] = subscription.body["custom_id"]
    private = {"order": subscription.id, "refunded_minor": 0, "is_sale": True}
    if pending:
        private["began_pending"] = True
    return bench.put(subscription.account, KIND, body, private)


def is_sale(capture: Record) -> bool:
    """Say whether it is a subscription's payment."""
    return bool(capture.private.get("is_sale"))


def complete(bench: Workbench, capture: Record) -> None:
    """Let the money be there; the caller commits."""
    amount = capture.body["amount"]
    capture.body.pop("status_details", None)
    capture.body["status"] = "COMPLETED"
    capture.body["seller_receivable_breakdown"] = receivable(
        bench, minor_of(amount), amount["currency_code"]
    )
    _save(bench, capture)
    tell(bench, capture, "PAYMENT.CAPTURE.COMPLETED", f"Payment completed for {_said(capture)}")


def decline(bench: Workbench, capture: Record) -> None:
    """Let the money not come after all; the caller commits."""
    reason = capture.body.get("status_details", {}).get("reason")
    capture.body["status"] = "DECLINED"
    _save(bench, capture)
    # A bank declines, PayPal's own review denies.
    verb = "DECLINED" if reason == "ECHECK" else "DENIED"
    tell(bench, capture, f"PAYMENT.CAPTURE.{verb}", f"Payment {verb.lower()}: {_said(capture)}")


def refund_so_far(bench: Workbench, capture: Record, minor: int) -> None:
    """Note that so much more was given back, or less where negative; the caller commits."""
    capture.private["refunded_minor"] += minor
    refunded = capture.private["refunded_minor"]
    if refunded == 0:
        capture.body["status"] = "COMPLETED"
    else:
        is_all = refunded == minor_of(capture.body["amount"])
        capture.body["status"] = "REFUNDED" if is_all else "PARTIALLY_REFUNDED"
    _save(bench, capture)


def check_invoice(bench: Workbench, account: str, invoice: str | None) -> None:
    """Refuse an invoice number under which the shop has been paid before."""
    condition = (
        "account = ? AND kind = 'paypal.capture' AND json_extract(body, '$.invoice_id') = ?"
        " AND json_extract(body, '$.status') <> 'DECLINED'"
    )
    if invoice is not None and bench.books.select(
        condition, (account, invoice), index="paypal_invoices"
    ):
        raise unprocessable("DUPLICATE_INVOICE_ID", "/purchase_units/0/invoice_id", invoice)


def presented(bench: Workbench, capture: Record) -> JsonObject:
    path = f"/v2/payments/captures/{capture.id}"
    links = [bench.link(path, "self"), bench.link(f"{path}/refund", "refund", "POST")]
    if not is_sale(capture):
        links.append(bench.link(f"/v2/checkout/orders/{capture.private['order']}", "up"))
    return {**capture.body, "links": links}


def in_order(bench: Workbench, capture: Record) -> JsonObject:
    """As its order shows it."""
    whole = presented(bench, capture)
    return {name: value for name, value in whole.items() if name not in _ELSEWHERE}


def tell(bench: Workbench, capture: Record, type: str, summary: str) -> None:
    """Tell of a capture; a subscription's payment is told of as the sale that it is."""
    if is_sale(capture):
        return
    resource = presented(bench, capture)
    events.record(bench, capture.account, type, "capture", resource, summary)


def _save(bench: Workbench, capture: Record) -> None:
    capture.body["update_time"] = bench.time()
    bench.books.save(capture)


def _said(capture: Record) -> str:
    amount = capture.body["amount"]
    return f"{amount['currency_code']} {amount['value']}"
