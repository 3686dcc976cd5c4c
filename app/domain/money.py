"""Money: integer minor units with an ISO 4217 code, and the only place that rounds.

No float enters here; a float or a bool where an integer belongs is a TypeError.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

_ZERO_DECIMALS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS: Final = "BHD IQD JOD KWD LYD OMR TND"
_TWO_DECIMALS: Final = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP "
    "PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG"
)

EXPONENTS: Final[dict[str, int]] = {
    **dict.fromkeys(_ZERO_DECIMALS.split(), 0),
    **dict.fromkeys(_TWO_DECIMALS.split(), 2),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
}
"""Decimals of each currency in use, after ISO 4217. A provider may count otherwise."""

MAX_MINOR: Final = 2**53 - 1
"""The largest amount that every JSON reader takes exactly."""


def checked_minor(minor: int) -> int:
    """Give `minor` back if it is an integer amount within bounds; else TypeError or ValueError."""
    if type(minor) is not int:
        raise TypeError(f"an amount is an integer of minor units, not {type(minor).__name__}")
    if abs(minor) > MAX_MINOR:
        raise ValueError(f"{minor} is beyond the largest amount, {MAX_MINOR}")
    return minor


@dataclass(frozen=True, slots=True)
class Money:
    """An amount: `minor` units (cents, yen, fils) of `currency` (ISO 4217, upper case).

    Raises TypeError for anything but an int, ValueError for an unknown currency, for an amount
    beyond 2^53 - 1 and for a sum of two currencies.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        checked_minor(self.minor)
        if self.currency not in EXPONENTS:
            raise ValueError(f"{self.currency!r} is not a currency in use (ISO 4217)")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __str__(self) -> str:
        return f"{plain_decimal(self.minor, self.currency)} {self.currency}"

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.minor


def plain_decimal(minor: int, currency: str) -> str:
    """Write an amount as plain digits with the currency's own decimals: 1234 EUR is `12.34`."""
    exponent = EXPONENTS[currency]
    sign = "-" if minor < 0 else ""
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    return sign + (f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits)


def rounded(amount: Fraction) -> int:
    """Round an exact amount of minor units half to even (IEEE 754's and accounting's default)."""
    return round(amount)


def rounded_to(minor: int, step: int) -> int:
    """Round minor units to the nearest multiple of `step`, half to even."""
    return rounded(Fraction(minor, step)) * step


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights` by largest remainder; the parts sum to `total`.

    Weights are zero or more; a tie goes to the earlier place; where all are zero the parts are
    as even as can be. Raises ValueError for no weights or a negative one.
    """
    if not weights or min(weights) < 0:
        raise ValueError("spreading needs at least one weight, and none below zero")
    if total < 0:
        return [-part for part in spread(-total, weights)]
    whole = sum(weights)
    if whole == 0:
        return spread(total, [1] * len(weights))
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda place: (-(total * weights[place] % whole), place)
    )
    for place in by_remainder[: total - sum(parts)]:
        parts[place] += 1
    return parts
