"""The shop's location at Square: whose it is, and the one currency that it takes.

Source: Square's API reference, Locations.
"""

from dataclasses import dataclass
from typing import Final

from app.errors import Message, Rejected
from app.providers.square.amounts import CURRENCIES
from app.providers.square.client import SquareClient
from app.providers.square.documents import object_of, text_of

_NOT_FOUND: Final = 404
_CHECK: Final = Message("Check the account's location in the settings and at Square.")


@dataclass(frozen=True, slots=True)
class Location:
    """Where is sold: the merchant's id, and an ISO 4217 code."""

    merchant_id: str
    currency: str


async def locate(client: SquareClient, location_id: str) -> Location:
    """Ask for a location, in one request.

    Raises Rejected, in words, where nothing can be sold there.
    """
    try:
        answer = await client.get("locations", location_id)
    except Rejected as refused:
        if refused.status != _NOT_FOUND:
            raise
        raise Rejected(
            Message("Square does not know the location {location}", location=location_id),
            refused.detail,
            action=_CHECK,
            code=refused.code,
            status=refused.status,
        ) from refused
    location = object_of(answer, "location")
    if location.get("status") == "INACTIVE":
        raise Rejected(
            Message("The location {location} is closed at Square", location=location_id),
            action=_CHECK,
        )
    currency = text_of(location, "currency")
    if currency not in CURRENCIES:
        raise Rejected(
            Message("The till does not sell in {currency} through Square", currency=currency),
            action=_CHECK,
        )
    return Location(text_of(location, "merchant_id"), currency)
