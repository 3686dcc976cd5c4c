"""Square's side in small: its objects, its signature, its refusals."""

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx

from app.providers.kinds.square import Square
from app.providers.square.webhooks import HEADER, Signer
from app.providers.strategy import WebhookRequest
from tests.parts.clock import START, VirtualClock
from tests.parts.stripe import REFERENCE, Raw, Wire

MERCHANT = "MLSCANTILLTEST"
LOCATION = "LSCANTILLTEST"
URL = "https://till.example/webhooks/square"
KEY = "signature-key-of-the-tests"
PAGE = "https://sandbox.square.link/u/abcd1234"
MADE = "2026-11-21T09:00:00.000Z"


def money(minor: Any = 500, currency: Any = "EUR") -> dict[str, Any]:
    return {"amount": minor, "currency": currency}


def location(**changes: Any) -> dict[str, Any]:
    usual = {"id": LOCATION, "merchant_id": MERCHANT, "currency": "EUR", "status": "ACTIVE"}
    return {"location": {**usual, **changes}}


def order(state: str = "DRAFT", *paid_by: str, **changes: Any) -> dict[str, Any]:
    """Give an order of 5.00 EUR as Square sends it, with a tender for each payment."""
    told = {
        "id": "order-1",
        "location_id": LOCATION,
        "reference_id": str(REFERENCE),
        "state": state,
        "created_at": MADE,
        "updated_at": MADE,
        "total_money": money(),
        **changes,
    }
    if paid_by:
        told["tenders"] = [{"id": each, "payment_id": each, "type": "CARD"} for each in paid_by]
    return told


def payment(status: str = "COMPLETED", **changes: Any) -> dict[str, Any]:
    return {
        "id": "pay-1",
        "status": status,
        "order_id": "order-1",
        "location_id": LOCATION,
        "created_at": MADE,
        "amount_money": money(),
        "total_money": money(),
        "note": str(REFERENCE),
        **changes,
    }


def refused_try(code: str = "GENERIC_DECLINE", **changes: Any) -> dict[str, Any]:
    error = {"category": "PAYMENT_METHOD_ERROR", "code": code}
    return payment("FAILED", card_details={"status": "FAILED", "errors": [error]}, **changes)


def refund(status: str = "COMPLETED", **changes: Any) -> dict[str, Any]:
    return {
        "id": "pay-1_refund-1",
        "status": status,
        "payment_id": "pay-1",
        "amount_money": money(200),
        "reason": "Scantill t11111-0rder0000001-1-refund-1",
        "created_at": MADE,
        "updated_at": MADE,
        **changes,
    }


def dispute(state: str = "EVIDENCE_REQUIRED", **changes: Any) -> dict[str, Any]:
    return {
        "id": "dispute-1",
        "amount_money": money(),
        "reason": "NO_KNOWLEDGE",
        "state": state,
        "due_at": "2026-11-30T00:00:00.000Z",
        "disputed_payment": {"payment_id": "pay-1"},
        "created_at": MADE,
        "updated_at": MADE,
        **changes,
    }


def link(order_id: str = "order-1", **changes: Any) -> dict[str, Any]:
    usual = {"id": f"LINK-OF-{order_id}", "version": 1, "order_id": order_id, "url": PAGE}
    return {**usual, **changes}


def event(kind: str, name: str, subject: Any, **changes: Any) -> dict[str, Any]:
    return {
        "merchant_id": MERCHANT,
        "type": kind,
        "event_id": "event-1",
        "created_at": MADE,
        "data": {"type": name, "id": "x", "object": {name: subject}},
        **changes,
    }


def signature(body: bytes, *, url: str = URL, key: str = KEY) -> str:
    """Sign as Square's document says: HMAC-SHA256 over address and body, in base64."""
    digest = hmac.new(key.encode(), url.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def delivered(
    body: bytes | dict[str, Any], *, header: str | None = None, url: str = URL, key: str = KEY
) -> WebhookRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = signature(raw, url=url, key=key) if header is None else header
    return WebhookRequest({HEADER: signed}, raw, START)


def refusal(status: int, code: str = "BAD_REQUEST", **changes: Any) -> Raw:
    error = {"category": "INVALID_REQUEST_ERROR", "code": code, "detail": "because", **changes}
    return Raw(status, json.dumps({"errors": [error]}).encode())


def strategy(wire: Wire, *, adopted: bool = True, **changes: Any) -> Square:
    usual: dict[str, Any] = {"clock": VirtualClock(), "signers": (Signer(URL, KEY),)}
    made = Square("main", "EAAAtest", LOCATION, transport=wire, **usual | changes)
    if adopted:
        made.adopt(MERCHANT)
    return made


def asked(wire: Wire) -> list[tuple[str, str]]:
    """Give the method and path of every request."""
    return [(request.method, request.url.path) for request in wire.requests]


def said(request: httpx.Request) -> Any:
    return json.loads(request.content)
