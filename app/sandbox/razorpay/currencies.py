"""Amounts as Razorpay takes them: which currencies, how many decimals, how little, how much."""

from app.sandbox.razorpay.errors import bad_request

ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
THREE_DECIMAL = frozenset("BHD IQD JOD KWD OMR TND".split())
SUPPORTED = ZERO_DECIMAL | THREE_DECIMAL | frozenset(
    "AED ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BZD CAD CHF CNY"
    " COP CRC CUP CVE CZK DKK DOP DZD EGP ETB EUR FJD GBP GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR"
    " ILS INR ISK JMD KES KGS KHR KYD KZT LAK LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK"
    " MXN MYR MZN NAD NGN NIO NOK NPR NZD PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SCR SEK SGD SLL"
    " SOS SSP SVC SZL THB TRY TTD TWD TZS UAH USD UYU UZS XCD YER ZAR ZMW".split()
)  # fmt: skip
LARGEST = 50_000_000
SMALLEST_INR = 100

_SYMBOLS = {"EUR": "€", "GBP": "£", "INR": "₹", "JPY": "¥", "USD": "$"}


def check(amount: int, currency: str) -> None:
    """Refuse what Razorpay cannot take: integers of the smallest unit, codes in capitals."""
    if currency not in SUPPORTED:
        raise bad_request("Currency is not supported", "currency")
    if currency == "INR" and amount < SMALLEST_INR:
        raise bad_request("The amount must be atleast INR 1.00", "amount")
    if amount < 1:
        raise bad_request("The amount must be at least 1.", "amount")
    if amount > LARGEST:
        raise bad_request("Amount exceeds maximum amount allowed.", "amount")
    if currency in THREE_DECIMAL and amount % 10:
        raise bad_request(f"The last digit of an amount in {currency} must be 0.", "amount")


def decimals(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def symbol(currency: str) -> str:
    """What people write for a currency, its code where that is all."""
    return _SYMBOLS.get(currency, currency)


def shown(amount: int, currency: str) -> str:
    """An amount for people."""
    places = decimals(currency)
    whole, rest = divmod(amount, 10**places)
    figure = f"{whole:,}" + (f".{rest:0{places}d}" if places else "")
    sign = symbol(currency)
    return f"{currency} {figure}" if sign == currency else f"{sign}{figure}"
