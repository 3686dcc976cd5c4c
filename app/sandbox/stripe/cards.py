"""The test cards, and what each of them brings about.

Numbers and outcomes follow docs.stripe.com/testing. A card number lives here only as long as
one request: what is kept of it is brand and last four digits.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

RefundOutcome = Literal[
    "succeeds",
    "succeeds_later",
    "fails",
    "fails_later",
    "pends",
    "pends_then_fails",
    "requires_action",
]

_SEPARATORS = re.compile(r"[\s\-]")
_EXPIRY = re.compile(r"([0-9]{1,2})\s*/?\s*((?:20)?[0-9]{2})")


@dataclass(frozen=True)
class Card:
    """What is left of a card once its number has been read."""

    brand: str
    last4: str
    exp_month: int
    exp_year: int
    fingerprint: str
    refunds: RefundOutcome = "succeeds"
    disputed_as: tuple[str, str] | None = None
    """The reason and the first state of the dispute that its holder opens at once."""
    is_challenged: bool = False
    """Whether the payer has to prove to the bank who is paying (3-D Secure)."""
    fails_later: bool = False
    """Whether it can be kept, and never charged."""


@dataclass(frozen=True)
class Decline:
    """The issuer says no; `decline_code` is None where no issuer was asked."""

    code: str
    decline_code: str | None
    message: str


@dataclass(frozen=True)
class Unusable:
    """The form cannot be sent on: `field` is the input to look at."""

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class Entry:
    """What the payer typed; never shown in a log or a traceback."""

    number: str
    exp: str
    cvc: str

    def __repr__(self) -> str:
        return "Entry(...)"


GENERIC_DECLINE = Decline("card_declined", "generic_decline", "Your card was declined.")
INSUFFICIENT_FUNDS = Decline(
    "card_declined", "insufficient_funds", "Your card has insufficient funds."
)
EXPIRED_CARD = Decline("expired_card", "expired_card", "Your card has expired.")
PROCESSING_ERROR = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)
NOT_AUTHENTICATED = Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method"
    " and try again.",
)

FAILS_LATER = "4000000000000341"
"""The card that can be kept and never charged."""

SETUP_NOT_AUTHENTICATED = Decline(
    "setup_intent_authentication_failure", None, NOT_AUTHENTICATED.message
)

_DECLINES = {
    "4000000000000002": GENERIC_DECLINE,
    "4000000000009995": INSUFFICIENT_FUNDS,
    "4000000000000069": EXPIRED_CARD,
    "4000000000000119": PROCESSING_ERROR,
    FAILS_LATER: GENERIC_DECLINE,
}
_CHALLENGED = "4000002500003155"
_APPROVED: dict[str, RefundOutcome] = {
    _CHALLENGED: "succeeds",
    "4242424242424242": "succeeds",
    "4000000000007726": "succeeds_later",
    "4000000000005126": "fails_later",
}
_DISPUTED = {
    "4000000000000259": ("fraudulent", "needs_response"),
    "4000000000002685": ("product_not_received", "needs_response"),
    "4000000000001976": ("fraudulent", "warning_needs_response"),
}


def read(entry: Entry, now: int) -> tuple[Card, Decline | None] | Unusable:
    """The card and the issuer's answer, or why the form cannot be used."""
    number = _SEPARATORS.sub("", entry.number)
    if not number:
        return Unusable("card_number", "incomplete_number", "Enter your card number.")
    if not number.isascii() or not number.isdigit() or not passes_luhn(number):
        return Unusable("card_number", "incorrect_number", "Your card number is invalid.")
    if not any(number in known for known in (_DECLINES, _APPROVED, _DISPUTED)):
        return Unusable(
            "card_number",
            "not_a_test_card",
            "Only test cards work here. Never enter a real card: try 4242 4242 4242 4242.",
        )
    expiry = _EXPIRY.fullmatch(entry.exp.strip())
    if expiry is None or not 1 <= int(expiry[1]) <= 12:
        return Unusable("exp", "invalid_expiry", "Enter the expiry date as MM/YY.")
    if not (entry.cvc.isascii() and entry.cvc.isdigit() and 3 <= len(entry.cvc) <= 4):
        return Unusable("cvc", "incorrect_cvc", "Enter the three digits on the back of the card.")
    month, year = int(expiry[1]), 2000 + int(expiry[2]) % 100
    card = Card(
        brand="visa",
        last4=number[-4:],
        exp_month=month,
        exp_year=year,
        fingerprint=_fingerprint(number),
        refunds=_APPROVED.get(number, "succeeds"),
        disputed_as=_DISPUTED.get(number),
        is_challenged=number == _CHALLENGED,
        fails_later=number == FAILS_LATER,
    )
    today = datetime.fromtimestamp(now, UTC)
    if (year, month) < (today.year, today.month):
        return card, EXPIRED_CARD
    return card, _DECLINES.get(number)


def passes_luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return 12 <= len(number) <= 19 and total % 10 == 0


def _fingerprint(number: str) -> str:
    """Tells test cards apart; only numbers from the tables above come here."""
    return hashlib.sha256(f"scantill sandbox {number}".encode()).hexdigest()[:16]
