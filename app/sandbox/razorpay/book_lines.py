"""What the books say of each payment, refund, dispute and session: for tests and the verifier.

Amounts are integers of the smallest unit. A payment that was promised and never captured was
neither taken nor given back.
"""

from app.sandbox.books import JsonObject, Record
from app.sandbox.razorpay import charges, disputes, links, qr_codes, refunds, subscriptions
from app.sandbox.razorpay.workbench import Workbench

_SESSIONS = (links.KIND, qr_codes.KIND, subscriptions.KIND)


def account_lines(bench: Workbench, account: str) -> JsonObject:
    """All of one account, oldest first; `balance` is what is left, fees taken off."""

    def found(kind: str) -> list[Record]:
        return bench.books.select("account = ? AND kind = ?", (account, kind))

    sessions = {each.id: each for kind in _SESSIONS for each in found(kind)}
    disputed = [dispute_line(each) for each in found(disputes.KIND)]
    payments = [
        _payment_line(
            payment,
            sessions.get(payment.private["session"]),
            [line for line in disputed if line["payment_id"] == payment.id],
        )
        for payment in found(charges.KIND)
    ]
    left: dict[str, int] = {}
    for line in payments:
        gone = line["refunded_minor"] + line["withdrawn_minor"] + (line["fee_minor"] or 0)
        left[line["currency"]] = left.get(line["currency"], 0) + line["captured_minor"] - gone
    return {
        "payments": payments,
        "refunds": [
            refund_line(each) for each in found(refunds.KIND) if each.private["was_captured"]
        ],
        "disputes": disputed,
        "sessions": [session_line(each) for each in sessions.values()],
        "balance": left,
    }


def refund_line(refund: Record) -> JsonObject:
    return {
        "id": refund.id,
        "refund_id": refund.id,
        "payment_id": refund.body["payment_id"],
        "amount_minor": refund.body["amount"],
        "currency": refund.body["currency"],
        "status": refund.body["status"],
        "failure_reason": None,
        "metadata": refund.body["notes"] or {},
        "created": refund.created,
    }


def dispute_line(dispute: Record) -> JsonObject:
    """A dispute costs what is deducted when it is lost, and no fee of its own."""
    return {
        "dispute_id": dispute.id,
        "payment_id": dispute.body["payment_id"],
        "amount_minor": dispute.body["amount"],
        "currency": dispute.body["currency"],
        "reason": dispute.body["reason_code"],
        "status": dispute.body["status"],
        "due_by": dispute.body["respond_by"],
        "withdrawn_minor": dispute.body["amount_deducted"],
        "reinstated_minor": 0,
        "fee_minor": 0,
        "fee_currency": None,
        "created": dispute.created,
    }


def session_line(session: Record) -> JsonObject:
    """A link, a QR code or a subscription; `status` is the provider's word."""
    body = session.body
    if session.kind == qr_codes.KIND:
        amount, currency = body["payment_amount"], "INR"
        is_paid = body["payments_count_received"] > 0
    elif session.kind == subscriptions.KIND:
        amount, currency = session.private["amount"], session.private["currency"]
        is_paid = body["paid_count"] > 0
    else:
        amount, currency, is_paid = body["amount"], body["currency"], body["status"] == "paid"
    return {
        "id": session.id,
        "reference": reference_of(session),
        "status": body["status"],
        "payment_status": "paid" if is_paid else "unpaid",
        "amount_total": amount,
        "currency": currency,
    }


def reference_of(session: Record | None) -> str | None:
    """The shop's own id: the link's reference, or what the notes say."""
    if session is None:
        return None
    notes = session.body["notes"] or {}
    return session.body.get("reference_id") or notes.get("reference")


def _payment_line(
    payment: Record, session: Record | None, disputed: list[JsonObject]
) -> JsonObject:
    body, was_captured = payment.body, payment.private["was_captured"]
    return {
        "payment_id": payment.id,
        "session_id": payment.private["session"],
        "reference": reference_of(session),
        "metadata": (session.body["notes"] if session else None) or {},
        "amount_minor": body["amount"],
        "currency": body["currency"],
        "livemode": False,
        "captured_minor": body["amount"] if was_captured else 0,
        "refunded_minor": body["amount_refunded"] if was_captured else 0,
        "withdrawn_minor": sum(line["withdrawn_minor"] for line in disputed),
        "reinstated_minor": 0,
        "fee_minor": body["fee"],
        "fee_currency": None if body["fee"] is None else body["currency"],
        "status": body["status"],
        "created": payment.created,
    }
