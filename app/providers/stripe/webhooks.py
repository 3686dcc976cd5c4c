"""Stripe's webhooks: the signature over the raw bytes, the age both ways, the event's envelope.

Source: Stripe's document on verifying webhook signatures. `verify_header` checks the signature;
its own tolerance looks only backwards, so the time stamp is judged here.
"""

from datetime import datetime
from typing import Any, Final

import stripe

from app.domain.delivery import Delivery
from app.errors import WebhookRejected
from app.providers.envelope import strict_object
from app.providers.strategy import WebhookRequest

TOLERANCE_S: Final = 300
_REFUSED: Final = "The signature is not Stripe's"


def verify(request: WebhookRequest, secrets: tuple[str, ...]) -> None:
    """Check a delivery against every valid secret. Raises WebhookRejected; reads no body."""
    header = request.headers.get("stripe-signature", "")
    if not _is_timely(header, request.received_at):
        raise WebhookRejected(_REFUSED)
    for secret in secrets:
        if secret and _is_signed(request.body, header, secret):
            return
    raise WebhookRejected(_REFUSED)


def read_event(
    request: WebhookRequest, *, account: str, provider: str, provider_account: str
) -> Delivery:
    """Read the envelope of a verified event. Raises WebhookRejected where it is not one."""
    event = strict_object(request.body)
    event_id, event_type, live = event.get("id"), event.get("type"), event.get("livemode")
    if (
        event.get("object") != "event"
        or not isinstance(event_id, str)
        or not isinstance(event_type, str)
        or not isinstance(live, bool)
        or not isinstance(subject_of(event), dict)
    ):
        raise WebhookRejected("The delivery is not a Stripe event")
    return Delivery(
        account=account,
        provider=provider,
        provider_account=str(event.get("account") or provider_account),
        live=live,
        event_id=event_id,
        event_type=event_type,
        body=request.body,
    )


def subject_of(event: dict[str, Any]) -> Any:
    """Give the object that an event is about."""
    data = event.get("data")
    return data.get("object") if isinstance(data, dict) else None


def _is_timely(header: str, now: datetime) -> bool:
    stamps = [part[2:] for part in header.split(",") if part.startswith("t=")]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit()):
        return False
    return len(stamps[0]) <= 12 and abs(now.timestamp() - int(stamps[0])) <= TOLERANCE_S


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, header, secret)
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        return False
    return True
