"""What the books say of each payment, refund, dispute and session: for tests and the verifier.

Amounts are integers of the smallest unit; what was withdrawn and brought back by disputes stands
beside what was refunded, since neither is part of the other.
"""

from typing import Any

from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import balance
from app.sandbox.stripe.workbench import Workbench

_KINDS = (
    *("checkout.session", "payment_link", "payment_intent"),
    *("charge", "refund", "dispute", "subscription", balance.KIND),
)


def account_lines(bench: Workbench, account: str) -> JsonObject:
    """All of one account, oldest first; `balance` is the sum of what each movement left."""
    found = {
        kind: bench.books.select("account = ? AND kind = ?", (account, kind)) for kind in _KINDS
    }
    by_id = {session.id: session for session in found["checkout.session"]}
    clubs = {subscription.id: subscription for subscription in found["subscription"]}
    charges = {charge.id: charge for charge in found["charge"]}
    posted = {
        each.body["source"]: each.body
        for each in found[balance.KIND]
        if each.body["type"] == "charge"
    }
    disputes = [dispute_line(bench, dispute) for dispute in found["dispute"]]
    left: dict[str, int] = {}
    for each in found[balance.KIND]:
        left[each.body["currency"]] = left.get(each.body["currency"], 0) + each.body["net"]
    return {
        "payments": [
            _payment_line(
                intent,
                by_id.get(intent.private["session"]),
                clubs.get(intent.private.get("subscription", "")),
                charges.get(intent.body["latest_charge"] or ""),
                posted.get(intent.body["latest_charge"]),
                [line for line in disputes if line["payment_id"] == intent.id],
            )
            for intent in found["payment_intent"]
        ],
        "refunds": [refund_line(refund) for refund in found["refund"]],
        "disputes": disputes,
        "sessions": [session_line(session) for session in found["checkout.session"]],
        "links": [link_line(link) for link in found["payment_link"]],
        "balance": left,
    }


def refund_line(refund: Record) -> JsonObject:
    return {
        "id": refund.id,
        "refund_id": refund.id,
        "payment_id": refund.body["payment_intent"],
        "amount_minor": refund.body["amount"],
        "currency": refund.body["currency"],
        "status": refund.body["status"],
        "failure_reason": refund.body.get("failure_reason"),
        "metadata": refund.body["metadata"],
        "created": refund.created,
    }


def dispute_line(bench: Workbench, dispute: Record) -> JsonObject:
    """`fee_minor` is in `fee_currency`, which is the account's own where it settles in one."""
    found = [bench.books.get(balance.KIND, id) for id in dispute.private["transactions"]]
    moved = [transaction.body for transaction in found if transaction is not None]
    taken = sum(body["reporting_category"] == "dispute" for body in moved)
    amount = dispute.body["amount"]
    return {
        "dispute_id": dispute.id,
        "payment_id": dispute.body["payment_intent"],
        "amount_minor": amount,
        "currency": dispute.body["currency"],
        "reason": dispute.body["reason"],
        "status": dispute.body["status"],
        "due_by": dispute.body["evidence_details"]["due_by"],
        "withdrawn_minor": amount * taken,
        "reinstated_minor": amount * (len(moved) - taken),
        "fee_minor": sum(body["fee"] for body in moved),
        "fee_currency": moved[0]["currency"] if moved else None,
        "created": dispute.created,
    }


def session_line(session: Record) -> JsonObject:
    return {
        "id": session.id,
        "reference": _reference(session, session.body["metadata"]),
        "payment_link": session.body["payment_link"],
        "status": session.body["status"],
        "payment_status": session.body["payment_status"],
        "amount_total": session.body["amount_total"],
        "currency": session.body["currency"],
    }


def link_line(link: Record) -> JsonObject:
    return {
        "id": link.id,
        "reference": link.body["metadata"].get("reference"),
        "active": link.body["active"],
        "amount_total": sum(item["amount_total"] for item in link.private["line_items"]),
        "currency": link.body["currency"],
    }


def intent_line(intent: Record) -> JsonObject:
    """An intent of a shop's own page, in the words that a session has."""
    status = intent.body["status"]
    return {
        "id": intent.id,
        "reference": intent.body["metadata"].get("reference"),
        "status": status,
        "payment_status": "paid" if status == "succeeded" else "unpaid",
        "amount_total": intent.body["amount"],
        "currency": intent.body["currency"],
    }


def _payment_line(
    intent: Record,
    session: Record | None,
    subscription: Record | None,
    charge: Record | None,
    posted: JsonObject | None,
    disputes: list[JsonObject],
) -> JsonObject:
    begun_by = session or subscription
    metadata = {**(begun_by.body["metadata"] if begun_by else {}), **intent.body["metadata"]}
    return {
        "payment_id": intent.id,
        "session_id": intent.private["session"] or intent.id,
        "subscription_id": intent.private.get("subscription"),
        "reference": _reference(session, metadata),
        "metadata": metadata,
        "amount_minor": intent.body["amount"],
        "currency": intent.body["currency"],
        "livemode": intent.body["livemode"],
        "captured_minor": 0 if charge is None else charge.body["amount_captured"],
        "refunded_minor": 0 if charge is None else charge.body["amount_refunded"],
        "withdrawn_minor": sum(line["withdrawn_minor"] for line in disputes),
        "reinstated_minor": sum(line["reinstated_minor"] for line in disputes),
        "fee_minor": None if posted is None else posted["fee"],
        "fee_currency": None if posted is None else posted["currency"],
        "status": intent.body["status"],
        "created": intent.created,
    }


def _reference(session: Record | None, metadata: JsonObject) -> str | None:
    """What the shop called it; a link's visitor may name a client reference of their own."""
    reference: Any = None
    if session is not None and session.body["payment_link"] is None:
        reference = session.body["client_reference_id"]
    return reference or metadata.get("reference")
