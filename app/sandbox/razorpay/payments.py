"""What happens when a customer pays: one judge for the page, the control API and tests.

Everything is decided in the caller's transaction and only while the link is open, so that a second
tap finds the first one's result instead of charging again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.sandbox.books import JsonObject, Record
from app.sandbox.razorpay import charges, links, qr_codes, refunds, subscriptions
from app.sandbox.razorpay.errors import bad_request, not_allowed
from app.sandbox.razorpay.parameters import Capture, read
from app.sandbox.razorpay.ways import (
    NOT_AUTHENTICATED,
    CardEntry,
    Failure,
    Unusable,
    UpiEntry,
    Way,
    read_card,
    read_upi,
)
from app.sandbox.razorpay.workbench import Call, Workbench

State = Literal[
    "paid",
    "processing",
    "requires_action",
    "declined",
    "unusable",
    "already_complete",
    "expired",
    "cancelled",
    "nothing_to_prove",
]
LATE_AFTER_S = 10
"""How long a payment that comes late stays authorised only."""


@dataclass(frozen=True)
class Oddity:
    """A payment as it ought not to be; `force` pays what takes no payment any more."""

    amount: int | None = None
    currency: str | None = None
    force: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a try to pay ended; `problem` says why where it did not succeed."""

    state: State
    problem: Failure | Unusable | None = None
    payment: Record | None = None


AS_IT_OUGHT = Oddity()


def pay(
    bench: Workbench,
    session: Record,
    way: CardEntry | UpiEntry,
    *,
    email: str | None = None,
    odd: Oddity = AS_IT_OUGHT,
    delayed: bool = False,
) -> Outcome:
    """Try to pay an open link, QR code or subscription; the caller commits.

    `delayed` leaves the payment authorised, which nobody sees on the link, until it is settled.
    """
    if not odd.force and (over := _over(session)):
        return over
    verdict = read_upi(way) if isinstance(way, UpiEntry) else read_card(way, bench.now())
    if isinstance(verdict, Unusable):
        return Outcome("unusable", verdict)
    read_way, failure = verdict
    payment = _begun(bench, session, read_way, email, odd)
    if failure is not None:
        charges.fail(bench, payment, failure)
        return Outcome("declined", failure, payment)
    if read_way.is_challenged and session.kind == links.KIND:
        session.private["challenged"] = payment.id
        bench.books.save(session)
        return Outcome("requires_action", payment=payment)
    if delayed:
        charges.authorize(bench, payment)
        return Outcome("processing", payment=payment)
    if read_way.comes_late:
        charges.authorize(bench, payment, settles_as="captured", after_s=LATE_AFTER_S)
        return Outcome("processing", payment=payment)
    charges.authorize(bench, payment)
    take(bench, payment, session)
    return Outcome("paid", payment=payment)


def take(bench: Workbench, payment: Record, session: Record | None = None) -> None:
    """Capture an authorised payment, and note it on what it pays; the caller commits.

    `session` is what it pays, where the caller has that in hand.
    """
    charges.capture(bench, payment)
    if session is None:
        session = bench.books.get(payment.private["session_kind"], payment.private["session"])
    if session is not None:
        _PAID[session.kind](bench, session, payment)


def capture(bench: Workbench, call: Call) -> JsonObject:
    """`POST /v1/payments/{id}/capture`: take what the bank has promised, all of it."""
    asked = read(Capture, call.params)
    payment = bench.need(call.account, charges.KIND, call.id)
    if payment.body["status"] == "captured":
        raise not_allowed("This payment has already been captured")
    if payment.body["status"] != "authorized":
        raise not_allowed(
            "Only payments which have been authorized and not yet captured can be captured"
        )
    if asked.amount != payment.body["amount"]:
        raise bad_request("Capture amount must be equal to the amount authorized", "amount")
    if asked.currency != payment.body["currency"]:
        raise bad_request("The payment's currency is another.", "currency")
    take(bench, payment)
    return payment.body


def challenged(bench: Workbench, link: Record) -> Record | None:
    """The payment for which the payer is asked for a proof just now."""
    payment = bench.books.get(charges.KIND, link.private.get("challenged") or "")
    return payment if payment is not None and payment.body["status"] == "created" else None


