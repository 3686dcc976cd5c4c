"""Razorpay's objects as its API shows them; what is empty is said as Razorpay says it."""

from collections.abc import Mapping
from typing import Any

from app.sandbox.books import JsonObject
from app.sandbox.razorpay.ways import Failure, Way

EVIDENCE = (
    "summary shipping_proof billing_proof cancellation_proof customer_communication"
    " proof_of_service explanation_letter refund_confirmation access_activity_log"
    " refund_cancellation_policy term_and_conditions others"
).split()
NO_TAX: Mapping[str, Any] = {
    "tax_amount": 0,
    "tax_inclusive": False,
    "hsn_code": None,
    "sac_code": None,
    "tax_rate": None,
    "unit": None,
    "taxes": [],
}
"""What a line says of taxes where there are none."""
NO_FAILURE: Mapping[str, None] = dict.fromkeys(
    ("error_code", "error_description", "error_source", "error_step", "error_reason")
)


def notes_of(notes: Mapping[str, Any] | None) -> Any:
    """An empty object is a list there, since no PHP array tells the two apart."""
    return dict(notes) if notes else []


def payment_link(*, id: str, created: int, params: JsonObject) -> JsonObject:
    """A new link; 0 and "" stand for what is not there, and only `payments` and `notes` are null.

    `params` is what was asked for, checked.
    """
    return {
        "accept_partial": params["accept_partial"],
        "amount": params["amount"],
        "amount_paid": 0,
        "callback_method": params["callback_method"],
        "callback_url": params["callback_url"],
        "cancelled_at": 0,
        "created_at": created,
        "currency": params["currency"],
        "customer": params["customer"] or {},
        "description": params["description"],
        "expire_by": params["expire_by"] or 0,
        "expired_at": 0,
        "first_min_partial_amount": params["first_min_partial_amount"] or 0,
        "id": id,
        "notes": params["notes"] or None,
        "notify": params["notify"],
        "payments": None,
        "reference_id": params["reference_id"],
        "reminder_enable": params["reminder_enable"],
        "reminders": [],
        "short_url": "",
        "status": "created",
        "updated_at": created,
        "upi_link": params["upi_link"],
        "user_id": "",
        "whatsapp_link": False,
    }


def link_payment(payment: JsonObject, link: str) -> JsonObject:
    """A captured payment, as its link tells of it."""
    return {
        "amount": payment["amount"],
        "created_at": payment["created_at"],
        "method": payment["method"],
        "payment_id": payment["id"],
        "plink_id": link,
        "status": payment["status"],
    }


def order(
    *, id: str, created: int, amount: int, currency: str, receipt: str | None, notes: Any
) -> JsonObject:
    return {
        "id": id,
        "entity": "order",
        "amount": amount,
        "amount_paid": 0,
        "amount_due": amount,
        "currency": currency,
        "receipt": receipt,
        "offer_id": None,
        "status": "created",
        "attempts": 0,
        "notes": notes_of(notes),
        "created_at": created,
    }


def payment(
    *,
    id: str,
    created: int,
    amount: int,
    currency: str,
    way: Way,
    order: str | None,
    description: str,
    email: str | None,
    notes: Any,
    card: str | None,
    invoice: str | None = None,
) -> JsonObject:
    """A payment that nobody has decided yet; its fee is known once it is captured."""
    is_upi = way.method == "upi"
    body: JsonObject = {
        "id": id,
        "entity": "payment",
        "amount": amount,
        "currency": currency,
        "status": "created",
        "order_id": order,
        "invoice_id": invoice,
        "international": False,
        "method": way.method,
        "amount_refunded": 0,
        "refund_status": None,
        "captured": False,
        "description": description,
        "card_id": card,
        "bank": None,
        "wallet": None,
        "vpa": way.vpa,
        "email": email or "void@razorpay.com",
        "contact": "+919999999999",
        "notes": notes_of(notes),
        "fee": None,
        "tax": None,
        **NO_FAILURE,
        "acquirer_data": {"rrn": None} if is_upi else {"auth_code": None},
        "created_at": created,
    }
    if is_upi:
        body["upi"] = {"vpa": way.vpa}
    else:
        body["card"] = {
            "id": card,
            "entity": "card",
            "name": "",
            "last4": way.last4,
            "network": way.network,
            "type": "credit",
            "issuer": None,
            "international": False,
            "emi": False,
            "sub_type": "consumer",
        }
    return body


def fail(payment: JsonObject, why: Failure) -> None:
    payment.update(
        status="failed",
        error_code="GATEWAY_ERROR" if why.source == "gateway" else "BAD_REQUEST_ERROR",
        error_description=why.description,
        error_source=why.source,
        error_step="payment_authorization",
        error_reason=why.reason,
    )


def refund(
    *, id: str, created: int, amount: int, payment: JsonObject, params: JsonObject
) -> JsonObject:
    return {
        "id": id,
        "entity": "refund",
        "amount": amount,
        "currency": payment["currency"],
        "payment_id": payment["id"],
        "notes": notes_of(params.get("notes")),
        "receipt": params.get("receipt"),
        "acquirer_data": {"arn": None},
        "created_at": created,
        "batch_id": None,
        "status": "pending",
        "speed_processed": "normal",
        "speed_requested": params.get("speed") or "normal",
    }


def qr_code(*, id: str, created: int, params: JsonObject, close_by: int | None) -> JsonObject:
    return {
        "id": id,
        "entity": "qr_code",
        "created_at": created,
        "name": params["name"],
        "usage": params["usage"],
        "type": params["type"],
        "image_url": "",
        "payment_amount": params["payment_amount"],
        "status": "active",
        "description": params["description"],
        "fixed_amount": params["fixed_amount"],
        "payments_amount_received": 0,
        "payments_count_received": 0,
        "notes": notes_of(params["notes"]),
        "customer_id": params["customer_id"],
        "close_by": close_by,
        "closed_at": None,
        "close_reason": None,
    }


def dispute(
    *,
    id: str,
    created: int,
    amount: int,
    payment: JsonObject,
    reason: str,
    phase: str,
    respond_by: int,
) -> JsonObject:
    return {
        "id": id,
        "entity": "dispute",
        "payment_id": payment["id"],
        "amount": amount,
        "currency": payment["currency"],
        "amount_deducted": 0,
        "reason_code": reason,
        "respond_by": respond_by,
        "status": "open",
        "phase": phase,
        "created_at": created,
        "evidence": {
            "amount": amount,
            **dict.fromkeys(EVIDENCE),
            "submitted_at": None,
        },
    }


def event(*, account: str, created: int, name: str, about: Mapping[str, JsonObject]) -> JsonObject:
    """A notice; its id is in a header only."""
    return {
        "entity": "event",
        "account_id": account,
        "event": name,
        "contains": list(about),
        "payload": {kind: {"entity": body} for kind, body in about.items()},
        "created_at": created,
    }
