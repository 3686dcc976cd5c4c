"""PayPal's notices: their headers, what was signed, and the event's envelope.

Source: PayPal's REST reference, Verify webhook signature. Signed is `id|time|webhook id|CRC-32 of
the body`, with RSA and SHA-256: the body counts by its CRC alone, which anybody can bend another
body to. So one transmission is taken with one body, whatever is signed.
"""

import base64
import hashlib
import re
import zlib
from collections import OrderedDict
from typing import Any, Final, NamedTuple

from app.domain.delivery import Delivery
from app.errors import Message, Protocol, WebhookRejected
from app.providers.envelope import strict_object
from app.providers.paypal.client import PROVIDER, PayPalClient
from app.providers.paypal.documents import objects_in, text_of
from app.providers.paypal.events import WANTED
from app.providers.strategy import WebhookRequest

ALGORITHM: Final = "SHA256withRSA"
NOT_PAYPALS: Final = "The signature is not PayPal's"
_WEBHOOKS: Final = "/v1/notifications/webhooks"
_MARK: Final = "?till="
_PLAIN: Final = re.compile(r"[!-{}~]{1,100}", re.ASCII)
_ADDRESS: Final = re.compile(r"[!-~]{1,500}", re.ASCII)
_LEAST_SIGNATURE, _MOST_SIGNATURE = 256, 1024
_REMEMBERED: Final = 4096


class Transmission(NamedTuple):
    """What a notice's headers say. `signature` is decoded."""

    id: str
    time: str
    signature: bytes
    cert_url: str

    def signed_for(self, webhook_id: str, body: bytes) -> bytes:
        """Give the text that the signature has to be over."""
        return f"{self.id}|{self.time}|{webhook_id}|{zlib.crc32(body)}".encode()


def transmission_of(request: WebhookRequest) -> Transmission:
    """Read a notice's headers. Raises WebhookRejected where they cannot be PayPal's."""
    headers = request.headers
    id, time = (
        headers.get("paypal-transmission-id", ""),
        headers.get("paypal-transmission-time", ""),
    )
    url, algorithm = headers.get("paypal-cert-url", ""), headers.get("paypal-auth-algo", "")
    try:
        signature = base64.b64decode(headers.get("paypal-transmission-sig", ""), validate=True)
    except ValueError as error:
        raise WebhookRejected(NOT_PAYPALS) from error
    if (
        algorithm != ALGORITHM
        or not _PLAIN.fullmatch(id)
        or not _PLAIN.fullmatch(time)
        or not _ADDRESS.fullmatch(url)
        or not _LEAST_SIGNATURE <= len(signature) <= _MOST_SIGNATURE
    ):
        raise WebhookRejected(NOT_PAYPALS)
    return Transmission(id, time, signature, url)


class Transmissions:
    """Remembers which body each of the last few thousand transmissions came with."""

    def __init__(self) -> None:
        self._bodies: OrderedDict[str, bytes] = OrderedDict()

    def check(self, id: str, body: bytes) -> None:
        """Raise WebhookRejected for a transmission that came with another body before."""
        digest = hashlib.sha256(body).digest()
        if self._bodies.setdefault(id, digest) != digest:
            raise WebhookRejected(NOT_PAYPALS)
        self._bodies.move_to_end(id)
        if len(self._bodies) > _REMEMBERED:
            self._bodies.popitem(last=False)


def read_event(
    request: WebhookRequest, *, account: str, provider_account: str, live: bool
) -> Delivery:
    """Read the envelope of a verified event. Raises WebhookRejected where it is not one."""
    event = strict_object(request.body)
    event_id, event_type = event.get("id"), event.get("event_type")
    if (
        not isinstance(event_id, str)
        or not event_id
        or not isinstance(event_type, str)
        or not isinstance(event.get("resource"), dict)
    ):
        raise WebhookRejected("The delivery is not a PayPal event")
    return Delivery(
        account=account,
        provider=PROVIDER,
        # An event names neither: they are those of the keys whose webhook it was signed for.
        provider_account=provider_account,
        live=live,
        event_id=event_id,
        event_type=event_type,
        body=request.body,
    )


async def register(client: PayPalClient, url: str, *, owner: str) -> str:
    """Have events sent to `url`, instead of to any earlier address of `owner`; give the webhook.

    PayPal keeps nothing with a webhook but its address, so that has to say whose it is.
    """
    mark = f"{_MARK}{owner}"
    for known in objects_in(await client.get(_WEBHOOKS), "webhooks"):
        if str(known.get("url")).endswith(mark):
            await client.delete(f"{_WEBHOOKS}/{text_of(known, 'id')}")
    wanted: dict[str, Any] = {
        "url": f"{url}{mark}",
        "event_types": [{"name": name} for name in WANTED],
    }
    webhook_id = (await client.post(_WEBHOOKS, wanted)).get("id")
    if not isinstance(webhook_id, str) or not webhook_id:
        raise Protocol(Message("PayPal registered the address without giving a webhook ID"))
    return webhook_id
