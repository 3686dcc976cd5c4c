"""Payments as they ought not to be: another sum, another currency, too late, a second time.

They happen in life by races and by people; here they are asked for. Session, payment intent and
charge all say the same, so that notices and polling tell the same story.
"""

from dataclasses import dataclass

from app.sandbox.books import JsonObject, Record
from app.sandbox.control_request import Refused, flag, whole_or_none
from app.sandbox.stripe import cards, debits, payments
from app.sandbox.stripe.currencies import LARGEST, SUPPORTED
from app.sandbox.stripe.outcomes import Outcome, Payer
from app.sandbox.stripe.workbench import Workbench


@dataclass(frozen=True)
class Oddity:
    """What is different; `force` pays a session that takes no payment any more.

    An expired one is then paid late, a complete one a second time.
    """

    amount: int | None = None
    currency: str | None = None
    livemode: bool = False
    force: bool = False


def read(order: JsonObject) -> Oddity:
    """The odd part of an order to pay; raises `Refused`."""
    currency = order.get("currency")
    if currency not in (None, *SUPPORTED):
        raise Refused("currency must be a code that Stripe supports, in lower case")
    return Oddity(
        amount=whole_or_none(order, "amount_minor", 1, LARGEST),
        currency=currency,
        livemode=flag(order, "livemode"),
        force=flag(order, "force"),
    )


def pay(
    bench: Workbench,
    session: Record,
    way: cards.Entry | debits.Mandate,
    payer: Payer,
    odd: Oddity,
    *,
    delayed: bool = False,
) -> Outcome:
    """Try to pay that way; a try that brings nothing leaves the session as it was.

    The caller commits, or rolls back what is raised.
    """
    if odd == Oddity() or (session.body["status"] != "open" and not odd.force):
        return payments.pay(bench, session, way, payer, delayed=delayed)
    if session.body["status"] == "complete":
        _check_second(session, way, delayed=delayed)
    body, intent = dict(session.body), session.private["payment_intent"]
    session.private["payment_intent"] = None
    session.body.update(
        status="open",
        amount_total=odd.amount or body["amount_total"],
        amount_subtotal=odd.amount or body["amount_subtotal"],
        currency=odd.currency or body["currency"],
        livemode=odd.livemode or body["livemode"],
    )
    outcome = payments.pay(bench, session, way, payer, delayed=delayed)
    if outcome.state == "requires_action":
        raise Refused("pay with a card that asks for no proof")
    if outcome.state not in ("paid", "processing"):
        session.body, session.private["payment_intent"] = body, intent
        bench.books.save(session)
    return outcome


def _check_second(session: Record, way: cards.Entry | debits.Mandate, *, delayed: bool) -> None:
    """Leave the first payment true: the second has to arrive at once, and begin nothing else."""
    if delayed or isinstance(way, debits.Mandate) or session.body["payment_status"] != "paid":
        raise Refused("a second payment is made by a card, at once, for a session that was paid")
    if session.body["mode"] != "payment":
        raise Refused("a second payment is for sessions of mode payment")
