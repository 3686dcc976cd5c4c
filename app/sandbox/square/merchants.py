"""Merchants and their locations: two that are open, and one that was closed for good."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.sandbox.books import JsonObject
from app.sandbox.square import CURRENCIES, location_of, merchant_of
from app.sandbox.square.errors import invalid, not_found, unauthorized
from app.sandbox.square.money import currency_of
from app.sandbox.square.parameters import body_of, query_of
from app.sandbox.square.workbench import Call, Workbench

_TOKEN = "EAAA"  # noqa: S105 - what every token of Square's begins with
_LOCATIONS = (("Main shop", "ACTIVE"), ("Market stall", "ACTIVE"), ("Old shop", "INACTIVE"))
_PLACES = {
    "AUD": ("AU", "en-AU", "Australia/Sydney"),
    "CAD": ("CA", "en-CA", "America/Toronto"),
    "EUR": ("IE", "en-IE", "Europe/Dublin"),
    "GBP": ("GB", "en-GB", "Europe/London"),
    "JPY": ("JP", "ja-JP", "Asia/Tokyo"),
    "USD": ("US", "en-US", "America/Los_Angeles"),
}
_OPENED_AT = "2023-11-14T22:13:20Z"


def authenticate(authorization: str | None) -> str:
    """The merchant behind an Authorization header, or Square's 401."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or len(token) <= len(_TOKEN) or not token.startswith(_TOKEN):
        raise unauthorized()
    return merchant_of(token.strip())


def is_merchant(account: str) -> bool:
    """Whether an account of the simulator's can be one of Square's."""
    return len(account) == 13 and account.startswith("ML") and account[-1] in CURRENCIES


def ids(merchant: str) -> list[str]:
    """The ids of a merchant's locations, the main one first."""
    return [location_of(merchant, number) for number in range(len(_LOCATIONS))]


def main(merchant: str) -> str:
    return location_of(merchant)


def check(merchant: str, location: str, field: str, *, selling: bool = False) -> None:
    """Refuse a location that is not the merchant's, or where nothing can be sold any more."""
    if location not in ids(merchant):
        raise not_found("location", location, field)
    if selling and _LOCATIONS[ids(merchant).index(location)][1] != "ACTIVE":
        raise invalid("INVALID_LOCATION", "The location is not active.", field)


def list_locations(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    numbers = range(len(_LOCATIONS))
    return {"locations": [_location(bench, call.account, number) for number in numbers]}


def retrieve_location(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    id = main(call.account) if call.id == "main" else call.id
    check(call.account, id, "location_id")
    return {"location": _location(bench, call.account, ids(call.account).index(id))}


def retrieve(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    body_of(call.body, {})
    if call.id not in ("me", call.account):
        raise not_found("merchant", call.id, "merchant_id")
    return {"merchant": _merchant(bench, call.account)}


def list_merchants(bench: Workbench, call: Call) -> JsonObject:
    query_of(call.query, {})
    return {"merchant": [_merchant(bench, call.account)]}


def timezone(merchant: str) -> str:
    return _PLACES[currency_of(merchant)][2]


def zone(name: str) -> tzinfo:
    """The zone of this name; UTC where the computer has no table of them."""
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return UTC


def _merchant(bench: Workbench, merchant: str) -> JsonObject:
    currency = currency_of(merchant)
    country, language, _ = _PLACES[currency]
    return {
        "id": merchant,
        "business_name": bench.shop_name,
        "country": country,
        "language_code": language,
        "currency": currency,
        "status": "ACTIVE",
        "main_location_id": main(merchant),
        "created_at": _OPENED_AT,
    }


def _location(bench: Workbench, merchant: str, number: int) -> JsonObject:
    currency = currency_of(merchant)
    country, language, zone = _PLACES[currency]
    name, status = _LOCATIONS[number]
    return {
        "id": location_of(merchant, number),
        "name": name,
        "timezone": zone,
        "capabilities": ["CREDIT_CARD_PROCESSING", "AUTOMATIC_TRANSFERS"],
        "status": status,
        "created_at": _OPENED_AT,
        "merchant_id": merchant,
        "country": country,
        "language_code": language,
        "currency": currency,
        "business_name": bench.shop_name,
        "type": "PHYSICAL",
        "mcc": "5999",
    }
