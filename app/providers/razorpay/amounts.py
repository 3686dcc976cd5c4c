"""What amounts Razorpay takes and how it writes them: integers of a currency's smallest unit.

Source: Razorpay's documents on supported currencies. Left out are the currencies whose decimals at
Razorpay differ from ISO 4217 or are not confirmed (ISK, MGA, UGX, IQD, JOD, TND): an amount that
could be off by a hundred is worse than one that is refused.
"""

from typing import Any, Final

from app.domain.money import Money
from app.errors import Message, Protocol

_ZERO_DECIMALS: Final = "BIF CLP DJF GNF JPY KMF KRW PYG RWF VND VUV XAF XOF XPF"
_TWO_DECIMALS: Final = (
    "AED ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BZD CAD CHF CNY COP "
    "CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD GBP GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD "
    "KES KGS KHR KYD KZT LAK LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN "
    "NIO NOK NPR NZD PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SCR SEK SGD SOS SZL THB TRY TTD TWD "
    "TZS UAH USD UYU UZS XCD YER ZAR ZMW"
)
_THREE_DECIMALS: Final = "BHD KWD OMR"

DECIMALS: Final[dict[str, int]] = {
    **dict.fromkeys(_ZERO_DECIMALS.split(), 0),
    **dict.fromkeys(_TWO_DECIMALS.split(), 2),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
}
"""The decimals of each currency at Razorpay, which for these are the till's own."""

RUPEES: Final = "INR"
CURRENCIES: Final = frozenset(DECIMALS)
MINIMUM_MINOR: Final = {RUPEES: 100}
MAXIMUM_MINOR: Final = 50_000_000
AMOUNT_STEP: Final = dict.fromkeys(_THREE_DECIMALS.split(), 10)
"""Three-decimal amounts end in 0."""


def money_from(amount: Any, currency: Any) -> Money:
    """Read an amount of Razorpay's. Raises Protocol for anything but an integer and a currency."""
    try:
        return Money(amount, str(currency))
    except (TypeError, ValueError) as error:
        raise Protocol(Message("Razorpay sent an amount that is none"), str(error)) from error
