"""An offline double of Stripe's that knows payment intents and little else (localstripe's kind).

It keeps no idempotency keys and filters no list by time: what was made before is looked up by what
we wrote into its metadata, and lists are filtered here.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

import stripe

from app.domain.refund import SeenRefund
from app.errors import Protocol, Rejected
from app.providers.stripe.errors import in_our_words
from app.providers.stripe.listing import through
from app.providers.stripe.refunds import refund_from

SCRIPT_PATH: Final = "/js.stripe.com/v3/"
_NEWEST: Final = 100
_UNEXPECTED_STATE: Final = 400


async def intents_of(client: stripe.StripeClient) -> AsyncIterator[dict[str, Any]]:
    """Give every payment intent that it has, in its own order."""
    with in_our_words():
        page = await client.v1.payment_intents.list_async({"limit": _NEWEST})
    async for intent in through(page):
        yield intent


async def intents_since(
    client: stripe.StripeClient, since: datetime, until: datetime | None
) -> AsyncIterator[dict[str, Any]]:
    """Give the payment intents made since then and before `until`."""
    async for intent in intents_of(client):
        if is_made_in(intent, since, until):
            yield intent


async def confirm(client: stripe.StripeClient, intent_id: str, method: str) -> None:
    """Pay an intent with a method of the double's own making.

    Raises Rejected with 402 where the bank declines. What is refused for its state may be paid by
    now: that is for the caller's next look.
    """
    intents = client.v1.payment_intents
    try:
        with in_our_words():
            await intents.update_async(intent_id, {"payment_method": method})
            await intents.confirm_async(intent_id)
    except Rejected as refused:
        if refused.status != _UNEXPECTED_STATE:
            raise


async def intent_with(client: stripe.StripeClient, reference: str) -> dict[str, Any] | None:
    """Look an intent up by our reference."""
    async for intent in intents_of(client):
        metadata = intent.get("metadata")
        if isinstance(metadata, Mapping) and metadata.get("reference") == reference:
            return intent
    return None


async def refund_with(client: stripe.StripeClient, payment_id: str, key: str) -> SeenRefund | None:
    """Look a refund up by our key."""
    with in_our_words():
        page = await client.v1.refunds.list_async({"payment_intent": payment_id, "limit": _NEWEST})
    async for document in through(page):
        seen = refund_from(document)
        if seen.key == key:
            return seen
    return None


async def refunds_since(
    client: stripe.StripeClient, since: datetime, until: datetime | None
) -> AsyncIterator[SeenRefund]:
    """Give its refunds made since then and before `until`, newest first."""
    with in_our_words():
        page = await client.v1.refunds.list_async({"limit": _NEWEST})
    async for document in through(page):
        if document.get("payment_intent") and is_made_in(document, since, until):
            yield refund_from(document)


def is_made_in(document: Mapping[str, Any], since: datetime, until: datetime | None) -> bool:
    """Say whether an object was made since then and before `until`; to the second."""
    created = document.get("created")
    if not isinstance(created, int):
        return False
    return int(since.timestamp()) <= created and (until is None or created < int(until.timestamp()))


def status_of(error: Rejected | Protocol) -> int:
    """Give the HTTP status behind an error, 0 for none: a double says 404 in words of its own."""
    return int(getattr(error, "status", 0) or getattr(error.__cause__, "http_status", 0) or 0)
