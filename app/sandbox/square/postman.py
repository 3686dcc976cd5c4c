"""Square's notices: the event as JSON, signed together with the address as it was registered.

The scheme is Square's own: HMAC-SHA256 with the subscription's key over address and body, in
base64. Nothing in it says how old a notice is.
"""

import base64
import hashlib
import hmac

from app.sandbox.books import JsonObject
from app.sandbox.deliveries import Letter
from app.sandbox.square import events
from app.sandbox.square.workbench import EVENT, WEBHOOK, Workbench

PAUSES_S = (60, 120, 240, 480, 960, 1920, *(3600,) * 47)
"""developer.squareup.com, "Notification Delivery SLA": until about 48 hours have passed."""
TIMEOUT_S = 10.0


class SquarePostman:
    """Writes and signs the letters that the courier carries."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def letter(
        self, event: str, endpoint: str, age_s: int = 0, changes: JsonObject | None = None
    ) -> Letter | None:
        record = self._bench.books.get(EVENT, event)
        webhook = self._bench.books.get(WEBHOOK, endpoint)
        if record is None or webhook is None or not webhook.body["enabled"]:
            return None
        body = events.payload(_changed(record.body, changes or {}))
        url, key = webhook.body["notification_url"], webhook.body["signature_key"]
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "Square-Environment": "Sandbox",
            "Square-Subscription-Id": webhook.id,
            "Square-Version": webhook.body["api_version"],
            "User-Agent": "Square Connect v2",
            "X-Square-HmacSha256-Signature": signature(url, body, key),
        }
        return Letter(url, headers, body, pauses_s=PAUSES_S, timeout_s=TIMEOUT_S)

    def endpoints(self, event: str) -> list[str]:
        record = self._bench.books.get(EVENT, event)
        if record is None:
            return []
        return [e.id for e in events.wanting(self._bench, record.account, record.body["type"])]

    def knows(self, event: str) -> bool:
        return self._bench.books.exists(EVENT, event)


def signature(url: str, body: bytes, key: str) -> str:
    signed = hmac.new(key.encode(), url.encode() + body, hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()


def _changed(event: JsonObject, changes: JsonObject) -> JsonObject:
    """Put other things into the envelope, and those of `object` into what the event is about."""
    inside = changes.get("object", {})
    envelope = {name: value for name, value in changes.items() if name != "object"}
    data = event["data"]
    about = {name: {**body, **inside} for name, body in data["object"].items()}
    return {**event, "data": {**data, "object": about}, **envelope}
