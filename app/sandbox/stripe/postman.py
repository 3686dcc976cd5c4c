"""Stripe's notices: the event as JSON, signed with the endpoint's secret.

The scheme is docs.stripe.com/webhooks#verify-manually: HMAC-SHA256 over `t.body`, in hex.
"""

import hashlib
import hmac
import json

from app.sandbox.books import JsonObject
from app.sandbox.deliveries import Letter
from app.sandbox.stripe.endpoints import KIND, wanting
from app.sandbox.stripe.workbench import Workbench


class StripePostman:
    """Writes and signs the letters that the courier carries."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def letter(
        self, event: str, endpoint: str, age_s: int = 0, changes: JsonObject | None = None
    ) -> Letter | None:
        record = self._bench.books.get("event", event)
        addressee = self._bench.books.get(KIND, endpoint)
        if record is None or addressee is None or addressee.body["status"] != "enabled":
            return None
        version = addressee.body["api_version"] or record.body["api_version"]
        event_body = _changed({**record.body, "api_version": version}, changes or {})
        body = json.dumps(event_body, indent=2, ensure_ascii=False).encode()
        signed_at = self._bench.clock.unmoved() - age_s
        headers = {
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(body, addressee.private["secret"], signed_at),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        return Letter(addressee.body["url"], headers, body)

    def endpoints(self, event: str) -> list[str]:
        record = self._bench.books.get("event", event)
        if record is None:
            return []
        return [e.id for e in wanting(self._bench, record.account, record.body["type"])]

    def knows(self, event: str) -> bool:
        return self._bench.books.exists("event", event)


def _changed(event: JsonObject, changes: JsonObject) -> JsonObject:
    """Put other things into the envelope, and those of `object` into what the event is about."""
    inside = changes.get("object", {})
    envelope = {name: value for name, value in changes.items() if name != "object"}
    return {**event, **envelope, "data": {"object": {**event["data"]["object"], **inside}}}


def signature(body: bytes, secret: str, at: int) -> str:
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"
