"""An amount as a person types it, read without a float; free of Qt."""

import re

from babel import Locale
from babel.numbers import get_decimal_symbol

from app.domain.money import EXPONENTS, MAX_MINOR, Money, plain_decimal

_TYPED = re.compile(r"(\d+)(?:([.,\u066b])(\d+))?")
_GROUP = 3
"""As many digits behind a sign that is not the locale's own may be thousands."""


def written(amount: Money, locale: Locale) -> str:
    """Write an amount as it would be typed: its digits and the locale's decimal sign."""
    return plain_decimal(amount.minor, amount.currency).replace(".", get_decimal_symbol(locale))


def typed_amount(text: str, currency: str, locale: Locale) -> Money | None:
    """Read what was typed, or None where it is no amount of the currency beyond doubt.

    The comma and the full stop are taken for the decimal sign in every locale, but where the
    digits behind it could be thousands. More decimals than the currency has are no amount.
    """
    match = _TYPED.fullmatch("".join(text.split()))
    if match is None:
        return None
    whole, sign, decimals = match[1], match[2] or "", match[3] or ""
    exponent = EXPONENTS[currency]
    may_be_thousands = len(decimals) == _GROUP and sign != get_decimal_symbol(locale)
    if len(decimals) > exponent or may_be_thousands:
        return None
    digits = whole + decimals.ljust(exponent, "0")
    if len(digits) > len(str(MAX_MINOR)) or int(digits) > MAX_MINOR:
        return None
    return Money(int(digits), currency)
