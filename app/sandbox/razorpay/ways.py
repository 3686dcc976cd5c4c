"""The ways to pay, and what each brings about: test cards, and test addresses of UPI.

The addresses and the first two cards are Razorpay's own (razorpay.com/docs, "Test Cards", "Test
UPI"); the other cards are those that every page of this simulator knows. A card number lives here
only as long as one request: what is kept of it is network and last four digits.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_SEPARATORS = re.compile(r"[\s\-]")
_EXPIRY = re.compile(r"([0-9]{1,2})\s*/?\s*((?:20)?[0-9]{2})")
_VPA = re.compile(r"[A-Za-z0-9.\-_]{2,255}@[A-Za-z]{2,64}")


@dataclass(frozen=True)
class Failure:
    """The bank, or the payer's app, says no; the words of a payment's `error_...`."""

    reason: str
    description: str
    source: str = "bank"

    @property
    def code(self) -> str:
        return self.reason

    @property
    def message(self) -> str:
        return self.description


@dataclass(frozen=True)
class Unusable:
    """The form cannot be sent on: `field` is the input to look at."""

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class Way:
    """What is left of a card or an address once it has been read."""

    method: str
    network: str = ""
    last4: str = ""
    vpa: str | None = None
    is_challenged: bool = False
    """Whether the payer has to prove to the bank who is paying."""
    comes_late: bool = False
    """Whether the money is authorised at once and captured only later."""


@dataclass(frozen=True)
class CardEntry:
    """What the payer typed; never shown in a log or a traceback."""

    number: str
    exp: str
    cvc: str

    def __repr__(self) -> str:
        return "CardEntry(...)"


@dataclass(frozen=True)
class UpiEntry:
    """The payer's address of UPI."""

    vpa: str


DECLINED = Failure(
    "payment_failed", "Your payment has been declined by the bank. Try another card."
)
NO_FUNDS = Failure(
    "insufficient_funds", "Your payment could not be completed due to insufficient account balance."
)
EXPIRED = Failure("card_expired", "Your card has expired. Try another card.", "customer")
UNREACHABLE = Failure(
    "gateway_technical_error",
    "Your payment could not be completed due to a temporary technical issue.",
    "gateway",
)
NOT_AUTHENTICATED = Failure(
    "authentication_failed", "Payment processing failed because of incorrect OTP.", "customer"
)
UPI_REFUSED = Failure(
    "payment_declined", "Payment was unsuccessful as you declined it in the UPI app.", "customer"
)

_FAILING = {
    "4000000000000002": DECLINED,
    "4000000000009995": NO_FUNDS,
    "4000000000000069": EXPIRED,
    "4000000000000119": UNREACHABLE,
}
_CHALLENGED = "4000002500003155"
_GOOD = {
    "4111111111111111": "Visa",
    "5267318187975449": "MasterCard",
    "4242424242424242": "Visa",
    _CHALLENGED: "Visa",
}
SUCCESS_VPA = "success@razorpay"
FAILURE_VPA = "failure@razorpay"
LATE_VPA = "late@razorpay"


def read_card(entry: CardEntry, now: int) -> tuple[Way, Failure | None] | Unusable:
    """The card and the bank's answer, or why the form cannot be used."""
    number = _SEPARATORS.sub("", entry.number)
    if not number:
        return Unusable("card_number", "incomplete_number", "Enter your card number.")
    if number not in _GOOD and number not in _FAILING:
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
    way = Way(
        "card",
        network=_GOOD.get(number, "Visa"),
        last4=number[-4:],
        is_challenged=number == _CHALLENGED,
    )
    today = datetime.fromtimestamp(now, UTC)
    if (2000 + int(expiry[2]) % 100, int(expiry[1])) < (today.year, today.month):
        return way, EXPIRED
    return way, _FAILING.get(number)


def read_upi(entry: UpiEntry) -> tuple[Way, Failure | None] | Unusable:
    """The address and what its owner's app answers, or why it cannot be used."""
    vpa = entry.vpa.strip().lower()
    if _VPA.fullmatch(vpa) is None:
        return Unusable("vpa", "invalid_vpa", "Enter a UPI address, like name@bank.")
    way = Way("upi", vpa=vpa, comes_late=vpa == LATE_VPA)
    if vpa in (SUCCESS_VPA, LATE_VPA):
        return way, None
    if vpa == FAILURE_VPA:
        return way, UPI_REFUSED
    return Unusable("vpa", "not_a_test_vpa", f"Only test addresses work here: try {SUCCESS_VPA}.")
