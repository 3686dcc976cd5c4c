"""What can be handed over in cash: amounts to the coin that there is, and notes to pay with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from app.domain.money import EXPONENTS, Money, rounded_to

_STEP: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")
_NOTES: Final = (5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
_MOST_NOTES: Final = 3


@dataclass(frozen=True, slots=True)
class CashSteps:
    """The smallest coin by currency, as texts like "0.05"; that under "" is for the others.

    Where it is not a whole number of a currency's minor units, amounts stay as they are.
    """

    by_currency: Mapping[str, str] = field(default_factory=dict)

    def step(self, currency: str) -> int:
        """Give the smallest coin of a currency in minor units; 1 where nothing is rounded."""
        text = self.by_currency.get(currency, self.by_currency.get("", ""))
        step = _in_minor(text, currency) if text else Fraction(1)
        return int(step) if step.denominator == 1 and step >= 1 else 1

    def due(self, amount: Money) -> Money:
        """Give what is to be handed over for an amount."""
        return Money(rounded_to(amount.minor, self.step(amount.currency)), amount.currency)


def objection_to_step(text: str, currency: str) -> bool:
    """Say whether a text is no coin: no number, nothing, or less than the currency can say."""
    if _STEP.fullmatch(text) is None or Fraction(text) == 0:
        return True
    return bool(currency) and _in_minor(text, currency).denominator != 1


def quick_notes(due: Money) -> tuple[Money, ...]:
    """Give what a customer is likely to hand over: the exact amount, then the next notes up."""
    unit: int = 10 ** EXPONENTS[due.currency]
    found = [due.minor] if due.minor else []
    for note in _NOTES:
        paid = -(-due.minor // (note * unit)) * note * unit
        if due.minor and paid not in found:
            found.append(paid)
    return tuple(Money(minor, due.currency) for minor in found[: _MOST_NOTES + 1])


def _in_minor(text: str, currency: str) -> Fraction:
    return Fraction(text) * int(10 ** EXPONENTS[currency])
