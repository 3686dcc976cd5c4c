"""Amounts as Square has them: integers of the smallest unit, in the location's own currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.sandbox.books import JsonObject
from app.sandbox.square import CURRENCIES
from app.sandbox.square.errors import invalid
from app.sandbox.square.parameters import Fields, Rule, Text, Whole

LARGEST = 10**12

_DECIMALS = {"JPY": 0}
_SYMBOLS = {"AUD": "A$", "CAD": "CA$", "EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}


@dataclass(frozen=True)
class Amount:
    """The rule for money of at least `lowest`; whose currency it is, `check_currency` asks."""

    lowest: int = 0

    def check(self, value: Any, field: str) -> JsonObject:
        rules: Mapping[str, Rule] = {
            "amount": Whole(self.lowest, LARGEST),
            "currency": Text(3, 3),
        }
        return Fields(rules, ("amount", "currency")).check(value, field)


def currency_of(merchant: str) -> str:
    return CURRENCIES[merchant[-1]]


def check_currency(merchant: str, money: JsonObject, field: str) -> None:
    """Refuse what is not in the merchant's own currency."""
    own = currency_of(merchant)
    if money["currency"] != own:
        raise invalid(
            "INVALID_VALUE",
            f"This merchant can only process payments in {own}, but amount was provided in"
            f" {money['currency']}.",
            f"{field}.currency",
        )


def money(amount: int, currency: str) -> JsonObject:
    return {"amount": amount, "currency": currency}


def shown(amount: int, currency: str) -> str:
    """For people: `€1,234.50`, `¥500`."""
    places = _DECIMALS.get(currency, 2)
    whole, part = divmod(abs(amount), 10**places)
    number = f"{whole:,}" + (f".{part:0{places}d}" if places else "")
    sign = "-" if amount < 0 else ""
    return f"{sign}{_SYMBOLS[currency]}{number}"
