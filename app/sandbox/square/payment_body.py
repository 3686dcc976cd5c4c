"""What a payment and its tender look like."""

from app.sandbox.books import JsonObject, Record
from app.sandbox.square.cards import Card
from app.sandbox.square.errors import Problem
from app.sandbox.square.money import money
from app.sandbox.square.workbench import Workbench

_RECEIPTS = "https://squareup.com/receipt/preview/"
_STATES = {"APPROVED": "AUTHORIZED", "COMPLETED": "CAPTURED", "FAILED": "FAILED"}


def payment(
    bench: Workbench,
    order: Record,
    amount: JsonObject,
    way: Card | None,
    status: str,
    problem: Problem | None = None,
) -> JsonObject:
    """A new payment by a card, or by a bank account where there is none."""
    now = bench.stamp()
    body: JsonObject = {
        "id": bench.new_id("square.payment", "", 27) + "ZY",
        "created_at": now,
        "updated_at": now,
        "amount_money": amount,
        "total_money": amount,
        "status": status,
        "delay_duration": "PT168H",
        "delay_action": "CANCEL",
        "delayed_until": bench.stamp(7 * 86_400),
        "location_id": order.body["location_id"],
        "order_id": order.id,
        "application_details": {"square_product": "ECOMMERCE_API"},
        "version_token": bench.ids("", 45),
    }
    if problem is None:
        body["approved_money"] = amount
    if way is None:
        body |= {"source_type": "BANK_ACCOUNT", "bank_account_details": _bank(order)}
    else:
        body |= {"source_type": "CARD", "card_details": _card_details(way, now, status, problem)}
    body["risk_evaluation"] = {"created_at": now, "risk_level": "NORMAL"}
    return with_receipt(body)


def with_receipt(body: JsonObject) -> JsonObject:
    """A payment that is completed has a receipt."""
    if body["status"] == "COMPLETED":
        body["receipt_number"] = body["id"][:4]
        body["receipt_url"] = _RECEIPTS + body["id"]
        body["capabilities"] = []
    return body


def captured(body: JsonObject, now: str) -> None:
    """Note in its details that the money has come."""
    if "card_details" in body:
        body["card_details"]["status"] = "CAPTURED"
        body["card_details"]["card_payment_timeline"]["captured_at"] = now


def failed(body: JsonObject, problem: Problem) -> None:
    """Note in its details why the money does not come."""
    details = body["card_details" if "card_details" in body else "bank_account_details"]
    details["errors"] = [problem.body()]
    if "card_details" in body:
        details["status"] = "FAILED"


def tender(body: JsonObject) -> JsonObject:
    """What an order says of a payment; they have one id."""
    found: JsonObject = {
        "id": body["id"],
        "payment_id": body["id"],
        "location_id": body["location_id"],
        "transaction_id": body["order_id"],
        "created_at": body["created_at"],
        "amount_money": body["amount_money"],
        "type": body["source_type"],
    }
    if "card_details" in body:
        details = body["card_details"]
        names = ("status", "card", "entry_method")
        found["card_details"] = {name: details[name] for name in names}
    else:
        is_paid = body["status"] == "COMPLETED"
        found["bank_account_details"] = {"status": "COMPLETED" if is_paid else "PENDING"}
    return found


def amount_of(amount: int, order: Record, currency: str | None = None) -> JsonObject:
    return money(amount, currency or order.body["total_money"]["currency"])


def _card_details(card: Card, now: str, status: str, problem: Problem | None) -> JsonObject:
    timeline = {} if problem is not None else {"authorized_at": now}
    if status == "COMPLETED":
        timeline["captured_at"] = now
    details: JsonObject = {
        "status": _STATES[status],
        "card": {
            "card_brand": card.brand,
            "last_4": card.last4,
            "exp_month": card.exp_month,
            "exp_year": card.exp_year,
            "fingerprint": card.fingerprint,
            "card_type": "CREDIT",
            "prepaid_type": "NOT_PREPAID",
            "bin": card.bin,
        },
        "entry_method": "KEYED",
        "cvv_status": "CVV_ACCEPTED",
        "avs_status": "AVS_ACCEPTED",
        "statement_description": "SQ *SCANTILL SANDBOX",
        "card_payment_timeline": timeline,
    }
    if problem is not None:
        details["errors"] = [problem.body()]
        if problem.code == "CVV_FAILURE":
            details["cvv_status"] = "CVV_REJECTED"
    return details


def _bank(order: Record) -> JsonObject:
    return {
        "bank_name": "Sandbox Bank",
        "transfer_type": "ACH",
        "account_ownership_type": "INDIVIDUAL",
        "country": "US",
        "statement_description": "SQ *SCANTILL SANDBOX",
    }
