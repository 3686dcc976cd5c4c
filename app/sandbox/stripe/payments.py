"""What happens when a customer pays: one judge for the page, the control API and tests.

Everything is decided in the caller's transaction and only while the session is open, so that
a second tap finds the first one's result instead of charging again.
"""

from dataclasses import dataclass
from typing import Literal

from app.sandbox.books import JsonObject, Record
from app.sandbox.stripe import cards, events, subscriptions
from app.sandbox.stripe.currencies import decimals
from app.sandbox.stripe.objects import payment
from app.sandbox.stripe.objects.refund import balance_transaction
from app.sandbox.stripe.objects.session import customer_details
from app.sandbox.stripe.objects.subscription import customer
from app.sandbox.stripe.parameters import EXPAND, LISTING, Span, Text, check_all
from app.sandbox.stripe.presentation import listed_page, presented
from app.sandbox.stripe.workbench import Call, Cause, Workbench

State = Literal["paid", "processing", "declined", "unusable", "already_complete", "expired"]

_NOBODY = Cause()


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


def retrieve_intent(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND, "client_secret": Text(500)})
    return presented(bench, bench.need(call.account, "payment_intent", call.id, "intent"))


def list_intents(bench: Workbench, call: Call) -> JsonObject:
    params = check_all(call.form, {**LISTING, "created": Span(), "customer": Text(200)})
    return listed_page(bench, call, "payment_intent", params, equal=("customer",))


def retrieve_charge(bench: Workbench, call: Call) -> JsonObject:
    check_all(call.form, {"expand": EXPAND})
    return presented(bench, bench.need(call.account, "charge", call.id, "id"))


def pay(
    bench: Workbench,
    session: Record,
    entry: cards.Entry,
    payer: Payer,
    *,
    delayed: bool = False,
) -> Outcome:
    """Try to pay an open session with a card; the caller commits.

    `delayed` completes the session without money, as methods do that take days.
    """
    if session.body["status"] == "complete":
        return Outcome("already_complete")
    if session.body["status"] == "expired":
        return Outcome("expired")
    if session.body["amount_total"] == 0:
        _complete(bench, session, payer, "no_payment_required")
        return Outcome("paid")
    verdict = cards.read(entry, bench.now())
    if isinstance(verdict, cards.Unusable):
        return Outcome("unusable", verdict)
    card, decline = verdict
    intent = _intent(bench, session)
    method = payment.payment_method(
        id=bench.new_id("payment_method", "pm_1", 23),
        created=bench.now(),
        card=card,
        name=payer.name,
        email=payer.email,
    )
    bench.add(session.account, "payment_method", method)
    charge = _charge(bench, intent, method, card)
    if decline is not None:
        _decline(bench, intent, charge, method, decline)
        return Outcome("declined", decline)
    intent.body.update(
        payment_method=method["id"], latest_charge=charge.id, last_payment_error=None
    )
    if delayed:
        intent.body["status"] = "processing"
        bench.books.save(intent)
        events.record(bench, "charge.pending", charge, _NOBODY)
        events.record(bench, "payment_intent.processing", intent, _NOBODY)
        _complete(bench, session, payer, "unpaid", intent)
        return Outcome("processing")
    _capture(bench, intent, charge)
    _complete(bench, session, payer, "paid", intent)
    return Outcome("paid")


def settle_delayed(bench: Workbench, session: Record, *, succeeded: bool) -> bool:
    """Let the money of a complete but unpaid session arrive, or fail; the caller commits.

    False where nothing is being processed.
    """
    intent = bench.books.get("payment_intent", session.private["payment_intent"] or "")
    if intent is None or intent.body["status"] != "processing":
        return False
    charge = bench.need(session.account, "charge", intent.body["latest_charge"], "charge")
    if succeeded:
        _capture(bench, intent, charge)
        session.body["payment_status"] = "paid"
        bench.books.save(session)
        events.record(bench, "checkout.session.async_payment_succeeded", session, _NOBODY)
        return True
    method = bench.need(session.account, "payment_method", intent.body["payment_method"], "id")
    _decline(bench, intent, charge, method.body, cards.GENERIC_DECLINE)
    events.record(bench, "checkout.session.async_payment_failed", session, _NOBODY)
    return True


