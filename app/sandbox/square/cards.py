"""The test cards, and what each of them brings about.

Square's own sandbox cards, and those that the simulator's page offers. A card number lives here
only as long as one request: what is kept of it is brand, first six and last four digits.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from app.sandbox.square.errors import Problem

_SEPARATORS = re.compile(r"[\s\-]")
_EXPIRY = re.compile(r"([0-9]{1,2})\s*/?\s*((?:20)?[0-9]{2})")
_REFUSED_CVC = "911"
_METHOD = "PAYMENT_METHOD_ERROR"


@dataclass(frozen=True)
class Entry:
    """What the payer typed; never shown in a log or a traceback."""

    number: str
    exp: str
    cvc: str

    def __repr__(self) -> str:
        return "Entry(...)"


@dataclass(frozen=True)
class Card:
    """What is left of a card once its number has been read."""

    brand: str
    bin: str
    last4: str
    exp_month: int
    exp_year: int
    fingerprint: str
    is_challenged: bool = False
    """Whether the payer has to prove to the bank who is paying (3-D Secure)."""


@dataclass(frozen=True)
class Unusable:
    """The form cannot be sent on: `field` is the input to look at."""

    field: str
    code: str
    message: str


DECLINED = Problem(_METHOD, "GENERIC_DECLINE", "Authorization error: 'GENERIC_DECLINE'")
NO_FUNDS = Problem(_METHOD, "INSUFFICIENT_FUNDS", "Authorization error: 'INSUFFICIENT_FUNDS'")
EXPIRED = Problem(_METHOD, "CARD_EXPIRED", "Authorization error: 'CARD_EXPIRED'")
BAD_CVC = Problem(_METHOD, "CVV_FAILURE", "Authorization error: 'CVV_FAILURE'")
NOT_NOW = Problem("API_ERROR", "TEMPORARY_ERROR", "A temporary internal error occurred.")
NOT_PROVEN = Problem(
    _METHOD,
    "CARD_DECLINED_VERIFICATION_REQUIRED",
    "Authorization error: 'CARD_DECLINED_VERIFICATION_REQUIRED'",
)
BANK_SAID_NO = Problem(_METHOD, "INVALID_ACCOUNT", "The bank account could not be debited.")
SAID = {
    "GENERIC_DECLINE": "Your card was declined.",
    "INSUFFICIENT_FUNDS": "Your card has insufficient funds.",
    "CARD_EXPIRED": "Your card has expired.",
    "CVV_FAILURE": "The security code is not that of the card.",
    "TEMPORARY_ERROR": "Something went wrong. Try again in a little bit.",
    "CARD_DECLINED_VERIFICATION_REQUIRED": "Your bank could not be sure that it is you.",
    "INVALID_ACCOUNT": "Your bank did not pay.",
}
"""What the page says to the payer."""

_DECLINES = {
    "4000000000000002": DECLINED,
    "4000000000009995": NO_FUNDS,
    "4000000000000069": EXPIRED,
    "4000000000000119": NOT_NOW,
}
_CHALLENGED = ("4000002500003155", "4800000000000004")
_APPROVED = {
    "4111111111111111": "VISA",
    "4242424242424242": "VISA",
    "5105105105105100": "MASTERCARD",
    "6011000000000004": "DISCOVER",
    "340000000000009": "AMERICAN_EXPRESS",
    "3569990010095841": "JCB",
}


def read(entry: Entry, now: int) -> tuple[Card, Problem | None] | Unusable:
    """The card and the issuer's answer, or why the form cannot be used."""
    number = _SEPARATORS.sub("", entry.number)
    if not number:
        return Unusable("card_number", "incomplete_number", "Enter your card number.")
    if not number.isascii() or not number.isdigit() or not _passes_luhn(number):
        return Unusable("card_number", "incorrect_number", "Your card number is invalid.")
    if number not in {*_DECLINES, *_CHALLENGED, *_APPROVED}:
        return Unusable(
            "card_number",
            "not_a_test_card",
            "Only test cards work here. Never enter a real card: try 4111 1111 1111 1111.",
        )
    expiry = _EXPIRY.fullmatch(entry.exp.strip())
    if expiry is None or not 1 <= int(expiry[1]) <= 12:
        return Unusable("exp", "invalid_expiry", "Enter the expiry date as MM/YY.")
    if not (entry.cvc.isascii() and entry.cvc.isdigit() and 3 <= len(entry.cvc) <= 4):
        return Unusable("cvc", "incorrect_cvc", "Enter the three digits on the back of the card.")
    month, year = int(expiry[1]), 2000 + int(expiry[2]) % 100
    card = Card(
        brand=_APPROVED.get(number, "VISA"),
        bin=number[:6],
        last4=number[-4:],
        exp_month=month,
        exp_year=year,
        fingerprint="sq-1-" + hashlib.sha256(f"scantill square {number}".encode()).hexdigest(),
        is_challenged=number in _CHALLENGED,
    )
    today = datetime.fromtimestamp(now, UTC)
    if (year, month) < (today.year, today.month):
        return card, EXPIRED
    if entry.cvc == _REFUSED_CVC:
        return card, BAD_CVC
    return card, _DECLINES.get(number)


def _passes_luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return 12 <= len(number) <= 19 and total % 10 == 0
