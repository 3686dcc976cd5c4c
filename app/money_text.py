"""Money as a locale writes it, on the window and on the pages of the till's own.

The decimals come from the domain (ISO 4217), because the locale data counts some currencies
otherwise; an amount goes from integer to text without a float.
"""

import re
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import NumberPattern, get_minus_sign_symbol, parse_pattern

from app.domain.money import EXPONENTS, Money, plain_decimal

_CODE_BEFORE_DIGIT = re.compile(r"(?<=[A-Z])(?=\d)")


def locale_of(tag: str) -> Locale:
    """Give the locale of a tag ("de", "de-AT", "pt_BR"), English where it is not known."""
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def money_text(amount: Money, locale: Locale) -> str:
    """Write an amount with its currency: €12.40, 12,40 €, ¥1,240."""
    number = Decimal(plain_decimal(amount.minor, amount.currency))
    pattern = _money_pattern(str(locale), EXPONENTS[amount.currency])
    text: str = pattern.apply(number, locale, currency=amount.currency, currency_digits=False)
    return _CODE_BEFORE_DIGIT.sub("\N{NO-BREAK SPACE}", text)


@lru_cache
def _money_pattern(locale: str, decimals: int) -> NumberPattern:
    """Take the locale's own way of writing money, with the decimals that the currency has."""
    standard = Locale.parse(locale).currency_formats["standard"].pattern
    fraction = "." + "0" * decimals if decimals else ""
    pattern = parse_pattern(re.sub(r"(?<=0)\.0+", fraction, standard))
    # Babel writes the pattern's "-" as it stands. The locale's own may carry a mark that holds it
    # to the left of the digits where the line is read from the right.
    before, after = pattern.prefix[1], pattern.suffix[1]
    minus = get_minus_sign_symbol(locale)
    pattern.prefix = (pattern.prefix[0], before.replace("-", minus))
    pattern.suffix = (pattern.suffix[0], after.replace("-", minus))
    return pattern
