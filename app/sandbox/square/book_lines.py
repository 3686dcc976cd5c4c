"""What the books say of each payment, refund, dispute and link: for tests and the verifier.

Amounts are integers of the smallest unit. A refund counts as given back from the moment at which
it was taken on until it is known to have failed.
"""

from app.sandbox.books import JsonObject, Record
from app.sandbox.square import disputes, fees, subscribers
from app.sandbox.square.workbench import DISPUTE, LINK, ORDER, PAYMENT, REFUND, Workbench


def account_lines(bench: Workbench, account: str) -> JsonObject:
    """All of one merchant, oldest first; `balance` is the sum of what each movement left."""
    found = {
        kind: bench.books.select("account = ? AND kind = ?", (account, kind))
        for kind in (LINK, PAYMENT, REFUND, DISPUTE)
    }
    payments = [payment_line(bench, payment) for payment in found[PAYMENT]]
    left: dict[str, int] = {}
    for line in payments:
        came = line["captured_minor"] - line["refunded_minor"] - (line["fee_minor"] or 0)
        came += line["reinstated_minor"] - line["withdrawn_minor"]
        left[line["currency"]] = left.get(line["currency"], 0) + came
    return {
        "payments": payments,
        "refunds": [refund_line(refund) for refund in found[REFUND]],
        "disputes": [dispute_line(dispute) for dispute in found[DISPUTE]],
        "sessions": [session_line(bench, link) for link in found[LINK]],
        "balance": left,
    }


def payment_line(bench: Workbench, payment: Record) -> JsonObject:
    order = bench.known(ORDER, payment.body["order_id"]).body
    total, status = payment.body["total_money"], payment.body["status"]
    about = disputes.of_payment(bench, payment)
    return {
        "payment_id": payment.id,
        "session_id": payment.private["link"],
        "order_id": order["id"],
        "reference": order.get("reference_id") or payment.private.get("reference"),
        "metadata": order.get("metadata", {}),
        "amount_minor": total["amount"],
        "currency": total["currency"],
        "livemode": False,
        "captured_minor": total["amount"] if status == "COMPLETED" else 0,
        "refunded_minor": payment.private["refunding"],
        "withdrawn_minor": sum(each.private["withdrawn"] for each in about),
        "reinstated_minor": sum(each.private["reinstated"] for each in about),
        "fee_minor": fees.of_payment(payment.body),
        "fee_currency": total["currency"] if "processing_fee" in payment.body else None,
        "status": status,
        "created": payment.created,
    }


def refund_line(refund: Record) -> JsonObject:
    return {
        "id": refund.id,
        "refund_id": refund.id,
        "payment_id": refund.body["payment_id"],
        "amount_minor": refund.body["amount_money"]["amount"],
        "currency": refund.body["amount_money"]["currency"],
        "status": refund.body["status"],
        "failure_reason": None,
        "metadata": {},
        "created": refund.created,
    }


def dispute_line(dispute: Record) -> JsonObject:
    return {
        "dispute_id": dispute.id,
        "payment_id": dispute.body["disputed_payment"]["payment_id"],
        "amount_minor": dispute.body["amount_money"]["amount"],
        "currency": dispute.body["amount_money"]["currency"],
        "reason": dispute.body["reason"],
        "status": dispute.body["state"],
        "due_by": dispute.body["due_at"],
        "withdrawn_minor": dispute.private["withdrawn"],
        "reinstated_minor": dispute.private["reinstated"],
        "fee_minor": 0,
        "fee_currency": None,
        "created": dispute.created,
    }


def session_line(bench: Workbench, link: Record) -> JsonObject:
    """A payment link in the words that all providers' sessions have, and its order in Square's."""
    own, order = link.body["order_id"], subscribers.order_of(bench, link).body
    total, due = order["total_money"], order["net_amount_due_money"]
    status = {"DRAFT": "open", "CANCELED": "expired"}.get(order["state"], "complete")
    is_paid = status == "complete" and due["amount"] == 0
    return {
        "id": link.id,
        "order_id": own,
        "order_state": order["state"],
        "reference": order.get("reference_id") or link.body.get("payment_note"),
        "status": status,
        "payment_status": "paid" if is_paid else "unpaid",
        "amount_total": total["amount"],
        "currency": total["currency"],
    }
