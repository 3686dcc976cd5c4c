"""Stripe's own lists: events, Checkout Sessions, and those of one payment link.

Source: Stripe's API reference, "List all events" (of the last 30 days) and "List all Checkout
Sessions". Pages are small enough for one reply to stay far below what the till takes.
"""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast

import stripe

from app.domain.attempt import Reference
from app.providers.stripe.endpoints import EVENTS
from app.providers.stripe.errors import in_our_words
from app.providers.stripe.sessions import EXPAND, reference_of

EVENT_MEMORY: Final = timedelta(days=30)
_PAGE: Final = 50


async def sessions_since(
    client: stripe.StripeClient, since: datetime, until: datetime | None
) -> AsyncIterator[dict[str, Any]]:
    """Give the sessions of any till made since then and before `until`, newest first."""
    with in_our_words():
        page = await client.v1.checkout.sessions.list_async(
            {
                "created": cast(Any, span(since, until)),
                "limit": _PAGE,
                "expand": [f"data.{name}" for name in EXPAND],
            }
        )
    async for session in through(page):
        # Others sell through the account too; what they do need not be understood.
        is_ours = Reference.parse(reference_of(session)) is not None
        if is_ours and session.get("mode") != "setup":
            yield session


async def sessions_of_link(
    client: stripe.StripeClient, link_id: str
) -> AsyncIterator[dict[str, Any]]:
    """Give every session that a payment link opened, newest first."""
    with in_our_words():
        page = await client.v1.checkout.sessions.list_async(
            {
                "payment_link": link_id,
                "limit": _PAGE,
                "expand": [f"data.{name}" for name in EXPAND],
            }
        )
    async for session in through(page):
        yield session


async def intents_since(
    client: stripe.StripeClient, since: datetime, until: datetime | None
) -> AsyncIterator[dict[str, Any]]:
    """Give the payment intents made since then and before `until`, newest first."""
    with in_our_words():
        page = await client.v1.payment_intents.list_async(
            {"created": cast(Any, span(since, until)), "limit": _PAGE}
        )
    async for intent in through(page):
        yield intent


async def events_since(
    client: stripe.StripeClient,
    since: datetime,
    until: datetime | None,
    types: tuple[str, ...] = EVENTS,
) -> AsyncIterator[bytes]:
    """Give the events that the till is told of, as JSON, of then and before `until`."""
    with in_our_words():
        page = await client.v1.events.list_async(
            {"created": cast(Any, span(since, until)), "limit": _PAGE, "types": list(types)}
        )
    async for event in through(page):
        # The SDK makes Decimals of what Stripe sends as texts ("unit_amount_decimal").
        yield json.dumps(event, default=str).encode()


async def through(page: Any) -> AsyncIterator[dict[str, Any]]:
    """Give everything on a page of the SDK's and on those that follow it, as plain data."""
    while True:
        with in_our_words():
            listed = [each.to_dict() for each in page.data]
            has_more = page.has_more
        for document in listed:
            yield document
        if not has_more:
            return
        with in_our_words():
            page = await page.next_page_async()


def span(since: datetime, until: datetime | None) -> Mapping[str, int]:
    """Give the filter of a list from a moment on and before another, in whole seconds."""
    begun = {"gte": int(since.timestamp())}
    return begun if until is None else {**begun, "lt": int(until.timestamp())}
