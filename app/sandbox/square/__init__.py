"""Square, as far as a till needs it: payment links, orders, payments, refunds, notices.

Every access token is a merchant of its own, with nothing to sign up for; a token that ends in
`-usd`, `-jpy` and so on belongs to one of that currency, any other to one of EUR.
"""

import hashlib
import string

API_VERSION = "2026-09-16"
BASE = "/square"
"""Where its API and its pages are, below the simulator's origin."""
SANDBOX_TOKEN = "EAAAl-scantill-sandbox"  # noqa: S105 - opens nothing but the simulator

CURRENCIES = {"A": "AUD", "C": "CAD", "E": "EUR", "G": "GBP", "J": "JPY", "U": "USD"}
"""What a merchant is paid in, by the last letter of its id."""

_LETTERS = string.ascii_uppercase + string.digits


def merchant_of(token: str) -> str:
    """Give the id of the merchant whom a token belongs to."""
    ending = token.rpartition("-")[2].upper()
    last = next((letter for letter, code in CURRENCIES.items() if code == ending), "E")
    return "ML" + _code(token, 10) + last


def location_of(merchant: str, number: int = 0) -> str:
    """Give the id of a merchant's location; the first is its main one."""
    return "L" + _code(f"{merchant}/{number}", 12)


def _code(text: str, length: int) -> str:
    digest = hashlib.sha256(f"scantill square {text}".encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:length])
