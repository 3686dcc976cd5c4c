"""Amounts as PayPal takes and gives them: decimal strings with a currency. Integers inside.

Currencies follow developer.paypal.com/api/rest/reference/currency-codes.
"""

import re

from app.sandbox.books import JsonObject

ZERO_DECIMAL = frozenset(["HUF", "JPY", "TWD"])
SUPPORTED = frozenset(
    "AUD CAD CHF CZK DKK EUR GBP HKD HUF ILS JPY MXN NOK NZD PHP PLN SEK SGD THB TWD USD".split()
)
"""Not among them: BRL, CNY, INR and MYR, which only accounts of those countries may take."""
LARGEST = 99_999_999_999_999_999

_VALUE = re.compile(r"(-?)([0-9]*)(?:\.([0-9]+))?")
_SYMBOLS = {
    "AUD": "A$", "CAD": "CA$", "EUR": "€", "GBP": "£", "JPY": "¥", "MXN": "MX$", "NZD": "NZ$",
    "USD": "$",
}  # fmt: skip


class TooPrecise(ValueError):
    """More decimals than the currency has."""


def decimals(currency: str) -> int:
    return 0 if currency in ZERO_DECIMAL else 2


def minor_of(amount: JsonObject) -> int:
    """The amount in the smallest unit; raises `TooPrecise`."""
    match = _VALUE.fullmatch(amount["value"])
    if match is None:
        raise ValueError(f"{amount['value']!r} is no amount")
    sign, whole, fraction = match.groups()
    places = decimals(amount["currency_code"])
    fraction = fraction or ""
    if len(fraction) > places:
        raise TooPrecise(amount["value"])
    minor = int((whole or "0") + fraction.ljust(places, "0"))
    return -minor if sign else minor


def money(minor: int, currency: str) -> JsonObject:
    return {"currency_code": currency, "value": text(minor, currency)}


def text(minor: int, currency: str) -> str:
    places = decimals(currency)
    digits = str(abs(minor)).rjust(places + 1, "0")
    sign = "-" if minor < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def shown(minor: int, currency: str) -> str:
    """For people, on the pay page."""
    value = text(minor, currency)
    symbol = _SYMBOLS.get(currency)
    return f"{value} {currency}" if symbol is None else f"{symbol}{value}"
