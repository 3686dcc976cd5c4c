"""Square's own lists of what happened since a moment: orders and events.

Source: Square's API reference, SearchOrders and SearchEvents (of the last 28 days, and only since
the merchant has them kept). Pages are small enough for one reply to stay below what the till takes,
even where each order has many lines.
"""

import json
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.attempt import Reference
from app.errors import Rejected
from app.providers.square.client import SquareClient
from app.providers.square.documents import moment_from, stamp
from app.providers.square.endpoints import EVENTS, keep_events
from app.providers.square.orders import reference_of

_EVENT_MEMORY: Final = timedelta(days=28)
_ORDERS: Final = 20
_EVENTS: Final = 50
_FORBIDDEN: Final = 403
_STATES: Final = ("DRAFT", "OPEN", "COMPLETED", "CANCELED")

_log = logging.getLogger(__name__)


async def orders_since(
    client: SquareClient, location_id: str, since: datetime, until: datetime | None
) -> AsyncIterator[Mapping[str, Any]]:
    """Give the orders of any till that changed since then and before `until`, newest first.

    By the last change, so that money that came late for an old one is found, too.
    """
    body = {
        "location_ids": [location_id],
        "limit": _ORDERS,
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


class KeptEvents:
    """The events that Square keeps for the token's application, once it was told to.

    `memory` is how far back they are listed: nothing where the token may not ask for that. Then
    orders, refunds and disputes tell by their own lists.
    """

    def __init__(self, client: SquareClient) -> None:
        self._client = client
        self._is_on = False
        self.memory = _EVENT_MEMORY

    async def keep(self) -> bool:
        """Have events kept from now on, and say whether they are."""
        if self._is_on or not self.memory:
            return self._is_on
        try:
            await keep_events(self._client)
        except Rejected as refused:
            if refused.status != _FORBIDDEN:
                raise
            _log.info("Square's events may not be read: %s", refused)
            self.memory = timedelta(0)
        else:
            self._is_on = True
        return self._is_on

    async def since(self, since: datetime, until: datetime | None) -> AsyncIterator[bytes]:
        """Give the events that the till is told of, as JSON, of then and before `until`."""
        if not await self.keep():
            return
        body = {
            "limit": _EVENTS,
            "query": {
                "filter": {"event_types": list(EVENTS), "created_at": span(since, until)},
                "sort": {"field": "DEFAULT", "order": "DESC"},
            },
        }
        async for event in self._client.found("events", "events", body=body):
            told = moment_from(event.get("created_at"))
            if until is None or told is None or told < until:
                yield json.dumps(event).encode()


def span(since: datetime, until: datetime | None) -> Mapping[str, str]:
    """Give the filter of a search from a moment on and up to another."""
    begun = {"start_at": stamp(since)}
    return begun if until is None else {**begun, "end_at": stamp(until)}
