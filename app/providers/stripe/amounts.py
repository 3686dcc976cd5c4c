"""What amounts Stripe takes, in the till's own minor units.

Source: Stripe's documents on supported currencies and on minimum charge amounts. Left out are the
currencies whose decimals at Stripe differ from ISO 4217 or are disputed (ISK, UGX, MGA and the
like): an amount that could be off by a hundred is worse than one that is refused.
"""

from typing import Final

from app.domain.money import EXPONENTS

_OTHER_DECIMALS: Final = frozenset(
    {"ISK", "UGX", "MGA", "MRU", "UYI", "IQD", "LYD", "BHD", "JOD", "OMR", "TND"}
)
_NOT_TAKEN: Final = frozenset(
    {"CUP", "ERN", "GHS", "IRR", "KPW", "SDG", "SSP", "STN", "SVC", "SYP", "TMT", "VED", "VES"}
    | {"ZWG", "BTN"}
)

CURRENCIES: Final = frozenset(EXPONENTS) - _OTHER_DECIMALS - _NOT_TAKEN
MINIMUM_MINOR: Final[dict[str, int]] = {
    **dict.fromkeys(("USD", "EUR", "CAD", "AUD", "INR", "CHF", "NZD", "SGD", "BRL"), 50),
    "GBP": 30,
    "JPY": 50,
    "AED": 200,
    "CZK": 1500,
    "DKK": 250,
    "HKD": 400,
    "HUF": 17500,
    "MXN": 1000,
    "NOK": 300,
    "PLN": 200,
    "RON": 200,
    "SEK": 300,
    "THB": 1000,
}
MAXIMUM_MINOR: Final = 99_999_999
AMOUNT_STEP: Final = {"KWD": 10}
"""Three-decimal amounts end in 0."""
