"""Stripe's side in small: its objects, its signature, and a wire that answers by script."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx

from app.domain.attempt import Reference
from app.domain.money import Money
from app.domain.presentation import PresentedLine
from app.providers.strategy import SessionRequest, WebhookRequest
from tests.parts.clock import START

SECRET = "whsec_test_secret_of_the_tests"
REFERENCE = Reference("t11111", "0rder0000001", 1)
PAGE = "https://checkout.stripe.com/c/pay/cs_test_1#fid"


class Raw(NamedTuple):
    """An answer byte for byte."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})


Answer = Raw | Exception | dict[str, Any]


def session(**changes: Any) -> dict[str, Any]:
    """Give an open session of 5.00 EUR as Stripe sends it."""
    return {
        "id": "cs_test_1",
        "object": "checkout.session",
        "livemode": False,
        "status": "open",
        "payment_status": "unpaid",
        "amount_total": 500,
        "currency": "eur",
        "client_reference_id": str(REFERENCE),
        "metadata": {"reference": str(REFERENCE)},
        "payment_intent": None,
        "invoice": None,
        "url": PAGE,
        **changes,
    }


def intent(status: str = "succeeded", **changes: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "status": status,
        "amount": 500,
        "amount_received": 500 if status == "succeeded" else 0,
        "currency": "eur",
        "metadata": {"reference": str(REFERENCE)},
        "last_payment_error": None,
        **changes,
    }


def transaction(minor: int = 500, fee: Any = 15, **changes: Any) -> dict[str, Any]:
    """Give a balance transaction: what moved, and the fee that was kept of it."""
    return {
        "id": "txn_1",
        "object": "balance_transaction",
        "amount": minor,
        "currency": "eur",
        "fee": fee,
        **changes,
    }


def dispute(status: str = "needs_response", **changes: Any) -> dict[str, Any]:
    """Give a dispute of 5.00 EUR, without the evidence, as Stripe sends it."""
    return {
        "id": "dp_1",
        "object": "dispute",
        "amount": 500,
        "currency": "eur",
        "balance_transactions": [],
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "reason": "fraudulent",
        "status": status,
        "evidence_details": {"due_by": int(START.timestamp()) + 86_400, "has_evidence": False},
        "livemode": False,
        **changes,
    }


def event(kind: str, subject: Any, **changes: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": kind,
        "livemode": False,
        "created": int(START.timestamp()),
        "data": {"object": subject},
        **changes,
    }


def signature(body: bytes, *, at: datetime = START, secret: str = SECRET) -> str:
    """Sign as Stripe's document says: HMAC-SHA256 over the time stamp, a dot and the body."""
    stamp = int(at.timestamp())
    digest = hmac.new(secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def delivered(
    body: bytes | dict[str, Any],
    *,
    header: str | None = None,
    at: datetime = START,
    received_at: datetime = START,
    secret: str = SECRET,
) -> WebhookRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = signature(raw, at=at, secret=secret) if header is None else header
    return WebhookRequest({"stripe-signature": signed}, raw, received_at)


def request(**changes: Any) -> SessionRequest:
    values: dict[str, Any] = {
        "reference": REFERENCE,
        "amount": Money(500, "EUR"),
        "lines": (PresentedLine("Coffee", 500),),
        "success_url": "https://shop.example/thanks",
        "cancel_url": "https://shop.example/back",
    }
    return SessionRequest(**values | changes)


class Wire(httpx.AsyncBaseTransport):
    """Answers by script, or always by `answer`; keeps every request."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.answer: Answer | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answer is None else self.answer
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, Raw):
            answer = Raw(200, json.dumps(answer).encode())
        return httpx.Response(
            answer.status, headers=dict(answer.headers), stream=httpx.ByteStream(answer.body)
        )


def refusal(status: int, *, retry_after: str = "", **error: Any) -> Raw:
    body = {"error": {"type": "invalid_request_error", "message": "because", **error}}
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Raw(status, json.dumps(body).encode(), headers)
