"""PayPal's notices: the event as JSON, signed with RSA for one webhook."""

import json

from app.sandbox.books import JsonObject
from app.sandbox.deliveries import Letter
from app.sandbox.paypal.events import KIND
from app.sandbox.paypal.signing import ALGORITHM, Signer
from app.sandbox.paypal.webhooks import KIND as WEBHOOK
from app.sandbox.paypal.webhooks import wanting
from app.sandbox.paypal.workbench import Workbench, time_text

_MINUTE, _HOUR = 60, 3600
PAUSES_S = (
    *(_MINUTE,) * 4,
    *(5 * _MINUTE,) * 4,
    *(30 * _MINUTE,) * 4,
    *(2 * _HOUR,) * 4,
    *(7 * _HOUR,) * 8,
)
"""25 tries within three days, as PayPal says; how they are spread it does not say."""
TIMEOUT_S = 30.0


class PayPalPostman:
    """Writes and signs the letters that the courier carries."""

    def __init__(self, bench: Workbench, signer: Signer) -> None:
        self._bench = bench
        self._signer = signer

    def letter(
        self, event: str, endpoint: str, age_s: int = 0, changes: JsonObject | None = None
    ) -> Letter | None:
        record = self._bench.books.get(KIND, event)
        webhook = self._bench.books.get(WEBHOOK, endpoint)
        if record is None or webhook is None:
            return None
        told = _changed(record.body, changes or {})
        body = json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
        at = time_text(self._bench.clock.unmoved() - age_s)
        id = self._transmission_id()
        signed_for = record.private.get("signed_for", webhook.id)
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "Paypal-Auth-Algo": ALGORITHM,
            "Paypal-Auth-Version": "v2",
            "Paypal-Cert-Url": self._signer.certificate_url,
            "Paypal-Transmission-Id": id,
            "Paypal-Transmission-Sig": self._signer.sign(id, at, signed_for, body),
            "Paypal-Transmission-Time": at,
            "Correlation-Id": self._bench.ids("", 13).lower(),
            "User-Agent": "PayPal/AUHR-214.0-58500000",
        }
        return Letter(webhook.body["url"], headers, body, PAUSES_S, TIMEOUT_S)

    def endpoints(self, event: str) -> list[str]:
        record = self._bench.books.get(KIND, event)
        if record is None:
            return []
        return [e.id for e in wanting(self._bench, record.account, record.body["event_type"])]

    def knows(self, event: str) -> bool:
        return self._bench.books.exists(KIND, event)

    def _transmission_id(self) -> str:
        """As a UUID of version 1 looks; it begins with a letter, which the API's pattern wants."""
        text = self._bench.ids("t", 31).lower()
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _changed(event: JsonObject, changes: JsonObject) -> JsonObject:
    """Put other things into the envelope, and those of `object` into what the event is about."""
    inside = changes.get("object", {})
    envelope = {name: value for name, value in changes.items() if name != "object"}
    return {**event, **envelope, "resource": {**event["resource"], **inside}}
