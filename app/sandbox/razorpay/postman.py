"""Razorpay's notices: the event as JSON, signed with the webhook's secret.

The scheme is razorpay.com/docs/webhooks/validate-test: HMAC-SHA256 over the body, in hex. Neither
a time nor the event's id is signed.
"""

import hashlib
import hmac
import json

from app.sandbox.books import JsonObject
from app.sandbox.deliveries import Letter
from app.sandbox.razorpay import events, webhooks
from app.sandbox.razorpay.workbench import Workbench


class RazorpayPostman:
    """Writes and signs the letters that the courier carries."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def letter(
        self, event: str, endpoint: str, age_s: int = 0, changes: JsonObject | None = None
    ) -> Letter | None:
        """Nothing in it grows old, so `age_s` changes nothing."""
        record = self._bench.books.get(events.KIND, event)
        webhook = self._bench.books.get(webhooks.KIND, endpoint)
        if record is None or webhook is None or not webhook.body["active"]:
            return None
        text = json.dumps(_changed(record.body, changes or {}), separators=(",", ":"))
        body = text.encode()
        secret = record.private["secrets"].get(endpoint, webhook.private["secret"])
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Razorpay-Webhook/v1",
            "X-Razorpay-Event-Id": event,
            "X-Razorpay-Signature": signature(body, secret),
        }
        return Letter(
            webhook.body["url"],
            headers,
            body,
            pauses_s=webhooks.PAUSES_S,
            timeout_s=webhooks.TIMEOUT_S,
        )

    def endpoints(self, event: str) -> list[str]:
        record = self._bench.books.get(events.KIND, event)
        if record is None:
            return []
        found = webhooks.wanting(self._bench, record.account, record.body["event"])
        return [webhook.id for webhook in found]

    def knows(self, event: str) -> bool:
        return self._bench.books.exists(events.KIND, event)


def _changed(event: JsonObject, changes: JsonObject) -> JsonObject:
    """Put other things into the envelope, and those of `object` into what the event is about."""
    envelope = {name: value for name, value in changes.items() if name != "object"}
    about = event["contains"][-1]
    entity = {**event["payload"][about]["entity"], **changes.get("object", {})}
    return {**event, "payload": {**event["payload"], about: {"entity": entity}}, **envelope}


def signature(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
