"""What the operator says of a payment that nobody can be asked about: cash, a machine apart.

Of these the operator's word is all there is, and it is kept with what was handed over.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.domain.money import Money
from app.errors import CheckoutRefused, Message, MoneyMoved

CASH: Final = "cash"
TERMINAL: Final = "terminal"
BY_HAND: Final = frozenset({CASH, TERMINAL})
"""The providers of which there is nobody to be asked."""

CONFIRMED: Final = "attempt.confirmed"
"""The journal's name of the operator's word."""

MAX_REFERENCE: Final = 40
_CARD: Final = re.compile(r"[2-6][0-9]{12,18}")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The operator's word on one payment: `amount` of its order was taken.

    `due` is what was to be handed over for that, in cash after rounding; `received` is what was,
    and `change` what went back of it. `reference` is the machine's own, empty for cash.
    """

    payment_id: str
    by: str
    at: datetime
    amount: Money
    due: Money
    received: Money
    reference: str = ""

    @property
    def rounding(self) -> Money:
        """Give what was taken above the amount, or below it (then negative)."""
        return self.due - self.amount

    @property
    def change(self) -> Money:
        """Give what the customer was handed back."""
        return self.received - self.due

    def to_data(self) -> dict[str, Any]:
        """Give it as the journal keeps it."""
        return {
            "payment": self.payment_id,
            "by": self.by,
            "currency": self.amount.currency,
            "amount_minor": self.amount.minor,
            "due_minor": self.due.minor,
            "received_minor": self.received.minor,
            "change_minor": self.change.minor,
            "reference": self.reference,
        }

    @classmethod
    def from_data(cls, at: datetime, data: dict[str, Any]) -> "Confirmation":
        """Read back what `to_data` gave."""

        def money(what: str) -> Money:
            return Money(data[f"{what}_minor"], data["currency"])

        return cls(
            payment_id=data["payment"],
            by=data["by"],
            at=at,
            amount=money("amount"),
            due=money("due"),
            received=money("received"),
            reference=data["reference"],
        )


def checked_received(due: Money, received: Money | None) -> Money:
    """Give what was handed over in cash. Raises CheckoutRefused where it does not suffice."""
    if received is None:
        raise CheckoutRefused(
            Message("It is not said how much cash was received"),
            action=Message("Type in what the customer gave."),
        )
    if received.currency != due.currency:
        raise CheckoutRefused(
            Message("The amount to be paid is in {currency}", currency=due.currency),
            action=Message("Take that currency, or another way of payment."),
        )
    if received < due:
        raise CheckoutRefused(
            Message("{amount} is still missing", amount=due - received),
            Message("{due} is to be paid.", due=due),
            action=Message("Take the rest, or give the money back and take another way."),
        )
    return received


def checked_reference(text: str) -> str:
    """Give a machine's reference as it is kept: without what two people would type differently.

    Raises CheckoutRefused where there is none, or where it may be a card's number.
    """
    reference = " ".join(text.split()).upper()
    if not reference:
        raise CheckoutRefused(
            Message("The card machine's reference is missing"),
            Message("It stands on the machine's slip."),
            money=MoneyMoved.UNKNOWN,
            action=Message("Type it in. If the machine took no money, cancel the payment."),
        )
    if len(reference) > MAX_REFERENCE or not reference.isprintable():
        raise CheckoutRefused(
            Message("This is no reference of a card machine"),
            Message("It has {count} characters at most.", count=MAX_REFERENCE),
            money=MoneyMoved.UNKNOWN,
            action=Message("Type in what stands on the machine's slip."),
        )
    if _may_be_card(reference):
        raise CheckoutRefused(
            Message("This looks like a card's number, which is never kept"),
            money=MoneyMoved.UNKNOWN,
            action=Message("Type in the reference or the receipt number of the machine's slip."),
        )
    return reference


def _may_be_card(text: str) -> bool:
    """Say whether a text may be a card's number, by its length, beginning and check digit."""
    digits = re.sub(r"[ .-]", "", text)
    if _CARD.fullmatch(digits) is None:
        return False
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0
