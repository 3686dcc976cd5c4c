"""Amounts as Stripe takes them: which currencies, how many decimals, how little, how much.

Decimals and minimums follow docs.stripe.com/currencies. Integers only.
"""

from app.sandbox.stripe.errors import StripeRefusal, bad_parameter

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
SUPPORTED = frozenset(
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp"
    " byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip"
    " gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt"
    " lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr"
    " nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd"
    " std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar"
    " zmw".split()
)
LARGEST = 99_999_999

_SMALLEST = {
    "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500,
    "mxn": 1000, "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000,
}  # fmt: skip
_SYMBOLS = {
    "aud": "A$", "brl": "R$", "cad": "CA$", "eur": "€", "gbp": "£", "inr": "₹", "jpy": "¥",
    "krw": "₩", "mxn": "MX$", "nzd": "NZ$", "usd": "$",
}  # fmt: skip


class Currency:
    """The rule for a currency parameter: a supported code, any case, answered in lower case."""

    def check(self, value: object, name: str) -> str:
        code = value.lower() if isinstance(value, str) else ""
        if code not in SUPPORTED:
            raise bad_parameter(
                f"Invalid currency: {code[:10]}. Stripe currently supports these currencies:"
                f" {', '.join(sorted(SUPPORTED))}",
                name,
            )
        return code


def decimals(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def smallest(currency: str) -> int:
    """The least that can be charged."""
    return _SMALLEST.get(currency, 150 if currency in THREE_DECIMAL else 50)


def check_total(amount: int, currency: str) -> None:
    """Refuse a total that Stripe cannot charge; zero is a free order and passes."""
    if amount > LARGEST:
        raise StripeRefusal(
            400,
            f"The Checkout Session's total amount must be no more than {shown(LARGEST, currency)}.",
            code="amount_too_large",
        )
    if 0 < amount < smallest(currency):
        raise StripeRefusal(
            400,
            "The Checkout Session's total amount due must add up to at least"
            f" {shown(smallest(currency), currency)} {currency}",
            code="amount_too_small",
        )
    check_last_digit(amount, currency, None)


def check_last_digit(amount: int, currency: str, param: str | None) -> None:
    if currency in THREE_DECIMAL and amount % 10:
        raise StripeRefusal(
            400,
            f"Invalid amount: {amount}. Amounts in {currency.upper()} must be given in thousandths"
            " and end in 0.",
            code="parameter_invalid_integer",
            param=param,
        )


def shown(amount: int, currency: str) -> str:
    """For people: `€1,234.50`, `¥500`, `KWD 1.500`."""
    places = decimals(currency)
    whole, part = divmod(abs(amount), 10**places)
    number = f"{whole:,}" + (f".{part:0{places}d}" if places else "")
    sign = "-" if amount < 0 else ""
    symbol = _SYMBOLS.get(currency, f"{currency.upper()}\N{NO-BREAK SPACE}")
    return f"{sign}{symbol}{number}"
