"""Which payments there are for an order: those that it names, and those that name it.

An order names what pays it. A refused try names its order alone, and stands on the list of payments
only, some seconds late; so may one that the order does not know of yet.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.providers.square.client import SquareClient
from app.providers.square.documents import each_of, object_of, text_of
from app.providers.square.orders import paying
from app.providers.square.payments import REFUSED, status_of

_PAGE: Final = "100"


async def payments_named(client: SquareClient, order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Ask for the payments that an order names."""
    return [
        object_of(await client.get("payments", payment_id), "payment")
        for payment_id in paying(order)
    ]


async def payments_of(
    client: SquareClient, order: Mapping[str, Any], location_id: str
) -> list[Mapping[str, Any]]:
    """Ask for all payments of an order; tries are looked for while nothing has paid it.

    Of the list only the newest page is read: it shows every try but in the busiest shop.
    """
    named = await payments_named(client, order)
    if any(status_of(payment) not in REFUSED for payment in named):
        return named
    page = await client.get(
        "payments",
        # Without it Square lists those of the main location.
        location_id=location_id,
        begin_time=text_of(order, "created_at"),
        sort_order="DESC",
        limit=_PAGE,
    )
    known = {text_of(payment, "id") for payment in named}
    order_id = text_of(order, "id")
    return named + [
        payment
        for payment in each_of(page, "payments")
        if payment.get("order_id") == order_id and text_of(payment, "id") not in known
    ]
