"""Square's webhooks: the signature over the registered address and the raw bytes, the envelope.

Source: Square's document on validating event notifications. Nothing signed says when a delivery
was sent: a replay is told by its event's id alone.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final, NamedTuple

from app.domain.delivery import Delivery
from app.errors import WebhookRejected
from app.providers.envelope import strict_object
from app.providers.square.payments import PROVIDER
from app.providers.strategy import WebhookRequest

HEADER: Final = "x-square-hmacsha256-signature"
_REFUSED: Final = "The signature is not Square's"


class Signer(NamedTuple):
    """What a subscription signs with: the address exactly as it was registered, and the key."""

    url: str
    key: str


def verify(request: WebhookRequest, signers: Iterable[Signer]) -> None:
    """Check a delivery against every valid key. Raises WebhookRejected; reads no body."""
    # Whatever the header holds becomes bytes: text beyond ASCII cannot be compared.
    given = request.headers.get(HEADER, "").encode("utf-8", "surrogateescape")
    for signer in signers:
        if signer.url and signer.key and hmac.compare_digest(given, _signed(request.body, signer)):
            return
    raise WebhookRejected(_REFUSED)


def read_event(request: WebhookRequest, *, account: str, live: bool) -> Delivery:
    """Read the envelope of a verified event. Raises WebhookRejected where it is not one."""
    event = strict_object(request.body)
    named = [event.get(name) for name in ("merchant_id", "type", "event_id")]
    merchant_id, event_type, event_id = (
        name if isinstance(name, str) and name else None for name in named
    )
    if not (merchant_id and event_type and event_id and isinstance(event.get("data"), dict)):
        raise WebhookRejected("The delivery is not a Square event")
    return Delivery(
        account=account,
        provider=PROVIDER,
        provider_account=merchant_id,
        live=live,
        event_id=event_id,
        event_type=event_type,
        body=request.body,
    )


def _signed(body: bytes, signer: Signer) -> bytes:
    told = signer.url.encode() + body
    return base64.b64encode(hmac.new(signer.key.encode(), told, hashlib.sha256).digest())
