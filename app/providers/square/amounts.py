"""What amounts Square takes, and how it writes them: integers of the smallest unit.

Source: Square's document on working with monetary amounts. Its decimals are those of ISO 4217 in
every country where it can be sold through; a location takes its own currency alone.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.domain.money import Money
from app.errors import Message, Protocol

CURRENCIES: Final = frozenset({"AUD", "CAD", "EUR", "GBP", "JPY", "USD"})
MINIMUM_MINOR: Final = dict.fromkeys(CURRENCIES, 1)
MAXIMUM_MINOR: Final = 99_999_999
"""Square publishes no limit for all its sellers; a shop's own it tells in words."""


def written(amount: Money) -> dict[str, Any]:
    """Give an amount as Square has it."""
    return {"amount": amount.minor, "currency": amount.currency}


def money_from(told: Any) -> Money:
    """Read an amount of Square's. Raises Protocol for anything but an integer and a currency."""
    if not isinstance(told, Mapping):
        raise Protocol(_NO_AMOUNT, repr(told))
    try:
        return Money(told.get("amount"), told.get("currency"))  # type: ignore[arg-type]  # what is no integer or code is refused by Money
    except (TypeError, ValueError) as error:
        raise Protocol(_NO_AMOUNT, str(error)) from error


_NO_AMOUNT: Final = Message("Square sent an amount that is none")
