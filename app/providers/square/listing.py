"""Square's own lists of what happened since a moment: orders and events.

Source: Square's API reference, SearchOrders and SearchEvents (of the last 28 days, and only since
the merchant has them kept). Pages are small enough for one reply to stay far below what the till
takes.
"""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.attempt import Reference
from app.providers.square.client import SquareClient
from app.providers.square.documents import moment_from, stamp
from app.providers.square.endpoints import EVENTS
from app.providers.square.orders import reference_of

EVENT_MEMORY: Final = timedelta(days=28)
_PAGE: Final = 50
_STATES: Final = ("DRAFT", "OPEN", "COMPLETED", "CANCELED")


async def orders_since(
    client: SquareClient, location_id: str, since: datetime, until: datetime | None
) -> AsyncIterator[Mapping[str, Any]]:
    """Give the orders of any till that changed since then and before `until`, newest first.

    By the last change, so that money that came late for an old one is found, too.
    """
    body = {
        "location_ids": [location_id],
        "limit": _PAGE,
        "query": {
            "filter": {
                "date_time_filter": {"updated_at": span(since, until)},
                "state_filter": {"states": list(_STATES)},
            },
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "DESC"},
        },
    }
    async for order in client.found("orders", "orders", "search", body=body):
        changed = moment_from(order.get("updated_at"))
        # Square's span has its end in it.
        if until is not None and changed is not None and changed >= until:
            continue
        # Others sell through the account too; what they do need not be understood.
        if Reference.parse(reference_of(order)) is not None:
            yield order


async def events_since(
    client: SquareClient, since: datetime, until: datetime | None
) -> AsyncIterator[bytes]:
    """Give the events that the till is told of, as JSON, of then and before `until`."""
    body = {
        "limit": _PAGE,
        "query": {
            "filter": {"event_types": list(EVENTS), "created_at": span(since, until)},
            "sort": {"field": "DEFAULT", "order": "DESC"},
        },
    }
    async for event in client.found("events", "events", body=body):
        told = moment_from(event.get("created_at"))
        if until is None or told is None or told < until:
            yield json.dumps(event).encode()


def span(since: datetime, until: datetime | None) -> Mapping[str, str]:
    """Give the filter of a search from a moment on and up to another."""
    begun = {"start_at": stamp(since)}
    return begun if until is None else {**begun, "end_at": stamp(until)}
