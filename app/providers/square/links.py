"""Which payment link an order has: the one thing by which Square closes its page.

The till knows an order's link from the reply that created it. After a restart, and for an order
that was found by its reference, Square's own list of links tells; nothing else has to be kept.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.errors import Rejected
from app.providers.square.client import SquareClient
from app.providers.square.documents import each_of, object_of, text_of

WAY: Final = ("online-checkout", "payment-links")
_PAGE: Final = "100"
_REMEMBERED: Final = 10_000
_NOT_TO_BE_CLOSED: Final = frozenset({400, 404})
"""Answers to a deletion that say: paid meanwhile, being paid, or deleted before."""


class Links:
    """Finds links by their orders, and remembers those that it saw."""

    def __init__(self, client: SquareClient) -> None:
        self._client = client
        self.remembered: dict[str, str] = {}

    def remember(self, order_id: str, link_id: str) -> None:
        """Note which link an order has; the oldest note gives way."""
        if len(self.remembered) >= _REMEMBERED:
            del self.remembered[next(iter(self.remembered))]
        self.remembered[order_id] = link_id

    async def of_order(self, order_id: str) -> str | None:
        """Give the id of an order's link, or None where it has none (any more)."""
        if order_id in self.remembered:
            return self.remembered[order_id]
        async for link in self._client.listed("payment_links", *WAY, limit=_PAGE):
            # Others' links are noted, too: the next who asks may need one of them.
            self.remember(str(link.get("order_id") or ""), text_of(link, "id"))
            if link.get("order_id") == order_id:
                return text_of(link, "id")
        return None

    async def page_of(self, order_id: str) -> str:
        """Ask where an order's page is now; nothing where it has none."""
        link_id = await self.of_order(order_id)
        if link_id is None:
            return ""
        link = object_of(await self._client.get(*WAY, link_id), "payment_link")
        return str(link.get("url") or "")

    async def delete(self, order_id: str) -> None:
        """Close an order's page, unless it is closed or cannot be: what it is now, a look tells."""
        link_id = await self.of_order(order_id)
        if link_id is None:
            return
        try:
            await self._client.delete(*WAY, link_id)
        except Rejected as refused:
            if refused.status not in _NOT_TO_BE_CLOSED:
                raise


def order_in(answer: Mapping[str, Any], order_id: str) -> Mapping[str, Any] | None:
    """Give the order that came with its new link, or None where it did not come."""
    related = answer.get("related_resources")
    orders = each_of(related, "orders") if isinstance(related, Mapping) else iter(())
    return next((order for order in orders if order.get("id") == order_id), None)
