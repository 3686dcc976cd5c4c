"""How a customer's try ended, and what is kept of what they typed."""

from dataclasses import dataclass
from typing import Literal

from app.sandbox.books import JsonObject
from app.sandbox.stripe import cards, debits
from app.sandbox.stripe.objects.method import payment_method
from app.sandbox.stripe.workbench import Workbench

State = Literal[
    "paid",
    "saved",
    "processing",
    "requires_action",
    "declined",
    "unusable",
    "already_complete",
    "expired",
    "nothing_to_prove",
]


@dataclass(frozen=True)
class Payer:
    """What the payer gives besides the card."""

    name: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How a try to pay ended; `problem` says why where it did not succeed."""

    state: State
    problem: cards.Decline | cards.Unusable | None = None


def new_method(
    bench: Workbench, account: str, way: cards.Card | debits.Debit, payer: Payer
) -> JsonObject:
    """What is kept of what the payer typed."""
    method = payment_method(
        id=bench.new_id("payment_method", "pm_1", 23),
        created=bench.now(),
        way=way,
        name=payer.name,
        email=payer.email,
    )
    bench.add(account, "payment_method", method)
    return method
