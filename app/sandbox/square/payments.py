"""What happens when a customer pays a link: one judge for the page, the control API and tests.

Everything is decided in the caller's transaction and only while the order waits to be paid, so
that a second tap finds the first one's result instead of charging again.
"""

from dataclasses import dataclass
from typing import Any, Literal

from app.sandbox.bench import Cause
from app.sandbox.books import JsonObject, Record
from app.sandbox.square import (
    cards,
    events,
    fees,
    orders,
    payment_body,
    subscribers,
    subscriptions,
)
from app.sandbox.square.errors import Problem
from app.sandbox.square.workbench import PAYMENT, Workbench

State = Literal[
    "paid",
    "processing",
    "requires_action",
    "declined",
    "unusable",
    "already_complete",
    "expired",
    "nothing_to_prove",
]


@dataclass(frozen=True)
class Odd:
    """What is different from what it ought to be; `force` pays what takes no payment any more.

    A deleted link is then paid late, a paid one a second time.
    """

    amount: int | None = None
    currency: str | None = None
    force: bool = False


@dataclass(frozen=True)
class Payer:
    """What the payer said of themselves."""

    name: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How a try to pay ended; `problem` says why where it did not succeed."""

    state: State
    problem: Problem | cards.Unusable | None = None


STRAIGHT = Odd()


def pay(
    bench: Workbench,
    link: Record,
    entry: cards.Entry,
    payer: Payer,
    *,
    delayed: Literal["APPROVED", "PENDING"] | None = None,
    odd: Odd = STRAIGHT,
) -> Outcome:
    """Try to pay a link; the caller commits.

    `delayed` leaves the money on its way: APPROVED by the card's bank and not captured, or PENDING
    from a bank account.
    """
    if not odd.force and (over := _over(subscribers.order_of(bench, link))):
        return over
    card: cards.Card | None = None
    if delayed != "PENDING":
        verdict = cards.read(entry, bench.now())
        if isinstance(verdict, cards.Unusable):
            return Outcome("unusable", verdict)
        card, problem = verdict
        if problem is not None:
            order = subscribers.order_to_pay(bench, link)
            _new(bench, link, order, card, payer, "FAILED", odd, problem)
            return Outcome("declined", problem)
        if card.is_challenged and not odd.force:
            link.private["challenge"] = {**vars(card), "name": payer.name, "email": payer.email}
            bench.books.save(link)
            return Outcome("requires_action")
    order = subscribers.order_to_pay(bench, link)
    if delayed is not None:
        payment = _new(bench, link, order, card, payer, delayed, odd)
        _attach(bench, order, payment)
        return Outcome("processing")
    _take(bench, link, order, card, payer, odd)
    return Outcome("paid")


def challenged(link: Record) -> JsonObject | None:
    """The card whose holder is asked for a proof just now; None where nobody is."""
    found: JsonObject | None = link.private["challenge"]
    return found


def authenticate(bench: Workbench, link: Record, *, succeeded: bool) -> Outcome:
    """Let the payer prove to the bank who is paying, or fail to; the caller commits."""
    if over := _over(subscribers.order_of(bench, link)):
        return over
    asked = challenged(link)
    if asked is None:
        return Outcome("nothing_to_prove")
    payer = Payer(asked.pop("name"), asked.pop("email"))
    card = cards.Card(**asked)
    link.private["challenge"] = None
    bench.books.save(link)
    order = subscribers.order_to_pay(bench, link)
    if not succeeded:
        _new(bench, link, order, card, payer, "FAILED", STRAIGHT, cards.NOT_PROVEN)
        return Outcome("declined", cards.NOT_PROVEN)
    _take(bench, link, order, card, payer, STRAIGHT)
    return Outcome("paid")


def under_way(bench: Workbench, order: Record) -> Record | None:
    """The payment of an order whose money is still to come."""
    for tender in order.body.get("tenders", []):
        payment = bench.known(PAYMENT, tender["payment_id"])
        if payment.body["status"] in ("APPROVED", "PENDING"):
            return payment
    return None


def settle(bench: Workbench, link: Record, *, succeeded: bool) -> bool:
    """Let money that is on its way arrive, or fail; False where none is. The caller commits."""
    order = subscribers.order_of(bench, link)
    payment = under_way(bench, order)
    if payment is None:
        return False
    now, is_card = bench.stamp(), "card_details" in payment.body
    if succeeded:
        payment_body.captured(payment.body, now)
        change(bench, payment, status="COMPLETED")
        _complete(bench, link, order, payment)
        return True
    problem = cards.DECLINED if is_card else cards.BANK_SAID_NO
    payment_body.failed(payment.body, problem)
    change(bench, payment, status="FAILED")
    rest = [each for each in order.body["tenders"] if each["id"] != payment.id]
    orders.change(bench, order, Cause(), tenders=rest, state="OPEN" if rest else "DRAFT")
    return True


def change(bench: Workbench, payment: Record, **changes: Any) -> None:
    """Write a new state of a payment, and tell of it; the caller commits."""
    payment.body.update(changes, updated_at=bench.stamp(), version_token=bench.ids("", 45))
    payment_body.with_receipt(payment.body)
    bench.books.save(payment)
    tell(bench, payment, "payment.updated")


def tell(bench: Workbench, payment: Record, type: str) -> None:
    """Tell of a payment as it is now; the caller commits."""
    about = events.About("payment", payment.id, "payment", payment.body)
    events.record(bench, payment.account, type, about, Cause())


def _over(order: Record) -> Outcome | None:
    if order.body["state"] == "CANCELED":
        return Outcome("expired")
    return None if order.body["state"] == "DRAFT" else Outcome("already_complete")


def _take(
    bench: Workbench,
    link: Record,
    order: Record,
    card: cards.Card | None,
    payer: Payer,
    odd: Odd,
) -> None:
    """Take the money at once: approved, told, then completed."""
    payment = _new(bench, link, order, card, payer, "APPROVED", odd)
    payment_body.captured(payment.body, bench.stamp())
    change(bench, payment, status="COMPLETED")
    _complete(bench, link, order, payment)


def _new(
    bench: Workbench,
    link: Record,
    order: Record,
    card: cards.Card | None,
    payer: Payer,
    status: str,
    odd: Odd,
    problem: Problem | None = None,
) -> Record:
    if challenged(link) is not None:
        link.private["challenge"] = None
        bench.books.save(link)
    due = odd.amount or order.body["total_money"]["amount"]
    amount = payment_body.amount_of(due, order, odd.currency)
    body = payment_body.payment(bench, order, amount, card, status, problem)
    email = payer.email or link.body.get("pre_populated_data", {}).get("buyer_email")
    for name, value in (("buyer_email_address", email), ("note", link.body.get("payment_note"))):
        if value:
            body[name] = value
    if payer.name and "card_details" in body:
        body["card_details"]["card"]["cardholder_name"] = payer.name[:96]
    if problem is None:
        subscribers.enrol(bench, link, body)
    reference = link.body.get("payment_note")
    private = {"link": link.id, "refunding": 0, "fee_at": None, "reference": reference}
    payment = bench.keep(order.account, PAYMENT, body["id"], body, private)
    tell(bench, payment, "payment.created")
    return payment


def _attach(bench: Workbench, order: Record, payment: Record) -> None:
    """Let the order name a payment, and say what is still due; it is paid when nothing is."""
    tenders = [each for each in order.body.get("tenders", []) if each["id"] != payment.id]
    tenders.append(payment_body.tender(payment.body))
    paid = sum(
        each["amount_money"]["amount"]
        for each in tenders
        if bench.known(PAYMENT, each["id"]).body["status"] == "COMPLETED"
    )
    total = order.body["total_money"]
    due = {**total, "amount": max(0, total["amount"] - paid)}
    orders.change(bench, order, Cause(), tenders=tenders, state="OPEN", net_amount_due_money=due)


def _complete(bench: Workbench, link: Record, order: Record, payment: Record) -> None:
    fees.schedule(bench, payment)
    _attach(bench, order, payment)
    subscriptions.begin(bench, link, order, payment)
