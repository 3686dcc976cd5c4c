"""`POST /v1/notifications/verify-webhook-signature`: whether a notice is ours, byte by byte.

PayPal checks the event as it stands in the request: one that was parsed and written anew has
another CRC, and fails.
"""

import json
from typing import Final

from app.sandbox.books import JsonObject
from app.sandbox.paypal.checks import Fields, Text, WebAddress, check
from app.sandbox.paypal.signing import ALGORITHM, Signer
from app.sandbox.paypal.webhooks import KIND as WEBHOOK
from app.sandbox.paypal.workbench import Call, Workbench

_TOKEN: Final = r"(?!\d+$)\w+\S+"  # noqa: S105 - PayPal's pattern of an identifier
_RULES = Fields(
    {
        "auth_algo": Text(100, pattern="[a-zA-Z0-9]+"),
        "cert_url": WebAddress(500),
        "transmission_id": Text(50, pattern=_TOKEN),
        "transmission_sig": Text(500),
        "transmission_time": Text(100),
        "webhook_id": Text(50, pattern="[a-zA-Z0-9]+"),
        "webhook_event": Fields({}),
    },
    (
        *("auth_algo", "cert_url", "transmission_id", "transmission_sig", "transmission_time"),
        *("webhook_id", "webhook_event"),
    ),
)
_SPACE = " \t\r\n"


class Verification:
    """Answers for the signer's own key."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def answer(self, bench: Workbench, call: Call) -> tuple[int, JsonObject]:
        given = check(call.given, _RULES)
        is_ours = (
            given["auth_algo"] == ALGORITHM
            and bench.books.get(WEBHOOK, given["webhook_id"], call.account) is not None
            and given["cert_url"] == self._signer.certificate_url
            and self._signer.vouches(
                given["transmission_sig"],
                given["transmission_id"],
                given["transmission_time"],
                given["webhook_id"],
                raw_member(call.raw, "webhook_event"),
            )
        )
        return 200, {"verification_status": "SUCCESS" if is_ours else "FAILURE"}


def raw_member(body: bytes, name: str) -> bytes:
    """A member of a JSON object exactly as it was written; the last of that name counts."""
    text, decoder = body.decode(), json.JSONDecoder()
    at, found = _past(text, text.index("{") + 1), b""
    while text[at] != "}":
        key, at = decoder.raw_decode(text, at)
        start = _past(text, _past(text, at) + 1)
        _, at = decoder.raw_decode(text, start)
        if key == name:
            found = text[start:at].encode()
        at = _past(text, at)
        if text[at] == ",":
            at = _past(text, at + 1)
    return found


def _past(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at
