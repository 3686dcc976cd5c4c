"""Razorpay's side in small: its objects, its signature, and strategies over a scripted wire."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from app.domain.money import Money
from app.domain.presentation import PresentedLine
from app.providers.kinds.razorpay import RazorpayLinks
from app.providers.kinds.razorpay_upi import RazorpayUpi
from app.providers.strategy import SessionRequest, WebhookRequest
from tests.parts.clock import START, VirtualClock
from tests.parts.stripe import REFERENCE, Raw, Wire

SECRET = "of the webhook"
KEY = REFERENCE.key("create")
NOW = int(START.timestamp())
PAGE = "https://rzp.io/i/nxrHnLJ"
PLAN_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0-1"
UPI = (
    "upi://pay?ver=01&mode=15&pa=shop.rzp@icici&pn=Shop&tr=RZP1qrv2&tn=Payment%20to%20Shop"
    "&cu=INR&mc=5411&qrMedium=04&am=500.00"
)
MONEY = Money(50_000, "INR")


def link(status: str = "created", **changes: Any) -> dict[str, Any]:
    """Give a link of 500 rupees as Razorpay sends it."""
    return {
        "id": "plink_00000000000001",
        "amount": MONEY.minor,
        "amount_paid": 0,
        "currency": "INR",
        "created_at": NOW,
        "expire_by": NOW + 2100,
        "notes": {"reference": str(REFERENCE)},
        "payments": None,
        "reference_id": str(REFERENCE),
        "short_url": PAGE,
        "status": status,
        **changes,
    }


def paid_by(*payment_ids: str) -> dict[str, Any]:
    """Give what a paid link has besides."""
    entries = [
        {"amount": "50000", "payment_id": each, "status": "captured"} for each in payment_ids
    ]
    return {"payments": entries, "amount_paid": MONEY.minor, "order_id": "order_00000000000001"}


def payment(status: str = "captured", **changes: Any) -> dict[str, Any]:
    return {
        "id": "pay_00000000000001",
        "entity": "payment",
        "amount": MONEY.minor,
        "currency": "INR",
        "status": status,
        "captured": status == "captured",
        "amount_refunded": 0,
        "description": "#00000000000001",
        "error_code": None,
        "error_reason": None,
        "notes": [],
        "fee": None,
        "tax": None,
        "created_at": NOW,
        **changes,
    }


def failed(reason: str | None = "payment_declined", **changes: Any) -> dict[str, Any]:
    return payment("failed", error_code="BAD_REQUEST_ERROR", error_reason=reason, **changes)


def code(status: str = "active", **changes: Any) -> dict[str, Any]:
    """Give a UPI code of 500 rupees as Razorpay sends it."""
    return {
        "id": "qr_00000000000001",
        "entity": "qr_code",
        "usage": "single_use",
        "type": "upi_qr",
        "image_url": "https://rzp.io/i/oCswTOcCo",
        "image_content": UPI,
        "payment_amount": MONEY.minor,
        "status": status,
        "payments_count_received": 0,
        "notes": {"reference": str(REFERENCE)},
        "created_at": NOW,
        "close_by": NOW + 1800,
        "close_reason": None,
        **changes,
    }


def plan(**changes: Any) -> dict[str, Any]:
    """Give a plan of 500 rupees each month as Razorpay sends it."""
    return {
        "id": "plan_00000000000001",
        "entity": "plan",
        "interval": 1,
        "period": "monthly",
        "item": {"id": "item_1", "name": "Club", "amount": MONEY.minor, "currency": "INR"},
        "notes": {"key": PLAN_KEY},
        "created_at": NOW,
        **changes,
    }


def subscription(status: str = "created", **changes: Any) -> dict[str, Any]:
    """Give a subscription to that plan as Razorpay sends it."""
    return {
        "id": "sub_00000000000001",
        "entity": "subscription",
        "plan_id": plan()["id"],
        "status": status,
        "current_start": None,
        "current_end": None,
        "ended_at": None,
        "quantity": 1,
        "notes": {"reference": str(REFERENCE)},
        "charge_at": None,
        "auth_attempts": 0,
        "total_count": 1200,
        "paid_count": 0,
        "remaining_count": 1200,
        "customer_notify": False,
        "created_at": NOW,
        "expire_by": NOW + 2100,
        "short_url": PAGE,
        "has_scheduled_changes": False,
        "change_scheduled_at": None,
        **changes,
    }


def running(status: str = "active", **changes: Any) -> dict[str, Any]:
    """Give a subscription that was paid once, thirty days before it is due again."""
    usual = {
        "current_start": NOW,
        "current_end": NOW + 30 * 86_400,
        "charge_at": NOW + 30 * 86_400,
        "paid_count": 1,
        "remaining_count": 1199,
    }
    return subscription(status, **usual | changes)


def invoice(number: int = 1, status: str = "paid", **changes: Any) -> dict[str, Any]:
    """Give an invoice of a subscription as Razorpay sends it: paid, the first one just now."""
    is_paid = status == "paid"
    return {
        "id": f"inv_{number:014}",
        "entity": "invoice",
        "order_id": f"order_{number:014}",
        "subscription_id": subscription()["id"],
        "payment_id": f"pay_{number:014}" if is_paid else None,
        "status": status,
        "paid_at": NOW if is_paid else None,
        "amount": MONEY.minor,
        "amount_paid": MONEY.minor if is_paid else 0,
        "amount_due": 0 if is_paid else MONEY.minor,
        "currency": "INR",
        "created_at": NOW,
        **changes,
    }


def refund(status: str = "processed", **changes: Any) -> dict[str, Any]:
    return {
        "id": "rfnd_00000000000001",
        "entity": "refund",
        "amount": 20_000,
        "currency": "INR",
        "payment_id": "pay_00000000000001",
        "notes": {"reference": str(REFERENCE), "key": REFERENCE.key("refund-1")},
        "status": status,
        "speed_processed": "normal",
        "created_at": NOW,
        **changes,
    }


def dispute(status: str = "open", **changes: Any) -> dict[str, Any]:
    return {
        "id": "disp_00000000000001",
        "entity": "dispute",
        "payment_id": "pay_00000000000001",
        "amount": MONEY.minor,
        "currency": "INR",
        "amount_deducted": 0,
        "reason_code": "goods_not_received",
        "respond_by": NOW + 86_400,
        "status": status,
        "phase": "chargeback",
        "created_at": NOW,
        **changes,
    }


def event(name: str, **about: Any) -> dict[str, Any]:
    """Give an event as it is delivered."""
    return {
        "entity": "event",
        "account_id": "acc_00000000000001",
        "event": name,
        "contains": list(about),
        "payload": {kind: {"entity": each} for kind, each in about.items()},
        "created_at": NOW,
    }


def listed(*items: dict[str, Any], key: str = "items") -> dict[str, Any]:
    return {"entity": "collection", "count": len(items), key: list(items)}


def refusal(status: int = 400, words: str = "because", code: str = "BAD_REQUEST_ERROR") -> Raw:
    body = {"error": {"code": code, "description": words, "reason": "NA", "metadata": {}}}
    return Raw(status, json.dumps(body).encode())


def signature(body: bytes, secret: str = SECRET) -> str:
    """Sign as Razorpay's document says: HMAC-SHA256 over the body, in hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def delivered(
    body: bytes | dict[str, Any], *, header: str | None = None, secret: str = SECRET
) -> WebhookRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = signature(raw, secret) if header is None else header
    return WebhookRequest({"x-razorpay-signature": signed}, raw, START)


def request(money: Money = MONEY, **changes: Any) -> SessionRequest:
    values: dict[str, Any] = {
        "reference": REFERENCE,
        "amount": money,
        "lines": (PresentedLine("2 x Chai", money.minor - 1), PresentedLine("Bag", 1)),
        "success_url": "https://shop.example/thanks",
        "cancel_url": "https://shop.example/back",
    }
    return SessionRequest(**values | changes)


def links_over(wire: Wire, **changes: Any) -> RazorpayLinks:
    return _built(RazorpayLinks, wire, changes)


def codes_over(wire: Wire, **changes: Any) -> RazorpayUpi:
    return _built(RazorpayUpi, wire, changes)


def _built(kind: Callable[..., Any], wire: Wire, changes: dict[str, Any]) -> Any:
    usual: dict[str, Any] = {"clock": VirtualClock(), "webhook_secrets": (SECRET,)}
    made = kind("main", "rzp_test_key", "secret", transport=wire, **usual | changes)
    made.adopt("rzp_test_key")
    return made
