"""Razorpay's webhooks: the signature over the raw bytes, and the event's envelope.

Source: Razorpay's document on validating webhooks. Neither a time nor the event's id is signed: an
event is told from another by what was signed, which is its body.
"""

import hashlib
import hmac
from typing import Any, Final

from app.domain.delivery import Delivery
from app.errors import WebhookRejected
from app.providers.envelope import strict_object
from app.providers.razorpay.client import PROVIDER
from app.providers.strategy import WebhookRequest

SIGNATURE: Final = "x-razorpay-signature"
ACCOUNT_PREFIX: Final = "acc_"


def verify(request: WebhookRequest, secrets: tuple[str, ...]) -> None:
    """Check a delivery against every valid secret. Raises WebhookRejected; reads no body."""
    given = request.headers.get(SIGNATURE, "").encode(errors="replace")
    for secret in secrets:
        if secret:
            expected = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
            if hmac.compare_digest(expected.encode(), given):
                return
    raise WebhookRejected("The signature is not Razorpay's")


def read_event(
    request: WebhookRequest, *, account: str, provider_account: str, live: bool
) -> Delivery:
    """Read the envelope of a verified event. Raises WebhookRejected where it is not one.

    The event names Razorpay's account; it counts where the till knows its own by that name. What
    is told to two addresses is two events: each kind of account reads what is its own.
    """
    event = strict_object(request.body)
    event_type, whose = event.get("event"), event.get("account_id")
    if (
        event.get("entity") != "event"
        or not isinstance(event_type, str)
        or not isinstance(whose, str)
        or not isinstance(event.get("payload"), dict)
    ):
        raise WebhookRejected("The delivery is not a Razorpay event")
    is_by_name = provider_account.startswith(ACCOUNT_PREFIX)
    return Delivery(
        account=account,
        provider=PROVIDER,
        provider_account=whose if is_by_name else provider_account,
        live=live,
        event_id=hashlib.sha256(account.encode() + b"\0" + request.body).hexdigest(),
        event_type=event_type,
        body=request.body,
    )


def entity_of(event: dict[str, Any], kind: str) -> dict[str, Any]:
    """Give one of the objects that an event is about, an empty one where it is not among them."""
    part = event["payload"].get(kind)
    entity = part.get("entity") if isinstance(part, dict) else None
    return entity if isinstance(entity, dict) else {}
