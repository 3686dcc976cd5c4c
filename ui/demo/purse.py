"""What the demo's customer pays with, for each kind of account that shows a code.

These are the test numbers, addresses and sources of the simulator's pages; what each of them brings
about is the provider's doing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

GOOD_NUMBER: Final = "4242424242424242"


class Page(StrEnum):
    """What a code leads the customer to: a provider's form, the till's own page, an app's text."""

    FORM = "form"
    OWN = "own"
    APP = "app"


@dataclass(frozen=True, slots=True)
class Means:
    """One thing to pay with: `typed` are a form's fields by name, `chosen` what is picked in it.

    `decline` is the till's code for the refusal, nothing where it is taken or where the till does
    not hear of it.
    """

    name: str
    typed: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)
    decline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """What a customer has for one kind of account; what is None there is none of.

    `challenged` makes the bank ask, and `not_proven` is the till's code where the customer fails
    that. `later` is money that comes after a while, `never` such that does not come after all.
    `expires` says that the provider ends a session by its own clock. `sends_away` says that the
    customer is back at the shop before a refusal comes, and has to scan again; `hides_challenges`
    that the till does not hear of another try before the bank has answered. `currency` is the only
    one that the kind takes, where there is one. `patience_s` is how long a step may take.
    """

    good: Means
    declined: Means
    challenged: Means | None = None
    not_proven: str = ""
    faulty: Means | None = None
    later: Means | None = None
    never: Means | None = None
    page: Page = Page.FORM
    takes_cards: bool = True
    expires: bool = False
    sends_away: bool = False
    hides_challenges: bool = False
    currency: str = ""
    patience_s: float = 15.0

    @property
    def ends(self) -> tuple[str, ...]:
        """Give the names of the ends that a payment can have here, besides the good one."""
        there = {
            "declined": True,
            "challenge": self.challenged,
            "error": self.faulty,
            "late": self.later,
            "late-fail": self.never,
            "expired": self.expires,
            "cancel": True,
            "closed": True,
        }
        return tuple(name for name, is_there in there.items() if is_there)


def card(number: str, *, decline: str = "") -> Means:
    """Give a card of this number."""
    typed = {"card_number": number, "exp": "12/34", "cvc": "123", "name": "Ada Sample"}
    return Means(f"card {number[-4:]}", typed, decline=decline)


def _debit(iban: str) -> Means:
    typed = {"iban": iban, "name": "Ada Sample"}
    return Means("bank debit", typed, {"method": "sepa_debit"})


def _upi(address: str, *, decline: str = "") -> Means:
    return Means(f"UPI, {address}", {"vpa": address}, {"method": "upi"}, decline)


def _funding(name: str, value: str, *, decline: str = "") -> Means:
    return Means(name, chosen={"funding": value}, decline=decline)


_GOOD: Final = card(GOOD_NUMBER)
_CHALLENGED: Final = card("4000002500003155")
_STRIPE: Final = Purse(
    good=_GOOD,
    declined=card("4000000000000002", decline="generic_decline"),
    challenged=_CHALLENGED,
    not_proven="payment_intent_authentication_failure",
    faulty=card("4000000000000119", decline="processing_error"),
)
_STRIPE_PAGES: Final = replace(
    _STRIPE, later=_debit("DE89370400440532013000"), never=_debit("DE62370400440532013001")
)

PURSES: Final[Mapping[str, Purse]] = {
    "stripe_checkout": replace(_STRIPE_PAGES, expires=True),
    "stripe_links": _STRIPE_PAGES,
    "stripe_elements": replace(_STRIPE, page=Page.OWN),
    "paypal": Purse(
        good=_funding("PayPal balance", "balance"),
        declined=_funding("Visa 0002", "declines", decline="instrument_declined"),
        challenged=_funding("Visa 3155", "challenged"),
        not_proven="instrument_declined",
        later=_funding("bank account", "echeck"),
        never=_funding("new card", "review"),
        takes_cards=False,
        sends_away=True,
        # An approval that was mended leaves no trace: it is tried again after half a minute.
        patience_s=45.0,
    ),
    "square": Purse(
        good=_GOOD,
        declined=card("4000000000000002", decline="GENERIC_DECLINE"),
        challenged=_CHALLENGED,
        not_proven="CARD_DECLINED_VERIFICATION_REQUIRED",
        faulty=card("4000000000000119", decline="TEMPORARY_ERROR"),
        hides_challenges=True,
    ),
    "razorpay": Purse(
        good=_GOOD,
        declined=card("4000000000000002", decline="payment_failed"),
        challenged=_CHALLENGED,
        not_proven="authentication_failed",
        faulty=card("4000000000000119", decline="gateway_technical_error"),
        later=_upi("late@razorpay"),
        expires=True,
    ),
    "razorpay_upi": Purse(
        good=_upi("success@razorpay"),
        declined=_upi("failure@razorpay"),
        page=Page.APP,
        takes_cards=False,
        expires=True,
        currency="INR",
    ),
}
"""What is paid with, by the kind of account; where the operator takes the money there is none."""
