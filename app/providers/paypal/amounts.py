"""Amounts as PayPal takes and gives them: decimal strings out and in, integers inside.

Source: PayPal's REST reference, Currency codes. Left out are the currencies that only accounts of
their own country may take (BRL, CNY, INR, MYR).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from app.domain.money import EXPONENTS, Money, plain_decimal
from app.errors import Message, Protocol

_WITHOUT_DECIMALS: Final = frozenset({"HUF", "JPY", "TWD"})
"""Two of them have decimals elsewhere; here they go in whole forints and dollars."""

CURRENCIES: Final = frozenset(
    "AUD CAD CHF CZK DKK EUR GBP HKD HUF ILS JPY MXN NOK NZD PHP PLN SEK SGD THB TWD USD".split()
)
AMOUNT_STEP: Final = {
    currency: 10 ** EXPONENTS[currency] for currency in _WITHOUT_DECIMALS if EXPONENTS[currency]
}
MINIMUM_MINOR: Final[dict[str, int]] = dict(AMOUNT_STEP)
MAXIMUM_MINOR: Final = 99_999_999_999
"""PayPal's own limit has fifteen digits before the point; no sale at a counter comes near this."""

_VALUE: Final = re.compile(r"(?P<whole>[0-9]{1,15})(?:\.(?P<part>[0-9]{1,2}))?", re.ASCII)


def amount_of(money: Money) -> dict[str, str]:
    """Write an amount for PayPal. Raises ValueError for one that it cannot have."""
    if money.currency not in CURRENCIES or money.minor % AMOUNT_STEP.get(money.currency, 1):
        raise ValueError(f"PayPal has no amount {money}")
    text = plain_decimal(money.minor, money.currency)
    if money.currency in _WITHOUT_DECIMALS:
        text = text.partition(".")[0]
    return {"currency_code": money.currency, "value": text}


def money_from(amount: Any) -> Money:
    """Read an amount of PayPal's. Raises Protocol for anything but a plain decimal string.

    More decimals than its currency has are none, and neither is a sign.
    """
    try:
        return _money(amount)
    except (TypeError, ValueError, KeyError) as error:
        raise Protocol(Message("PayPal sent an amount that is none"), str(error)) from error


def _money(amount: Any) -> Money:
    if not isinstance(amount, Mapping):
        raise TypeError(f"{amount!r} is no amount")
    value, currency = amount["value"], str(amount["currency_code"])
    match = _VALUE.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is no amount")
    places = EXPONENTS[currency]
    part = match["part"] or ""
    if len(part) > (0 if currency in _WITHOUT_DECIMALS else places):
        raise ValueError(f"{value!r} has more decimals than {currency}")
    return Money(int(match["whole"] + part.ljust(places, "0")), currency)