def authenticate(bench: Workbench, link: Record, *, succeeded: bool) -> Outcome:
    """Let the payer prove to the bank who is paying, or fail to; the caller commits."""
    payment = challenged(bench, link)
    if payment is None:
        return Outcome("nothing_to_prove")
    if over := _over(link):
        return over
    link.private["challenged"] = None
    bench.books.save(link)
    if not succeeded:
        charges.fail(bench, payment, NOT_AUTHENTICATED)
        return Outcome("declined", NOT_AUTHENTICATED, payment)
    charges.authorize(bench, payment)
    take(bench, payment, link)
    return Outcome("paid", payment=payment)


def waiting(bench: Workbench, session: Record) -> Record | None:
    """The newest payment that is authorised and not captured."""
    tries = charges.of_session(bench, session)
    return next((p for p in reversed(tries) if p.body["status"] == "authorized"), None)


def settle(bench: Workbench, session: Record, *, succeeded: bool) -> bool:
    """Capture what waits, or give it back; the caller commits. False where nothing waits.

    Where the last try failed, it turns out to have been authorised after all.
    """
    payment = waiting(bench, session)
    if payment is None and succeeded:
        payment = _authorized_late(bench, session)
    if payment is None:
        return False
    if succeeded:
        take(bench, payment, session)
    else:
        refunds.return_uncaptured(bench, payment)
    return True


def _authorized_late(bench: Workbench, session: Record) -> Record | None:
    tries = charges.of_session(bench, session)
    if not tries or tries[-1].body["status"] != "failed":
        return None
    charges.authorize(bench, tries[-1])
    return tries[-1]


def settle_due(bench: Workbench) -> bool:
    """Capture what comes late, give back what nobody captured; in a transaction of its own."""
    due = bench.due(charges.KIND, "settles_at")
    if not due:
        return False
    with bench.books.transaction():
        for payment in due:
            if payment.private["settles_as"] == "captured":
                take(bench, payment)
            else:
                refunds.return_uncaptured(bench, payment)
    return True


def _over(session: Record) -> Outcome | None:
    states: Mapping[str, State] = {
        "paid": "already_complete",
        "expired": "expired",
        "cancelled": "cancelled",
    }
    status = session.body["status"]
    if session.kind == qr_codes.KIND:
        if status == "active":
            return None
        return Outcome("already_complete" if session.body["close_reason"] == "paid" else "expired")
    if session.kind == subscriptions.KIND:
        return _subscription_over(status)
    return Outcome(states[status]) if status in states else None


def _subscription_over(status: str) -> Outcome | None:
    """Say why a subscription's page takes no payment: it takes the first one only."""
    if status == "created":
        return None
    ended: Mapping[str, State] = {"expired": "expired", "cancelled": "cancelled"}
    return Outcome(ended.get(status, "already_complete"))


def _begun(bench: Workbench, session: Record, way: Way, email: str | None, odd: Oddity) -> Record:
    if session.kind == qr_codes.KIND:
        return charges.begin(
            bench,
            session,
            way,
            amount=odd.amount or qr_codes.amount_of(session),
            currency=odd.currency or "INR",
            description="QRv2 Payment",
            notes=session.body["notes"],
            email=email,
        )
    if session.kind == subscriptions.KIND:
        return subscriptions.begin_payment(
            bench, session, way, amount=odd.amount, currency=odd.currency, email=email
        )
    link = session.body
    due = link["amount"] - link["amount_paid"]
    order = links.order_of(bench, session)
    return charges.begin(
        bench,
        session,
        way,
        amount=odd.amount or (due if due > 0 else link["amount"]),
        currency=odd.currency or link["currency"],
        description=f"#{session.id.removeprefix('plink_')}",
        email=email or link["customer"].get("email"),
        order=order,
    )


_PAID: Mapping[str, Callable[[Workbench, Record, Record], None]] = {
    links.KIND: links.credit,
    qr_codes.KIND: qr_codes.credit,
    subscriptions.KIND: subscriptions.charged,
}
