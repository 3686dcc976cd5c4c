"""What the books say of each payment, refund, dispute and session: for tests and the verifier.

The shape is that of every provider here. Amounts are integers of the smallest unit.
"""

from app.sandbox.books import JsonObject, Record
from app.sandbox.paypal import billing, captures, disputes, orders, refunds
from app.sandbox.paypal.money import minor_of
from app.sandbox.paypal.workbench import Workbench


def account_lines(bench: Workbench, account: str) -> JsonObject:
    """All of one account, oldest first; `balance` is what is left of its money, by currency."""

    def all_of(kind: str) -> list[Record]:
        return bench.books.select("account = ? AND kind = ?", (account, kind))

    disputed = [dispute_line(dispute) for dispute in all_of(disputes.KIND)]
    payments = [payment_line(each, disputed) for each in all_of(captures.KIND)]
    left: dict[str, int] = {}
    for line in payments:
        kept = line["captured_minor"] - line["refunded_minor"] - (line["fee_minor"] or 0)
        kept += line["reinstated_minor"] - line["withdrawn_minor"]
        left[line["currency"]] = left.get(line["currency"], 0) + kept
    for line in disputed:
        left[line["currency"]] = left.get(line["currency"], 0) - line["fee_minor"]
    return {
        "payments": payments,
        "refunds": [refund_line(refund) for refund in all_of(refunds.KIND)],
        "disputes": disputed,
        "sessions": [
            *(session_line(order) for order in all_of(orders.KIND)),
            *(subscription_line(each) for each in all_of(billing.KIND)),
        ],
        "balance": left,
    }


def session_line(order: Record) -> JsonObject:
    unit = order.body["purchase_units"][0]
    return {
        "id": order.id,
        "reference": unit.get("custom_id"),
        "status": "EXPIRED" if orders.is_over(order) else order.body["status"],
        "payment_status": "paid" if order.private["captures"] else "unpaid",
        "amount_total": minor_of(unit["amount"]),
        "currency": unit["amount"]["currency_code"],
    }


def subscription_line(subscription: Record) -> JsonObject:
    is_over = subscription.private.get("is_over")
    return {
        "id": subscription.id,
        "reference": subscription.body.get("custom_id"),
        "status": "EXPIRED" if is_over else subscription.body["status"],
        "payment_status": "paid" if subscription.private["done"] else "unpaid",
        "amount_total": subscription.private["minor"],
        "currency": subscription.private["currency"],
    }


def payment_line(capture: Record, disputed: list[JsonObject]) -> JsonObject:
    amount, breakdown = capture.body["amount"], capture.body.get("seller_receivable_breakdown")
    own = [line for line in disputed if line["payment_id"] == capture.id]
    minor = minor_of(amount)
    return {
        "payment_id": capture.id,
        "session_id": capture.private["order"],
        "reference": capture.body.get("custom_id"),
        "metadata": {},
        "amount_minor": minor,
        "currency": amount["currency_code"],
        "livemode": False,
        "captured_minor": minor if capture.body["status"] in captures.TAKEN else 0,
        "refunded_minor": capture.private["refunded_minor"],
        "withdrawn_minor": sum(line["withdrawn_minor"] for line in own),
        "reinstated_minor": sum(line["reinstated_minor"] for line in own),
        "fee_minor": None if breakdown is None else minor_of(breakdown["paypal_fee"]),
        "fee_currency": None if breakdown is None else amount["currency_code"],
        "status": capture.body["status"],
        "created": capture.created,
    }


def refund_line(refund: Record) -> JsonObject:
    amount = refund.body["amount"]
    return {
        "id": refund.id,
        "refund_id": refund.id,
        "payment_id": refund.private["capture"],
        "amount_minor": minor_of(amount),
        "currency": amount["currency_code"],
        "status": refund.body["status"],
        "failure_reason": None,
        "metadata": {},
        "created": refund.created,
    }


def dispute_line(dispute: Record) -> JsonObject:
    amount = dispute.body["dispute_amount"]
    return {
        "dispute_id": dispute.id,
        "payment_id": dispute.private["capture"],
        "amount_minor": minor_of(amount),
        "currency": amount["currency_code"],
        "reason": dispute.body["reason"],
        "status": dispute.body["status"],
        "outcome": dispute.body.get("dispute_outcome", {}).get("outcome_code"),
        "due_by": dispute.private["due_by"],
        "withdrawn_minor": dispute.private["withdrawn_minor"],
        "reinstated_minor": dispute.private["reinstated_minor"],
        "fee_minor": dispute.private["fee_minor"],
        "fee_currency": amount["currency_code"],
        "created": dispute.created,
    }