def _intent(bench: Workbench, session: Record) -> Record:
    """The session's payment intent, created when the payer first tries."""
    known = session.private["payment_intent"]
    if known is not None:
        return bench.need(session.account, "payment_intent", known, "intent")
    in_payment_mode = session.body["mode"] == "payment"
    id = bench.new_id("payment_intent", "pi_3", 23)
    intent = bench.add(
        session.account,
        "payment_intent",
        payment.payment_intent(
            id=id,
            secret=bench.ids(f"{id}_secret_", 25),
            created=bench.now(),
            amount=session.body["amount_total"],
            currency=session.body["currency"],
            data=session.private["data"] if in_payment_mode else {},
        ),
        {"session": session.id},
    )
    session.private["payment_intent"] = id
    if in_payment_mode:
        session.body["payment_intent"] = id
    bench.books.save(session)
    events.record(bench, "payment_intent.created", intent, _NOBODY)
    return intent


def _charge(bench: Workbench, intent: Record, method: JsonObject, card: cards.Card) -> Record:
    body = payment.charge(
        id=bench.new_id("charge", "ch_3", 23),
        created=bench.now(),
        intent=intent.body,
        method=method,
        transaction=None,
    )
    private = {"refunds": card.refunds, "session": intent.private["session"]}
    return bench.add(intent.account, "charge", body, private)


def _capture(bench: Workbench, intent: Record, charge: Record) -> None:
    amount, currency = charge.body["amount"], charge.body["currency"]
    transaction = balance_transaction(
        id=bench.new_id("balance_transaction", "txn_3", 23),
        created=bench.now(),
        amount=amount,
        fee=_fee(amount, currency),
        currency=currency,
        source=charge.id,
        type="charge",
    )
    bench.add(charge.account, "balance_transaction", transaction)
    payment.approve(charge.body)
    charge.body["balance_transaction"] = transaction["id"]
    intent.body.update(status="succeeded", amount_received=amount)
    bench.books.save(charge)
    bench.books.save(intent)
    events.record(bench, "charge.succeeded", charge, _NOBODY)
    events.record(bench, "payment_intent.succeeded", intent, _NOBODY)


def _decline(
    bench: Workbench, intent: Record, charge: Record, method: JsonObject, why: cards.Decline
) -> None:
    payment.decline(charge.body, code=why.code, decline_code=why.decline_code, message=why.message)
    intent.body.update(
        status="requires_payment_method",
        payment_method=None,
        latest_charge=charge.id,
        last_payment_error=payment.payment_error(
            charge=charge.id,
            code=why.code,
            decline_code=why.decline_code,
            message=why.message,
            method=method,
        ),
    )
    bench.books.save(charge)
    bench.books.save(intent)
    events.record(bench, "charge.failed", charge, _NOBODY)
    events.record(bench, "payment_intent.payment_failed", intent, _NOBODY)


def _complete(
    bench: Workbench,
    session: Record,
    payer: Payer,
    payment_status: str,
    intent: Record | None = None,
) -> None:
    email = payer.email or session.body["customer_email"]
    session.body.update(
        status="complete",
        payment_status=payment_status,
        customer_details=customer_details(email, payer.name),
    )
    subscribing = session.body["mode"] == "subscription"
    if subscribing or session.body["customer_creation"] == "always":
        body = customer(
            id=bench.new_id("customer", "cus_", 14),
            created=bench.now(),
            email=email,
            name=payer.name,
        )
        patron = bench.add(session.account, "customer", body)
        session.body["customer"] = patron.id
        if intent is not None:
            intent.body["customer"] = patron.id
            bench.books.save(intent)
        if subscribing:
            subscriptions.begin(bench, session, patron, intent)
    bench.books.save(session)
    events.record(bench, "checkout.session.completed", session, _NOBODY)


def _fee(amount: int, currency: str) -> int:
    """Illustrative, as real fees depend on the contract: 2.9 % and 30 cents."""
    return min(amount, (amount * 29 + 500) // 1000 + (30 if decimals(currency) == 2 else 0))
